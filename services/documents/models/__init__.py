"""Models that say what a page is about, one a file."""
