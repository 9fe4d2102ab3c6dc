"""Facts for other teams: list, stream, push."""
