"""Value objects: what several messages carry."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from protocol.wire.messages.fields import (
    Counter,
    Id,
    Instant,
    MediaKind,
    Milliseconds,
    Name,
    Role,
    SeatState,
    Seconds,
    Title,
    Tolerance,
    Url,
)
from protocol.wire.rate_limit import RateLimit


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all messages and their parts have in common."""

    since: ClassVar[int] = 1
    """The version of the protocol that it came with: an older peer is not sent it."""


class ClientStruct(Struct, frozen=True):
    """What the messages of a seat have in common."""

    rate: ClassVar[RateLimit | None] = None
    """How often one member may say it; None for what a connection says once."""


class Cursor(Struct, frozen=True):
    """A place in a stream's order; a greater pair is later."""

    epoch: Counter
    seq: Counter

    def __lt__(self, other: Cursor) -> bool:
        return (self.epoch, self.seq) < (other.epoch, other.seq)


class Media(Struct, frozen=True):
    """What is watched, as every seat can find it.

    A ``url`` is opened or resolved by each seat for itself. A ``file`` is never opened by
    a path from the wire: a viewer names his own copy, and the rest tells whether it is
    the same film.
    """

    media_id: Id
    kind: MediaKind
    title: Title = ""
    file_name: Title = ""
    """Of a file, without its folder."""
    url: Url = ""
    duration: Seconds | None = None
    """Seconds; None for what is live, and while the host could tell nothing but a guess."""
    live_origin: Instant | None = None
    """Of a live stream: its own timestamp in seconds at position 0; None without one."""
    size: Counter | None = None
    """Bytes, of a file."""
    fingerprint: Annotated[str, Meta(max_length=64, pattern=r"^[0-9a-f]*\Z")] = ""
    """Of a file: see ``protocol.media.fingerprint.Fingerprint``."""


class StreamSettings(Struct, frozen=True):
    """How the members of a stream keep together."""

    wait: bool = False
    """The party stops for a member who stalls; else that member catches up."""
    sync_enabled: bool = True
    """Drift is corrected."""
    sync_tolerance_ms: Tolerance = 500
    """What a glide may mend; more is jumped."""

    @property
    def settings(self) -> StreamSettings:
        """These alone, of a message that has them among its own fields."""
        return StreamSettings(self.wait, self.sync_enabled, self.sync_tolerance_ms)

    @property
    def sync_tolerance(self) -> float:
        """Seconds."""
        return self.sync_tolerance_ms / 1000


class Member(Struct, frozen=True):
    """One person in the stream and how the seat is doing."""

    member_id: Id
    name: Name
    role: Role
    state: SeatState = "idle"
    drift_ms: Milliseconds | None = None
    """Player minus timeline, + ahead; None while nothing is measured."""
    rtt_ms: Milliseconds | None = None
    buffer: Seconds | None = None
    """Seconds of media ready to play."""
    waiting: bool = False
    """The state is ``playing``, but the player rests until the timeline has come to it."""
