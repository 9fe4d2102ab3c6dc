"""The language everybody speaks: facts, failures, rows. Imports nothing of ours."""
