"""Rooms: the edge of a stream: its members on this node, and what they are told."""
