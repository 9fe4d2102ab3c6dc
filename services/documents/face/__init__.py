"""The HTTP face of the documents context, by subject."""
