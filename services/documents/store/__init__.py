"""The SQL of the documents context."""
