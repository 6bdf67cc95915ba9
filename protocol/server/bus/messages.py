"""Bus messages: frozen values for the three kinds of traffic: log, up and down.

Everything is absolute or names what it is about, so that an engine which repeats or merges
messages changes nothing: of what an edge tells of a member, and of its readiness, the newest
counts.
"""

from __future__ import annotations

import msgspec

from protocol.server.log.record import StreamRecord
from protocol.server.readiness.lead_times import LeadNeeds
from protocol.wire.messages import (
    AnyEphemeralMessage,
    AnyEphemeralRequest,
    Cursor,
    Event,
    Member,
    Presence,
    StartWait,
)

NOTHING_REPORTED = Cursor(0, 0)
"""Before every event."""

# Log: to all edges and the owner --------------------------------------------------------


class LogEntry(msgspec.Struct, frozen=True):
    """An event that is durable, and the stream as it is with it."""

    record: StreamRecord
    event: Event


class LogReset(msgspec.Struct, frozen=True):
    """The stream is at ``record``, where no event leads."""

    record: StreamRecord


LogMessage = LogEntry | LogReset

# Up: from an edge to the owner ----------------------------------------------------------


class EdgeOpened(msgspec.Struct, frozen=True):
    """The edge may have members from now on; it knows the stream as ``record``."""

    record: StreamRecord


class EdgeConnected(msgspec.Struct, frozen=True):
    """Whether anybody has a connection to the edge."""

    is_connected: bool


class EdgeClosed(msgspec.Struct, frozen=True):
    """The edge has no members any more."""


class MemberJoined(msgspec.Struct, frozen=True):
    """A member has a connection to the edge, perhaps again."""

    member: Member


class MemberChanged(msgspec.Struct, frozen=True):
    """A member of the edge is as ``member`` now."""

    member: Member
    is_urgent: bool = False
    """Its state or its role is another one, not only what was measured."""


class MemberLeft(msgspec.Struct, frozen=True):
    """A member of the edge is gone for good."""

    member_id: str
    is_removed: bool = False
    """The host has sent it away."""


class MemberStalled(msgspec.Struct, frozen=True):
    """A member of a party that waits has stalled for long."""

    member_id: str
    name: str
    position: float
    """Where the party would go on: seconds of the film."""
    needs: LeadNeeds
    """Of the edge's seats."""


class ReadinessReport(msgspec.Struct, frozen=True):
    """Readiness report: what the reports of an edge's seats come to."""

    as_of: Cursor = NOTHING_REPORTED
    """Up to where the edge knows the log."""
    late: tuple[str, ...] = ()
    """Members that a start which waits has to wait for."""
    has_late: bool = False
    """Of somebody nobody can tell when he will be ready."""
    has_ready: bool = False
    """Somebody is ready, as far as that matters: while nobody is late."""
    has_moving: bool = False
    """Somebody is on the way, and will be there within the lead."""
    has_slow_seek: bool = False
    """Somebody needs more for a seek than any lead gives."""
    needs: LeadNeeds = LeadNeeds()


class EphemeralPosted(msgspec.Struct, frozen=True):
    """A member tells everybody something that nobody hears later: chat."""

    member_id: str
    name: str
    request: AnyEphemeralRequest


UpMessage = (
    MemberChanged
    | ReadinessReport
    | EphemeralPosted
    | MemberJoined
    | MemberLeft
    | MemberStalled
    | EdgeConnected
    | EdgeOpened
    | EdgeClosed
)

# Down: from the owner to all edges ------------------------------------------------------


class RosterReset(msgspec.Struct, frozen=True):
    """The whole roster: members that are listed, in their order, and how many are not."""

    listed: tuple[Member, ...]
    others: int


class RosterChange(msgspec.Struct, frozen=True):
    """What is new in the roster."""

    listed: tuple[Member, ...]
    """They come last in the order."""
    unlisted: tuple[str, ...]
    others: int


class BarrierRaised(msgspec.Struct, frozen=True):
    """A start waits: each edge reports its readiness at once, and whenever it changes."""

    until: float
    """Instant of the start."""
    waiting: StartWait | None = None
    """What people know of it already."""


class BarrierLifted(msgspec.Struct, frozen=True):
    """No start waits any more."""


class ExcusedMembers(msgspec.Struct, frozen=True):
    """Who has been waited for so long that nobody waits for them: until which instant."""

    until: dict[str, float]


class ReadinessPlan(msgspec.Struct, frozen=True):
    """The report of each edge, where there are several: what is agreed at one is for all."""

    reports: dict[str, ReadinessReport]


DownMessage = (
    Presence
    | AnyEphemeralMessage
    | StartWait
    | RosterChange
    | RosterReset
    | BarrierRaised
    | BarrierLifted
    | ExcusedMembers
    | ReadinessPlan
)
"""`Presence`, `StartWait` and what is ephemeral are the very messages that seats get."""
