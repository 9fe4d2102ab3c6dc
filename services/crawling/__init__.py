"""Crawls: from a trigger to a proven result."""
