"""Faces of lines."""
