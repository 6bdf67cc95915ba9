"""The rules of a watch party, pure: no I/O, no clock, no randomness; time is an argument."""
