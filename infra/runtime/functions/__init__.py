"""Functions: what sets them off, and how they run in the stack and as they deploy."""
