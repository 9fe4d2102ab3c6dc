"""What was found on pages, and what it was found to be."""
