"""Client core: a member's side of the protocol, without I/O."""
