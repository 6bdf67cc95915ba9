"""Server core: the server's side of the protocol, without I/O."""
