"""Chromium as a tool: found where it is, started behind a proxy, replaced when it crashes or hangs."""
