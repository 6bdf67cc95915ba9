"""Wire messages: every message on the wire, as a frozen, typed and bounded struct.

One JSON object a text frame; ``type`` names the message. Unknown fields are ignored, so
that a newer peer can say more; a seat ignores unknown types, a server refuses them.
Instants are float seconds on the server's clock unless said; fields ending in ``_ms`` are
milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from protocol.timeline import MAX_POSITION, MAX_RATE, MIN_RATE, Timeline

PROTOCOL_VERSION: Final = 2
"""The newest version this program speaks; see ``protocol.wire.versions``."""
PROTOCOL_OLDEST: Final = 1
"""The oldest version this program speaks."""

MAX_MESSAGE_BYTES: Final = 16 * 1024

Position = Annotated[float, Meta(ge=0.0, le=MAX_POSITION)]
Rate = Annotated[float, Meta(ge=MIN_RATE, le=MAX_RATE)]
Instant = Annotated[float, Meta(ge=-1e12, le=1e12)]
Milliseconds = Annotated[float, Meta(ge=-1e10, le=1e10)]
Seconds = Annotated[float, Meta(ge=0.0, le=1e7)]
Counter = Annotated[int, Meta(ge=0, le=2**53)]
Id = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z_-]+\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=32)]
Title = Annotated[str, Meta(max_length=200)]
Url = Annotated[str, Meta(max_length=2048)]
ChatText = Annotated[str, Meta(min_length=1, max_length=500)]
ShortText = Annotated[str, Meta(max_length=200)]
SomeName = Annotated[str, Meta(max_length=32)]
"""A member's name; "" for the server itself."""
SomeId = Annotated[str, Meta(max_length=64)]
"""An `Id`; "" for nobody, or for the server itself."""
Secret = Annotated[str, Meta(max_length=256)]
Sentence = Annotated[str, Meta(max_length=1000)]
"""What the server tells a person; it may name an address."""
UnixMs = Annotated[int, Meta(ge=0, le=2**43)]
"""Unix milliseconds, for people to read, up to the year 2248: what a calendar can show."""
Tolerance = Annotated[int, Meta(ge=20, le=10_000)]
"""Milliseconds of drift that a glide may mend."""

Role = Literal["host", "viewer"]
SeatState = Literal["playing", "paused", "buffering", "loading", "ended", "idle", "failed"]
"""What a player reports; ``idle`` before there is media, ``failed`` with a reason."""

EventType = Literal[
    "play",
    "pause",
    "seek",
    "rate",
    "media",
    "settings",
    "sync_request",
    "buffer_start",
    "buffer_end",
    "host_change",
    "unknown",
]
"""``unknown`` stands for a type that this program does not know; nobody sends it."""

RefusalCode = Literal[
    "bad_message",
    "invalid_field",
    "upgrade_required",
    "unauthorized",
    "forbidden",
    "not_found",
    "host_present",
    "stream_closed",
    "stale_host",
    "stale_base",
    "out_of_order",
    "event_id_conflict",
    "media_refused",
    "rate_limited",
    "storage_full",
    "try_again",
    "internal",
]


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all messages and their parts have in common."""


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
    kind: Literal["url", "file"]
    title: Title = ""
    file_name: Title = ""
    """Of a file, without its folder."""
    url: Url = ""
    duration: Seconds | None = None
    """Seconds; None while unknown or live."""
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


# What a host's command does -------------------------------------------------------------


class PlayAct(Struct, frozen=True, tag="play", tag_field="do"):
    """Start where the timeline stands; in a start that waits, go on without who is late."""


class PauseAct(Struct, frozen=True, tag="pause", tag_field="do"):
    """Stop at ``position``, where the host's own player stopped."""

    position: Position
    reason: ShortText = ""
    """Why, where nobody pressed a key."""


class SeekAct(Struct, frozen=True, tag="seek", tag_field="do"):
    """Go on at ``position``, playing or paused as before."""

    position: Position


class RateAct(Struct, frozen=True, tag="rate", tag_field="do"):
    """Play at ``rate``."""

    rate: Rate


class LoadAct(Struct, frozen=True, tag="media", tag_field="do"):
    """Watch ``media`` from its beginning; with the current ``media_id``, describe it better."""

    media: Media
    playing: bool = False
    """Start together as soon as everybody has it open."""


class SettingsAct(Struct, frozen=True, tag="settings", tag_field="do"):
    """Keep together in another way; None leaves a setting as it is."""

    wait: bool | None = None
    sync_enabled: bool | None = None
    sync_tolerance_ms: Tolerance | None = None


Act = PlayAct | PauseAct | SeekAct | RateAct | LoadAct | SettingsAct


# From a seat to the server --------------------------------------------------------------


class CreateStream(Struct, frozen=True):
    """What a new stream is to be."""

    media: Media | None = None
    sync_tolerance_ms: Tolerance = 500
    playing: bool = False
    wait: bool = False
    sync_enabled: bool = True


class Hello(Struct, frozen=True, tag="hello", tag_field="type"):
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


class Ping(Struct, frozen=True, tag="ping", tag_field="type"):
    """Clock sample; ``t0`` is the seat's clock."""

    t0: Instant


class Command(Struct, frozen=True, tag="command", tag_field="type"):
    """The host changes the timeline."""

    event_id: Id
    host_term: Counter
    counter: Counter
    """1, 2, 3, … within a host term."""
    based_on: Cursor
    act: Act


class Note(Struct, frozen=True, tag="note", tag_field="type"):
    """Something to log that does not move the timeline; from any member."""

    event_id: Id
    event_type: Literal["sync_request", "buffer_start", "buffer_end"]
    position: Position
    reason: ShortText = ""
    before_ms: Milliseconds | None = None
    """sync_request: the drift that was mended."""
    after_ms: Milliseconds | None = None


class Report(Struct, frozen=True, tag="report", tag_field="type"):
    """How the seat is doing, for the others to see; it never moves the timeline."""

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


class SendChat(Struct, frozen=True, tag="say", tag_field="type"):
    """Chat."""

    text: ChatText


class Resume(Struct, frozen=True, tag="resume", tag_field="type"):
    """A gap was seen: send what comes after ``cursor``."""

    cursor: Cursor


class NewInvite(Struct, frozen=True, tag="new_invite", tag_field="type"):
    """The host wants another invite; those before it open nothing any more."""

    event_id: Id
    keep: bool = False
    """Who is here may stay, and come back; else whoever came by an invite is out."""
    lifetime: Annotated[float, Meta(ge=60.0, le=7 * 24 * 3600.0)] | None = None
    """Seconds; None for the server's default."""
    uses: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    """So many people may come by it; None for any number."""


class Remove(Struct, frozen=True, tag="remove", tag_field="type"):
    """The host sends a member away."""

    event_id: Id
    member_id: Id


class HandOver(Struct, frozen=True, tag="hand_over", tag_field="type"):
    """The host makes a member the host; or who has the host key becomes it again."""

    event_id: Id
    host_term: Counter
    """The one that ends by it: a hand-over that comes too late changes nothing."""
    member_id: Id


class Leave(Struct, frozen=True, tag="leave", tag_field="type"):
    """The seat goes for good, as opposed to a lost connection."""


ModerationRequest = NewInvite | Remove | HandOver
"""What concerns who may be in and who hosts."""

ClientMessage = (
    Hello | Ping | Command | Note | Report | SendChat | Resume | ModerationRequest | Leave
)


# From the server to a seat --------------------------------------------------------------


class Event(Struct, frozen=True, tag="event", tag_field="type"):
    """One entry of the log; it carries the absolute state, so applying it twice is harmless."""

    epoch: Counter
    seq: Counter
    event_id: Id
    event_type: EventType
    member_id: SomeId
    """Who caused it; "" for the server itself."""
    name: SomeName
    timestamp_ms: UnixMs
    """When, by the server's wall clock; no rule uses it."""
    timeline: Timeline
    media: Media | None = None
    """For ``media``: the new media."""
    host_id: SomeId = ""
    """For ``host_change`` and what begins an epoch: who hosts."""
    host_term: Counter = 0
    """For ``host_change`` and what begins an epoch: the term."""
    settings: StreamSettings | None = None
    """For ``settings``: all of them, as they are now."""
    reason: ShortText = ""
    before_ms: Milliseconds | None = None
    after_ms: Milliseconds | None = None

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)


class Snapshot(Struct, frozen=True, tag="snapshot", tag_field="type"):
    """The whole state of the stream at (epoch, seq)."""

    stream_id: Id
    epoch: Counter
    seq: Counter
    timeline: Timeline
    host_id: SomeId
    host_term: Counter
    media: Media | None = None
    members: tuple[Member, ...] = ()
    others: Counter = 0
    """How many are here whom ``members`` does not list, in a large stream."""
    sync_tolerance_ms: Tolerance = 500
    sync_enabled: bool = True
    wait: bool = False
    reason: ShortText = ""
    """Why a snapshot and not events: first_join, too_old, wrong_epoch, from_the_future, …"""

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)


class Created(Struct, frozen=True):
    """Secrets of a new stream, told once."""

    host_key: Secret
    invite_token: Secret


class Welcome(Struct, frozen=True, tag="welcome", tag_field="type"):
    """Answer to ``hello``; the missed events or a snapshot follow it."""

    version: Counter
    clock_id: Id
    """Names the server's clock: random per process."""
    stream_id: Id
    member_id: Id
    role: Role
    host_term: Counter
    counter: Counter = 0
    """Last command counter the server has of this host in this term."""
    created: Created | None = None
    invite_token: Secret = ""


class Pong(Struct, frozen=True, tag="pong", tag_field="type"):
    """Answer to ``ping``; ``t1`` and ``t2`` are the server's clock at receipt and at sending."""

    t0: Instant
    t1: Instant
    t2: Instant


class Ack(Struct, frozen=True, tag="ack", tag_field="type"):
    """The command or note is in the log, durably."""

    event_id: Id
    epoch: Counter
    seq: Counter
    duplicate: bool = False


class Refusal(Struct, frozen=True, tag="refused", tag_field="type"):
    """The server says no, and what to do."""

    code: RefusalCode
    message: Sentence
    field: ShortText = ""
    event_id: SomeId = ""
    retry_after: Seconds | None = None
    expected: Counter | None = None
    """out_of_order: the counter that is due."""
    version_min: Counter | None = None
    version_max: Counter | None = None


class StateNow(Struct, frozen=True, tag="state", tag_field="type"):
    """The timeline as it stands, repeated every 5 s and after a resume."""

    epoch: Counter
    seq: Counter
    timeline: Timeline

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)


class Presence(Struct, frozen=True, tag="presence", tag_field="type"):
    """Members that came or changed, and those who left; coalesced."""

    changed: tuple[Member, ...] = ()
    left: tuple[Id, ...] = ()
    removed: tuple[Id, ...] = ()
    """Those in ``left`` whom the host sent away."""
    whole: bool = False
    """``changed`` is everybody who is told of: whoever is not in it has left."""
    others: Counter | None = None
    """How many more are here; None for as many as before."""


class StartWait(Struct, frozen=True, tag="waiting", tag_field="type"):
    """A start that is agreed waits for ``members``; said again when they change."""

    members: tuple[Id, ...] = ()
    """Empty: the wait is over."""
    until: Instant = 0.0
    """When it starts without them; the timeline's ``at``."""


class Chat(Struct, frozen=True, tag="chat", tag_field="type"):
    """Somebody said something."""

    member_id: SomeId
    name: SomeName
    text: ChatText
    timestamp_ms: UnixMs


class Invited(Struct, frozen=True, tag="invited", tag_field="type"):
    """The invite that the host may hand on from now on."""

    invite_token: Secret
    expires_ms: UnixMs
    event_id: SomeId = ""
    """Of the ``new_invite`` that it answers; "" for a member who has become host."""
    uses: Counter | None = None


class Bye(Struct, frozen=True, tag="bye", tag_field="type"):
    """The connection closes, and why."""

    code: RefusalCode | Literal["server_stopping", "replaced", "too_slow"]
    message: Sentence
    reconnect: bool = True


class Unknown(Struct, frozen=True, tag="", tag_field="type"):
    """A message of a newer server's, of a type that this program does not know."""


ServerMessage = (
    Welcome
    | Pong
    | Event
    | Ack
    | Refusal
    | Snapshot
    | StateNow
    | Presence
    | StartWait
    | Chat
    | Invited
    | Bye
)
