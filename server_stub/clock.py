"""The server's clock: monotonic, and one scale over restarts.

Timelines are kept with instants on this clock, so a film that plays while the server is
away is at the right place when it comes back.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from protocol.server_log import Moment

MAX_CLOCK_JUMP: Final = 3600.0
"""Seconds of the wall clock against the monotonic one; beyond, nothing old is deleted."""


_PROCESS: Final = uuid4().hex
"""Stands for the boot where that has no name."""


class Reading(NamedTuple):
    """One look at the machine's clocks, in seconds."""

    boot_id: str
    """Names the time since the machine, or at least this process, started."""
    monotonic: float
    elapsed: float
    """Goes on while the machine sleeps, where it can tell."""
    wall: float


class Anchor(NamedTuple):
    """Where the server's clock was when a database was last in use."""

    boot_id: str
    shift: float
    """Seconds from the monotonic clock to the server's."""
    instant: float
    """Seconds on the server's clock at ``wall``."""
    elapsed: float
    """As it would be if the wall clock had not jumped since it was last trusted."""
    wall: float


def shift_after(anchor: Anchor | None, reading: Reading) -> float:
    """Seconds to add to the monotonic clock so that the server's clock goes on.

    In the same boot it simply does. After a restart of the machine the wall clock tells
    how long it was away; never less than no time.
    """
    if anchor is None:
        return 0.0
    instant = reading.monotonic + anchor.shift
    if reading.boot_id and reading.boot_id == anchor.boot_id and instant >= anchor.instant:
        return anchor.shift
    away = max(0.0, reading.wall - anchor.wall)
    return anchor.instant + away - reading.monotonic


def wall_jump(anchor: Anchor, reading: Reading) -> float:
    """Seconds that the wall clock has moved on its own since ``anchor``.

    Over a restart of the machine only a move backwards can be seen.
    """
    away = reading.wall - anchor.wall
    if reading.boot_id and reading.boot_id == anchor.boot_id:
        return away - (reading.elapsed - anchor.elapsed)
    return min(0.0, away)


def read_clocks() -> Reading:
    """The machine's clocks, now."""
    return Reading(_boot_id(), time.monotonic(), _elapsed(), time.time())


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return _PROCESS


def _elapsed() -> float:
    """Seconds that go on while the machine sleeps, where it can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class ServerClock:
    """Tells the time to everything in this server."""

    def __init__(self, anchor: Anchor | None = None) -> None:
        self._shift = shift_after(anchor, read_clocks())
        self._trusted = anchor or self._anchored(read_clocks())

    def instant(self) -> float:
        """Seconds on the server's clock."""
        return time.monotonic() + self._shift

    def now(self) -> Moment:
        return Moment(self.instant(), time.time_ns() // 1_000_000)

    def anchor(self) -> Anchor:
        """To be kept with the database: a wall clock in doubt is so after a restart as well."""
        reading = read_clocks()
        here, jump = self._anchored(reading), wall_jump(self._trusted, reading)
        if abs(jump) <= MAX_CLOCK_JUMP:
            self._trusted = here
        elif here.boot_id == self._trusted.boot_id:
            return here._replace(elapsed=here.elapsed + jump)
        return here

    def wall_jump(self) -> float:
        """Seconds that the wall clock has moved on its own since it was last trusted."""
        return wall_jump(self._trusted, read_clocks())

    def trust(self) -> None:
        """The wall clock is right, whatever it has done."""
        self._trusted = self._anchored(read_clocks())

    def instant_at(self, reading: Reading) -> float:
        """Seconds on the server's clock at that look."""
        return reading.monotonic + self._shift

    def _anchored(self, reading: Reading) -> Anchor:
        instant = self.instant_at(reading)
        return Anchor(reading.boot_id, self._shift, instant, reading.elapsed, reading.wall)
