"""The pipeline: one queue-triggered entry point a file."""
