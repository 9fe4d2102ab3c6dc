"""The routes of jobs, one subject a module: each has ``routes(runtime)``, and ``main`` puts them together."""
