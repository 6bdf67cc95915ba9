"""Index of the unready: the seats of a room that a start may have to wait for.

Kept up with each report: with thousands in a room, a command must not look at each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.server.readiness.readiness import NOT_TO_START, READY_BUFFER

if TYPE_CHECKING:
    from collections.abc import Collection

    from protocol.server.members.participant import Participant
    from protocol.wire.messages import Cursor


class UnreadyIndex:
    """Seats whose `outlook` is, or may become, "soon" or "late"."""

    def __init__(self) -> None:
        self._unready: dict[str, Participant] = {}
        self._movable: dict[str, Participant] = {}
        """Those that are on their way when everybody is sent somewhere else."""

    @property
    def participants(self) -> Collection[Participant]:
        """All others are ready, or are not waited for."""
        return self._unready.values()

    def count(self, member_id: str, participant: Participant, place: Cursor) -> None:
        """This seat is here, or has told something; everybody is to be at ``place``."""
        self.drop(member_id)
        if participant.peer is None or participant.way is None:
            return
        if participant.cursor is not None or participant.seek_ms > 0.0:
            self._movable[member_id] = participant
        if not _is_settled(participant, place):
            self._unready[member_id] = participant

    def drop(self, member_id: str) -> None:
        """It is not waited for."""
        self._unready.pop(member_id, None)
        self._movable.pop(member_id, None)

    def moved(self) -> None:
        """Everybody is sent somewhere else."""
        self._unready.update(self._movable)


def _is_settled(participant: Participant, place: Cursor) -> bool:
    """Whether time changes nothing about it: it is ready, or does not count."""
    if participant.seek_ms > 0.0 if participant.cursor is None else participant.cursor < place:
        return False
    if participant.member.state in NOT_TO_START:
        return True
    buffer = participant.member.buffer
    return participant.member.state in ("paused", "playing") and (
        buffer is None or buffer >= READY_BUFFER
    )
