"""Stand-ins for paid services."""
