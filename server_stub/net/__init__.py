"""Network side of the server."""
