"""Everything that knows machines, nothing that knows crawls."""
