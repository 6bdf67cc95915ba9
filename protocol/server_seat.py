"""A member in a room, and what its reports tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from protocol.messages import Cursor, Event, Member

POOR_RTT_MS: Final = 2000.0
"""A seat behind such a link is not waited for."""
UNKNOWN_WAY: Final = 0.09
"""Seconds, of a seat that has not measured its link yet."""
UNKNOWN_START: Final = 0.05
"""Seconds, of a device whose sound nobody has waited for yet."""
UNKNOWN_SEEK: Final = 0.25
"""Seconds, of a player that has not been sent anywhere yet."""


class Seat:
    """One member in a room; without a peer the connection is lost and may come back."""

    __slots__ = (
        "backlog",
        "by_invite",
        "cursor",
        "has_hosted",
        "jitter_ms",
        "member",
        "peer",
        "position",
        "seek_ms",
        "start_ms",
    )

    def __init__(self, member: Member, peer: int, *, by_invite: bool) -> None:
        self.member = member
        self.peer: int | None = peer
        self.by_invite = by_invite
        """It was not the host key that opened the stream."""
        self.has_hosted = False
        """On this connection, until somebody else did: what it asked for may still arrive."""
        self.seek_ms = 0.0
        self.start_ms: float | None = None
        self.jitter_ms = 0.0
        self.position: float | None = None
        self.cursor: Cursor | None = None
        """The last event that its player has come to; None for a seat that does not tell."""
        self.backlog: list[Event] | None = None
        """Live events that wait while the log is being read for this seat."""

    @property
    def way(self) -> float | None:
        """Seconds that news take to it at worst; None behind a link too poor to wait for."""
        rtt = self.member.rtt_ms
        if rtt is None:
            return UNKNOWN_WAY
        return max(rtt, 0.0) / 2000.0 + self.jitter_ms / 1000.0 if rtt <= POOR_RTT_MS else None

    @property
    def start(self) -> float:
        """Seconds from the order to start until it is heard there."""
        return UNKNOWN_START if self.start_ms is None else max(0.0, self.start_ms / 1000.0)

    @property
    def seek(self) -> float:
        """Seconds until it is ready somewhere else."""
        return self.seek_ms / 1000.0 if self.seek_ms > 0.0 else UNKNOWN_SEEK
