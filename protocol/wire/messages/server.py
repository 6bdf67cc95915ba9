"""Server messages: what the server says to a seat."""

from __future__ import annotations

from protocol.timeline import Timeline
from protocol.wire.messages.ephemeral import AnyEphemeralMessage
from protocol.wire.messages.fields import (
    ByeCode,
    Code,
    Counter,
    EventType,
    Id,
    Instant,
    Milliseconds,
    RefusalCode,
    Role,
    Seconds,
    Secret,
    Sentence,
    ShortText,
    SomeId,
    SomeName,
    UnixMs,
)
from protocol.wire.messages.values import (
    Cursor,
    Media,
    Member,
    StreamSettings,
    Struct,
)


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
    reason_code: Code = ""
    """Why, as a ``protocol.wire.reasons.ReasonCode``; ``reason`` is the words for it."""

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)


class Snapshot(StreamSettings, frozen=True, kw_only=True, tag="snapshot", tag_field="type"):
    """The whole state of the stream at (epoch, seq); its settings are fields of it."""

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
    cause: Sentence = ""
    """``message`` without what to do, where that has a code."""
    remedy_code: Code = ""
    """What to do, as a ``protocol.exceptions.RemedyCode``."""


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


class Invited(Struct, frozen=True, tag="invited", tag_field="type"):
    """The invite that the host may hand on from now on."""

    invite_token: Secret
    expires_ms: UnixMs
    event_id: SomeId = ""
    """Of the ``new_invite`` that it answers; "" for a member who has become host."""
    uses: Counter | None = None


class Bye(Struct, frozen=True, tag="bye", tag_field="type"):
    """The connection closes, and why."""

    code: ByeCode
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
    | AnyEphemeralMessage
    | Invited
    | Bye
)
