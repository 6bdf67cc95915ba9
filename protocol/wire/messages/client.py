"""Client messages: what a seat says to the server."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from protocol.wire.messages.acts import (
    Act,
)
from protocol.wire.messages.ephemeral import AnyEphemeralRequest
from protocol.wire.messages.fields import (
    Counter,
    Id,
    Instant,
    Milliseconds,
    Name,
    Position,
    SeatState,
    Seconds,
    ShortText,
)
from protocol.wire.messages.values import (
    ClientStruct,
    Cursor,
    Media,
    StreamSettings,
)
from protocol.wire.rate_limit import RateLimit


class CreateStream(StreamSettings, frozen=True, kw_only=True):
    """What a new stream is to be; its settings are fields of it."""

    media: Media | None = None
    playing: bool = False


class Hello(ClientStruct, frozen=True, tag="hello", tag_field="type"):
    """First message of a connection; the token came in the handshake's Authorization header."""

    version_min: Annotated[int, Meta(ge=0, le=10_000)]
    version_max: Annotated[int, Meta(ge=0, le=10_000)]
    name: Name
    instance_id: Id
    """Random, secret, the same for the seat's whole life: it is who the seat is."""
    cursor: Cursor | None = None
    """Last applied event; None for a first join."""
    create: CreateStream | None = None
    take_over: bool = False
    """A host key may displace a connected host."""
    yields: bool = False
    """With a host key: be a viewer when another member hosts, and displace nobody."""


class Ping(ClientStruct, frozen=True, tag="ping", tag_field="type"):
    """Clock sample; ``t0`` is the seat's clock."""

    rate: ClassVar[RateLimit | None] = RateLimit(20, 40)
    t0: Instant


class Command(ClientStruct, frozen=True, tag="command", tag_field="type"):
    """The host changes the timeline."""

    rate: ClassVar[RateLimit | None] = RateLimit(10, 20)
    event_id: Id
    host_term: Counter
    counter: Counter
    """1, 2, 3, … within a host term."""
    based_on: Cursor
    act: Act


class Note(ClientStruct, frozen=True, tag="note", tag_field="type"):
    """Something to log that does not move the timeline; from any member."""

    rate: ClassVar[RateLimit | None] = RateLimit(2, 10)
    event_id: Id
    event_type: Literal["sync_request", "buffer_start", "buffer_end"]
    position: Position
    reason: ShortText = ""
    before_ms: Milliseconds | None = None
    """sync_request: the drift that was mended."""
    after_ms: Milliseconds | None = None


class Report(ClientStruct, frozen=True, tag="report", tag_field="type"):
    """How the seat is doing, for the others to see; it never moves the timeline."""

    rate: ClassVar[RateLimit | None] = RateLimit(4, 10)
    state: SeatState
    position: Position | None = None
    drift_ms: Milliseconds | None = None
    rtt_ms: Milliseconds | None = None
    buffer: Seconds | None = None
    seek_ms: Milliseconds | None = None
    """Learned time to be ready after a seek, for the server's lead."""
    start_ms: Milliseconds | None = None
    """Learned time from the order to start until it is heard (p90), for the server's lead."""
    jitter_ms: Milliseconds | None = None
    """How much later than ``rtt_ms`` says news may come, for the server's lead."""
    cursor: Cursor | None = None
    """The last event that the seat's player has come to: it is where that one put it."""
    waiting: bool = False
    """The state is ``playing``, but the player rests until the timeline has come to it."""


class Resume(ClientStruct, frozen=True, tag="resume", tag_field="type"):
    """A gap was seen: send what comes after ``cursor``."""

    rate: ClassVar[RateLimit | None] = RateLimit(1, 5)
    cursor: Cursor


class NewInvite(ClientStruct, frozen=True, tag="new_invite", tag_field="type"):
    """The host wants another invite; those before it open nothing any more."""

    rate: ClassVar[RateLimit | None] = RateLimit(1, 10)
    event_id: Id
    keep: bool = False
    """Who is here may stay, and come back; else whoever came by an invite is out."""
    lifetime: Annotated[float, Meta(ge=60.0, le=7 * 24 * 3600.0)] | None = None
    """Seconds; None for the server's default."""
    uses: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    """So many people may come by it; None for any number."""


class Remove(ClientStruct, frozen=True, tag="remove", tag_field="type"):
    """The host sends a member away."""

    rate: ClassVar[RateLimit | None] = RateLimit(1, 10)
    event_id: Id
    member_id: Id


class HandOver(ClientStruct, frozen=True, tag="hand_over", tag_field="type"):
    """The host makes a member the host; or who has the host key becomes it again."""

    rate: ClassVar[RateLimit | None] = RateLimit(1, 10)
    event_id: Id
    host_term: Counter
    """The one that ends by it: a hand-over that comes too late changes nothing."""
    member_id: Id


class Leave(ClientStruct, frozen=True, tag="leave", tag_field="type"):
    """The seat goes for good, as opposed to a lost connection."""


ModerationRequest = NewInvite | Remove | HandOver
"""What concerns who may be in and who hosts."""

ClientMessage = (
    Hello
    | Ping
    | Command
    | Note
    | Report
    | AnyEphemeralRequest
    | Resume
    | ModerationRequest
    | Leave
)
