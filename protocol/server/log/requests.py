"""Append requests: what wants into a log, and what came of it."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, NamedTuple, TypeVar

import msgspec

from protocol.server.log.record import StreamRecord
from protocol.server.moment import Moment
from protocol.wire.codec import encode
from protocol.wire.messages import Act, Command, Cursor, Event, Note, PauseAct, Refusal
from protocol.wire.reasons import NO_REASON, Reason

if TYPE_CHECKING:
    from protocol.timeline import Timeline

_Answer_co = TypeVar("_Answer_co", covariant=True)


class StoreCall(msgspec.Struct, Generic[_Answer_co], frozen=True):
    """Store call: a question to the store, typed by its answer when the store does not fail."""


class HostChange(msgspec.Struct, frozen=True):
    """The member who causes it hosts from now on, or the one it is handed to."""

    digest_word: ClassVar[str] = "HostChange"
    """What stands for it in digests; logs hold it, so it never changes."""

    to: str = ""
    """Member; "" for who causes it."""
    host_term: int = 0
    """With ``to``: the term that must not have ended before."""


class TimelineChange(NamedTuple):
    """What becomes of the timeline, how the log calls it, and why."""

    timeline: Timeline
    event_type: Literal["play", "pause", "seek"]
    reason: Reason = NO_REASON


class ServerAct(msgspec.Struct, frozen=True):
    """What the server does by itself; the order of the host's own commands goes on over it."""

    digest_word: ClassVar[str]
    """What stands for it in digests; logs hold it, so it never changes."""

    @abstractmethod
    def change(self, record: StreamRecord, entry: AppendRequest) -> TimelineChange | None:
        """What it does in a stream at ``record``; None once the party has moved on."""


class KnownEvent(NamedTuple):
    """What the log already has under an event's id."""

    cursor: Cursor
    digest: str


class Appended(msgspec.Struct, frozen=True):
    """The entry is to become ``event``, and the stream ``record``."""

    record: StreamRecord
    event: Event


class Duplicate(msgspec.Struct, frozen=True):
    """The entry is in the log already, at ``cursor``."""

    cursor: Cursor


Outcome = Appended | Duplicate | Refusal


class AppendRequest(StoreCall[Outcome], frozen=True):
    """Something that wants into a stream's log."""

    stream_id: str
    event_id: str
    member_id: str
    name: str
    change: Command | Note | HostChange | ServerAct
    now: Moment
    lead: float = 0.2
    """Seconds that every seat needs to be ready for a start."""
    seek_lead: float = 0.35
    """The same for a start somewhere else."""
    rate_lead: float = 0.6
    """The same for another rate."""
    bound: float = 0.0
    """Seconds that a start waits at most for seats that need longer; 0 when none does."""

    @property
    def digest(self) -> str:
        """The same for a repetition, another for other content under the same id."""
        if isinstance(self.change, Command):
            content = msgspec.json.encode(_without_code(self.change.act))
        elif isinstance(self.change, Note):
            content = encode(self.change).encode()
        elif isinstance(self.change, HostChange) and self.change.to:
            content = f"HostChange to {self.change.to}".encode()
        else:
            content = self.change.digest_word.encode()
        return hashlib.sha256(self.member_id.encode() + b"\n" + content).hexdigest()


def _without_code(act: Act) -> Act:
    # The words say the same. A server that does not know the codes may have written it first.
    return msgspec.structs.replace(act, reason_code="") if isinstance(act, PauseAct) else act
