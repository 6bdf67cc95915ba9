"""Moment: an instant on the server's clock, with the wall clock beside it."""

from __future__ import annotations

from typing import NamedTuple


class Moment(NamedTuple):
    """Now, on the two clocks that matter."""

    instant: float
    """Seconds on the server's clock: every rule uses this one."""
    unix_ms: int
    """Wall clock: for people, and for what must expire after a restart."""
