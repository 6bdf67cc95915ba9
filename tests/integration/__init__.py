"""Tests on loopback sockets, real mpv and real databases."""
