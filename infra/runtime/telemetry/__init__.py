"""What is told of a process's work: logs, spans, metrics; never a credential."""
