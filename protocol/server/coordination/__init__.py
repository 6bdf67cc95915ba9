"""Coordination: what the server does by itself, by time."""
