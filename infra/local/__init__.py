"""The stack on one machine, its demo and simulators."""
