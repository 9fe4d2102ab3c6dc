"""Where jobs go that ended long ago."""
