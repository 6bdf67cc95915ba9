"""Child processes: the seat and the host's server."""
