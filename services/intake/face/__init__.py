"""The routes of intake, one subject a module."""
