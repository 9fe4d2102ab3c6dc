"""Jobs that come again and again."""
