"""The ways between seats and server: late, uneven, blocked for a while.

A connection keeps the order, as TCP does; only a `MischievousPipe` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.clockwork import Clockwork


class Tide(NamedTuple):
    """A queue that fills up in one part of every period, as somebody's uploads do; seconds."""

    period: float
    full_for: float
    least: float
    most: float

    def extra(self, at: float, random: Random) -> float:
        """What the queue adds at instant ``at``."""
        is_full = at % self.period < self.full_for
        return random.uniform(self.least, self.most) if is_full else 0.0


class Way(msgspec.Struct):
    """One direction between a seat and the server; seconds."""

    least: float
    """No frame is faster."""
    jitter: float
    """Mean of what comes on top."""
    bloat: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """From, until, and how much a full queue adds."""
    blocked: tuple[float, float] = (0.0, 0.0)
    """From, until: nothing arrives."""
    tide: Tide | None = None

    def arrival(self, sent: float, random: Random) -> float:
        """When a frame arrives that is sent at ``sent``."""
        late = random.expovariate(1 / self.jitter) if self.jitter else 0.0
        since, until, extra = self.bloat
        if since <= sent < until:
            late += extra * (sent - since) / (until - since)
        arrival = sent + self.least + late
        if self.tide is not None:
            late += self.tide.extra(sent, random)
        since, until = self.blocked
        return until + self.least if since <= arrival < until else arrival


class Pipe:
    """One direction of one connection: frames arrive in the order in which they were sent."""

    def __init__(
        self, clockwork: Clockwork, way: Way, random: Random, deliver: Callable[[str], None]
    ) -> None:
        self._clockwork = clockwork
        self._way = way
        self._random = random
        self._deliver = deliver
        self._last = 0.0
        self._cut = False

    def send(self, frame: str) -> None:
        """Give a frame on its way."""
        arrival = self._way.arrival(self._clockwork.now, self._random)
        self._last = max(self._last, arrival)
        self._clockwork.at(self._last, lambda: self._arrive(frame))

    def cut(self) -> None:
        """What is still on its way is lost."""
        self._cut = True

    def _arrive(self, frame: str) -> None:
        if not self._cut:
            self._deliver(frame)


NUMBERED: Final = ('{"type":"event"', '{"type":"state"', '{"type":"command"', '{"type":"note"')
"""Frames that say where they belong in the order, and so may come twice or too late."""


class MischievousPipe(Pipe):
    """Now and then it delivers a numbered frame twice, or late and behind others."""

    mischief = 0.25

    def send(self, frame: str) -> None:
        """Give a frame on its way, or two of it, or leave it for later."""
        if not frame.startswith(NUMBERED) or self._random.random() >= self.mischief:
            super().send(frame)
            return
        if self._random.random() < 0.5:
            super().send(frame)
        late = self._random.expovariate(2.0)
        self._clockwork.after(self._way.least + late, lambda: self._arrive(frame))
