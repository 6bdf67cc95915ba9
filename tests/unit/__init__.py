"""One rule at a time: no loop, no sleep, no I/O."""
