"""Listening: sockets, admission, addresses, TLS."""
