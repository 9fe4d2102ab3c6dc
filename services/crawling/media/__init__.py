"""Media that records link to."""
