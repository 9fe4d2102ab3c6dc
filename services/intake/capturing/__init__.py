"""Captures: what a page looked like, its HTML and its text, taken by a browser that can do no harm."""
