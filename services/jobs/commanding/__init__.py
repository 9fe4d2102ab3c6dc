"""What callers may tell jobs and queues to do, one command a module."""
