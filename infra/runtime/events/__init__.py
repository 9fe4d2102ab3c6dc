"""Events in and out: the bus and what becomes of its messages, the relay, and the live end of a log."""
