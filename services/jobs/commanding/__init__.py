"""What callers may tell jobs and queues to do; and the dead letters, with what may be done about them."""
