"""Where events go that were told long ago."""
