"""Log of a stream: the decider and its records."""
