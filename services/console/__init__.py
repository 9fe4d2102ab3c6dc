"""The human faces."""
