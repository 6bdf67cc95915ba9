"""Participant: A member in a room, and what its reports tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from protocol.wire.messages import Cursor, Event, Member, Report

POOR_RTT_MS: Final = 2000.0
"""A seat behind such a link is not waited for."""
UNKNOWN_WAY: Final = 0.09
"""Seconds, of a seat that has not measured its link yet."""
UNKNOWN_START: Final = 0.05
"""Seconds, of a device whose sound nobody has waited for yet."""
UNKNOWN_SEEK: Final = 0.25
"""Seconds, of a player that has not been sent anywhere yet."""


class Participant:
    """One member in a room; without a peer the connection is lost and may come back."""

    __slots__ = (
        "backlog",
        "by_invite",
        "cursor",
        "has_hosted",
        "is_leaving",
        "member",
        "peer",
        "position",
        "seek",
        "seek_ms",
        "start",
        "way",
    )

    def __init__(self, member: Member, peer: int, *, by_invite: bool) -> None:
        self.member = member
        self.peer: int | None = peer
        self.by_invite = by_invite
        """It was not the host key that opened the stream."""
        self.has_hosted = False
        """On this connection, until somebody else did: what it asked for may still arrive."""
        self.is_leaving = False
        """The host sends it away, which is not written yet."""
        self.way: float | None = UNKNOWN_WAY
        """Seconds that news take to it at worst; None behind a link too poor to wait for."""
        self.start = UNKNOWN_START
        """Seconds from the order to start until it is heard there."""
        self.seek = UNKNOWN_SEEK
        """Seconds until it is ready somewhere else."""
        self.seek_ms = 0.0
        """The same, as it was told; 0 as long as nothing was."""
        self.position: float | None = None
        self.cursor: Cursor | None = None
        """The last event that its player has come to; None for a seat that does not tell."""
        self.backlog: list[Event] | None = None
        """Live events that wait while the log is being read for this seat."""

    def expect(self, seek_ms: float) -> None:
        """It has told, here or on an earlier connection, what its seeks take."""
        self.seek_ms = seek_ms
        self.seek = seek_ms / 1000.0 if seek_ms > 0.0 else UNKNOWN_SEEK

    def take(self, report: Report) -> None:
        """What it tells of itself now."""
        if report.seek_ms is not None:
            self.expect(report.seek_ms)
        self.start = UNKNOWN_START if report.start_ms is None else max(0.0, report.start_ms / 1000)
        self.position, self.cursor = report.position, report.cursor
        self.member = msgspec.structs.replace(
            self.member,
            state=report.state,
            drift_ms=report.drift_ms,
            rtt_ms=report.rtt_ms,
            buffer=report.buffer,
            waiting=report.waiting,
        )
        rtt, jitter = report.rtt_ms, max(0.0, report.jitter_ms or 0.0)
        if rtt is None:
            self.way = UNKNOWN_WAY
        else:
            self.way = max(rtt, 0.0) / 2000 + jitter / 1000 if rtt <= POOR_RTT_MS else None
