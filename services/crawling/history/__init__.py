"""Where crawls go that ended long ago."""
