"""Stalls: whether a party stops for a member that has stalled, and where it goes on then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from protocol.server.log.record import StreamRecord
    from protocol.server.members.participant import Participant

STALLED_FOR: Final = 0.5
"""Seconds after a stall is logged, which it is half a second after it began."""
OVERLAP: Final = 0.3
"""Seconds before the place of a stall from which it goes on, so that nobody misses a word."""
FURTHEST_BACK: Final = 5.0
"""Seconds that a stall may take everybody back by."""


def stops_for(member_id: str, record: StreamRecord, now: float) -> bool:
    """Whether the party stops for this member if it is late; the host's seat pauses it itself."""
    timeline = record.timeline
    is_running = timeline.playing and timeline.at <= now
    return record.settings.wait and is_running and member_id != record.host_id


def resume_position(participant: Participant, record: StreamRecord, now: float) -> float:
    """Where in the film the party goes on, seconds."""
    here = record.timeline.position_at(now)
    stands = here if participant.position is None else min(participant.position, here)
    return max(stands - OVERLAP, here - FURTHEST_BACK, 0.0)
