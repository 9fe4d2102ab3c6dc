"""Watching the engine: what is counted, what waits, who works."""
