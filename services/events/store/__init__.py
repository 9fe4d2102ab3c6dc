"""The context's SQL."""
