"""One past-tense fact a module."""
