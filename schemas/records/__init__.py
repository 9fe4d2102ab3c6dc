"""One warehouse row a module."""
