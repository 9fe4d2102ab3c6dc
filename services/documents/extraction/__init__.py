"""Documents made of the records of a stored result."""
