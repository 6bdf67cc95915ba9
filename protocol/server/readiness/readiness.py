"""Readiness: whether a seat will make a start that is agreed now: what its reports tell.

Pure. Instants and durations are seconds, on the server's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from protocol.server.log.record import StreamRecord
    from protocol.server.members.participant import Participant
    from protocol.wire.messages import Cursor

Readiness = Literal["ready", "soon", "late", "excused"]
"""Is there; will be there within the lead; nobody can tell when; is not waited for."""

MAX_LEAD: Final = 1.5
READY_BUFFER: Final = 2.0
"""Seconds of the film that are to be there before it starts."""
END_MARGIN: Final = 0.5
NOT_TO_START: Final = frozenset(("idle", "failed", "ended"))


class SyncPoint(NamedTuple):
    """Where the last event that moved everybody has put the party."""

    cursor: Cursor
    """A seat that has not come to it is still on its way."""
    since: float


def readiness_of(
    participant: Participant, place: SyncPoint, record: StreamRecord, now: float
) -> Readiness:
    """What can be told of one seat; one that is not connected is excused."""
    if participant.peer is None or participant.way is None:
        return "excused"
    if _is_behind(participant, place, now):
        return _on_its_way(participant, place, now)
    state = participant.member.state
    if state in NOT_TO_START:
        return "excused"
    is_there = state in ("paused", "playing") and _has_enough(participant, record, now)
    return "ready" if is_there else "late"


def _is_behind(participant: Participant, place: SyncPoint, now: float) -> bool:
    if participant.cursor is None:
        # It does not tell; then only what its seeks take tells anything.
        return now - place.since < participant.seek_ms / 1000
    return participant.cursor < place.cursor


def _on_its_way(participant: Participant, place: SyncPoint, now: float) -> Readiness:
    """What it last said of itself was about another place."""
    if participant.cursor is None or participant.cursor.epoch != place.cursor.epoch:
        return "late"
    if participant.member.state in ("idle", "failed"):
        return "excused"
    may_tell = participant.member.state != "loading" and participant.seek_ms <= MAX_LEAD * 1000
    return "soon" if may_tell and now - place.since <= MAX_LEAD else "late"


def _has_enough(participant: Participant, record: StreamRecord, now: float) -> bool:
    """Whether it can play on for a while, as far as that is known; a live stream never could."""
    buffer, media = participant.member.buffer, record.media
    if buffer is None or media is None or media.duration is None:
        return True
    end = record.timeline.position_at(now) + buffer
    return buffer >= READY_BUFFER or end >= media.duration - END_MARGIN
