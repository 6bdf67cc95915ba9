"""Traffic: counts what comes for each item, and how long its player takes no more."""

from __future__ import annotations

from player.net.messages import TrafficMeasured


class TrafficMeter:
    """Counter of one item over all its connections; instants are seconds of any steady clock."""

    def __init__(self, item: int, now: float) -> None:
        self._item = item
        self._since = now
        self._received = 0
        self._blocked = 0.0
        self._blocked_since: float | None = None
        self._blockers = 0
        self.connections = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open and nothing has come since it was last taken."""
        return not self.connections and not self._received

    def add(self, size: int) -> None:
        """So many bytes came."""
        self._received += size

    def block(self, now: float) -> None:
        """The player of a connection takes no more."""
        self._blockers += 1
        if self._blocked_since is None:
            self._blocked_since = now

    def unblock(self, now: float) -> None:
        """It takes more again."""
        self._blockers -= 1
        if not self._blockers and self._blocked_since is not None:
            self._blocked += now - self._blocked_since
            self._blocked_since = None

    def take(self, now: float) -> TrafficMeasured | None:
        """What there is to tell since the last time; None when nothing came."""
        blocked = self._blocked
        if self._blocked_since is not None:
            blocked += now - self._blocked_since
            self._blocked_since = now
        seconds = now - self._since
        measured = TrafficMeasured(self._item, self._received, seconds, min(blocked, seconds))
        self._since, self._received, self._blocked = now, 0, 0.0
        return measured if measured.received else None
