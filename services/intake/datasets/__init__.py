"""Rows that came of files: shown, described, exported, removed."""
