"""Timeline: the one timeline of a stream: what position is due at which instant."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

MAX_POSITION: Final = 604_800.0
"""Seconds; a week is longer than any film."""

MIN_RATE: Final = 0.25
MAX_RATE: Final = 4.0

MAX_INSTANT: Final = 1e12


class Timeline(msgspec.Struct, frozen=True):
    """What was agreed: at instant ``at`` the position is ``position``.

    ``at`` is seconds on the server's clock and may lie in the future: a start is
    scheduled so that every seat can be ready for it.
    """

    position: Annotated[float, Meta(ge=0.0, le=MAX_POSITION)] = 0.0
    """Seconds into the media."""
    at: Annotated[float, Meta(ge=-MAX_INSTANT, le=MAX_INSTANT)] = 0.0
    """Seconds on the server's clock."""
    rate: Annotated[float, Meta(ge=MIN_RATE, le=MAX_RATE)] = 1.0
    """Media seconds per second."""
    playing: bool = False

    def position_at(self, instant: float) -> float:
        """Position in seconds that is due at ``instant`` (server's clock)."""
        if not self.playing:
            return self.position
        return min(self.position + self.rate * max(0.0, instant - self.at), MAX_POSITION)

    def instant_of(self, position: float) -> float:
        """Instant (server's clock) at which ``position`` is due while playing."""
        return self.at + (position - self.position) / self.rate

    def play(self, at: float) -> Timeline:
        """Playing from instant ``at`` on; an earlier start that is agreed stays as it is."""
        at = min(self.at, at) if self.playing else at
        return msgspec.structs.replace(self, at=at, playing=True)

    def pause(self, position: float, at: float) -> Timeline:
        """Paused at ``position``."""
        return Timeline(position=clamp_position(position), at=at, rate=self.rate, playing=False)

    def seek(self, position: float, at: float) -> Timeline:
        """At ``position`` from instant ``at`` on, playing or paused as before."""
        return msgspec.structs.replace(self, position=clamp_position(position), at=at)

    def at_rate(self, rate: float, at: float) -> Timeline:
        """``rate`` from instant ``at`` on, without a jump in position.

        A start that is agreed already is not brought forward.
        """
        at = max(at, self.at) if self.playing else at
        return msgspec.structs.replace(self, position=self.position_at(at), at=at, rate=rate)


def clamp_position(position: float) -> float:
    """``position`` within what a film can have; mpv reads a negative one as the film's end."""
    # In this order: ``max`` returns its first argument for -0.0 and for NaN.
    return min(max(0.0, position), MAX_POSITION)
