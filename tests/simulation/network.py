"""The ways between seats and server: late, uneven, blocked for a while, but never reordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.clockwork import Clockwork


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

    def arrival(self, sent: float, random: Random) -> float:
        """When a frame arrives that is sent at ``sent``."""
        late = random.expovariate(1 / self.jitter) if self.jitter else 0.0
        since, until, extra = self.bloat
        if since <= sent < until:
            late += extra * (sent - since) / (until - since)
        arrival = sent + self.least + late
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
