"""Alerts: what counts as wrong, when it is said, and who is told."""
