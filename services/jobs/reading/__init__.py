"""What callers may ask about jobs."""
