"""One folder a context, owning it whole."""
