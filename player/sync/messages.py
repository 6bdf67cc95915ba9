"""Messages between a follower and the thread of its player: commands, events and views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from player.backend.base import PlayerEvent
from player.sync.phase import CorrectionKind, Phase, PlayerState
from protocol.timeline import Timeline

if TYPE_CHECKING:
    from protocol.exceptions import MatineeError


CorrectionMode = Literal["off", "soft", "full"]
"""What mends a drift: nothing, the rate alone, or jumps as well."""


class PauseNow(NamedTuple):
    """Stop; the follower is told where the player rests."""


class SeekTo(NamedTuple):
    """Pause and go exactly to ``position``."""

    position: float


class PlayAtRate(NamedTuple):
    """Media seconds per second."""

    rate: float


PlayerCommand = PauseNow | SeekTo | PlayAtRate
"""A start is no command: it is due at `Follower.armed`."""


class Jumped(NamedTuple):
    """A jump because of ``reason``; ``drift`` seconds is what it mends, None if unknown."""

    drift: float | None
    reason: str


class Widened(NamedTuple):
    """Jumps repeat without helping: for a while, a drift up to ``tolerance`` s is glided."""

    tolerance: float


class InStep(NamedTuple):
    """After a jump: ``drift`` seconds is left."""

    drift: float


class Stalled(NamedTuple):
    """The player waits for data, or no longer."""

    stalled: bool
    position: float


class Acted(NamedTuple):
    """Somebody paused or started the player itself; not an echo of ours."""

    paused: bool
    position: float


class Finished(NamedTuple):
    """The film's end is reached."""

    position: float


class OutOfReach(NamedTuple):
    """A live stream is at ``position`` here, and the timeline where nothing of it is loaded."""

    position: float


class LineSlow(NamedTuple):
    """The line brings ``rate`` seconds of the film a second, and the player lacks data."""

    rate: float


FollowerEvent = LineSlow | Jumped | Widened | InStep | Stalled | Acted | Finished | OutOfReach


class FollowerView(msgspec.Struct, frozen=True):
    """How the player stands at ``at``."""

    at: float
    state: PlayerState
    position: float | None
    target: float
    drift: float | None
    correction: CorrectionKind
    starts_in: float | None
    seek_cost: float
    start_cost: float | None = None
    """Seconds from an order to start until it is heard (p90); None while nothing is learned."""
    timeline: Timeline | None = None
    """What it keeps to; None before the first view."""
    phase: Phase = "idle"
    """What the player is at; `state` is what others are told of it."""
    is_stalled: bool = False
    """It has waited for data for long enough to matter, and still does."""
    rate_change: float = 0.0
    """The rate's, relative to the timeline's: what a nudge comes to."""


class HasPlayer(NamedTuple):
    """There is a player."""


class NoPlayer(NamedTuple):
    """There is no player, and why."""

    error: MatineeError


class Buffered(NamedTuple):
    """How far the media is ready to play, in seconds of position."""

    until: float | None
    since: float | None = None
    """Of a live stream: from where on it is."""


class OriginMoved(NamedTuple):
    """Timestamps of a live stream began anew; position 0 is at ``origin`` of the new ones."""

    origin: float


PlayerNews = (
    FollowerEvent | PlayerEvent | FollowerView | HasPlayer | NoPlayer | Buffered | OriginMoved
)
