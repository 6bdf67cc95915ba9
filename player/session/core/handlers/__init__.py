"""Handlers: for each kind of input, what a seat does about it."""
