"""Capacity: how many connections the server's rim takes, lets wait and writes to at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capacity:
    """Capacity: sizes of the rim; what one member or address may do is in `Limits`."""

    connections: int | None = None
    """Connections at the same time; None for as many as the process may have descriptors for."""
    queue: int = 4096
    """Connections in the admission queue."""
    queue_each: int = 50
    """Of one address in the admission queue."""
    parallel_from: int = 200
    """Sockets from which on two threads write a frame: for fewer the second one would be awake too
    late to be of use."""
