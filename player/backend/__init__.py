"""Backends: the player port and what implements it."""
