"""Data sources: where from something comes, when, and what became of it."""
