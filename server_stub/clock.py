"""Server clock: the server's clock: monotonic, and one scale over restarts.

Timelines are kept with instants on this clock, so a film that plays while the server is
away is at the right place when it comes back.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from protocol.server.moment import Moment

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CLOCK_JUMP: Final = 3600.0
"""Seconds of the wall clock against the monotonic one; beyond, nothing old is deleted."""


SETTLED: Final = 600.0
"""Seconds after the machine's start; until then its clock may be one that has yet to be set."""

_PROCESS: Final = uuid4().hex
"""Stands for the boot where that has no name."""


class ClockReading(NamedTuple):
    """One look at the machine's clocks, in seconds."""

    boot_id: str
    """Names the time since the machine, or at least this process, started."""
    monotonic: float
    elapsed: float
    """Goes on while the machine sleeps, where it can tell."""
    wall: float


class ClockAnchor(NamedTuple):
    """Where the server's clock was when a database was last in use."""

    boot_id: str
    shift: float
    """Seconds from the monotonic clock to the server's."""
    instant: float
    """Seconds on the server's clock at ``wall``."""
    elapsed: float
    wall: float
    """As it would be if the wall clock had not jumped since it was last trusted."""
    jump: float = 0.0
    """Seconds that it had jumped."""


def shift_after(anchor: ClockAnchor | None, reading: ClockReading) -> float:
    """Seconds to add to the monotonic clock so that the server's clock goes on.

    In the same boot it simply does. After a restart of the machine the wall clock tells
    how long it was away; never less than no time.
    """
    if anchor is None:
        return 0.0
    instant = reading.monotonic + anchor.shift
    if reading.boot_id and reading.boot_id == anchor.boot_id and instant >= anchor.instant:
        return anchor.shift
    away = max(0.0, reading.wall - anchor.wall - _jump_kept(anchor, reading))
    return anchor.instant + away - reading.monotonic


def wall_jump(anchor: ClockAnchor, reading: ClockReading, since: float = 0.0) -> float:
    """Seconds that the wall clock has moved on its own since ``anchor``.

    Over a restart of the machine only a move backwards can be seen, and whether a clock that
    was wrong before it has been put right.

    Args:
        since: seconds that are known to have gone by.
    """
    away = reading.wall - anchor.wall
    if reading.boot_id and reading.boot_id == anchor.boot_id:
        return away - (reading.elapsed - anchor.elapsed)
    jump = _jump_kept(anchor, reading)
    return jump + min(0.0, away - since - jump)


def _jump_kept(anchor: ClockAnchor, reading: ClockReading) -> float:
    """Of the jump before a restart of the machine all or nothing, whichever explains it best.

    The time away cannot be negative; of two that can be, the shorter one is meant.
    """
    away = reading.wall - anchor.wall
    possible = [jump for jump in (0.0, anchor.jump) if away >= jump]
    return max(possible, default=0.0)


def read_clocks() -> ClockReading:
    """The machine's clocks, now."""
    return ClockReading(_boot_id(), time.monotonic(), _elapsed(), time.time())


@cache
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
    """Tells the time to everything in this server.

    Args:
        anchor: where it was when the database was last in use.
        read: looks at the machine's clocks.
    """

    def __init__(
        self,
        anchor: ClockAnchor | None = None,
        read: Callable[[], ClockReading] = read_clocks,
    ) -> None:
        self._read = read
        started = read()
        self._shift = shift_after(anchor, started)
        self._started = started.elapsed
        self._trusted = anchor or self._anchored(started)
        jump = self._jump(started)
        if anchor is not None and jump and jump == _jump_kept(anchor, started):
            # As wrong as before the machine's restart: what it does now is seen from here.
            self._trusted = self._anchored(started)._replace(wall=started.wall - jump)

    def instant(self) -> float:
        """Seconds on the server's clock."""
        return time.monotonic() + self._shift

    def now(self) -> Moment:
        """Now; while the wall clock is in doubt, as it would be without the jump.

        What is written with a wrong date would be too old, or too young, once it is put right.
        """
        reading = self._read()
        wall = reading.wall - _in_doubt(self._jump(reading))
        return Moment(self.instant_at(reading), int(wall * 1000))

    def anchor(self) -> ClockAnchor:
        """To be kept with the database: a wall clock in doubt is so after a restart as well."""
        reading = self._read()
        here, jump = self._anchored(reading), _in_doubt(self._jump(reading))
        if not jump and (self._trusted.boot_id == here.boot_id or reading.elapsed >= SETTLED):
            self._trusted = here
        return here._replace(wall=here.wall - jump, jump=jump)

    def wall_jump(self) -> float:
        """Seconds that the wall clock has moved on its own since it was last trusted."""
        return self._jump(self._read())

    def trust(self) -> None:
        """The wall clock is right, whatever it has done."""
        self._trusted = self._anchored(self._read())

    def instant_at(self, reading: ClockReading) -> float:
        """Seconds on the server's clock at that look."""
        return reading.monotonic + self._shift

    def _anchored(self, reading: ClockReading) -> ClockAnchor:
        instant = self.instant_at(reading)
        return ClockAnchor(reading.boot_id, self._shift, instant, reading.elapsed, reading.wall)

    def _jump(self, reading: ClockReading) -> float:
        return wall_jump(self._trusted, reading, reading.elapsed - self._started)


def _in_doubt(jump: float) -> float:
    """A jump, or 0 where it is too small to matter."""
    return jump if abs(jump) > MAX_CLOCK_JUMP else 0.0
