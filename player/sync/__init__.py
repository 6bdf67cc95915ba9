"""Synchronisation of a player with the timeline."""
