"""Backpressure: finds seats that do not read what they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protocol.server.limits.config import Limits

_Connection = TypeVar("_Connection")


class SlowConsumers(Generic[_Connection]):
    """Whose messages wait, and since when.

    Args:
        unread: bytes that wait to be taken by a connection.
        limits: how many may, and for how long.
    """

    def __init__(self, unread: Callable[[_Connection], int], limits: Limits) -> None:
        self._unread = unread
        self._limits = limits
        self._since: dict[_Connection, float] = {}

    def sent(self, connections: Iterable[_Connection], now: float) -> list[_Connection]:
        """Something was sent; returns those for whom that was too much."""
        too_much: list[_Connection] = []
        for connection in connections:
            unread = self._unread(connection)
            if unread:
                self._since.setdefault(connection, now)
            if unread > self._limits.unread:
                too_much.append(connection)
        return too_much

    def overdue(self, now: float) -> list[_Connection]:
        """Those who have had something waiting for too long."""
        self._since = {c: since for c, since in self._since.items() if self._unread(c)}
        return [c for c, since in self._since.items() if now - since > self._limits.behind]

    def gone(self, connection: _Connection) -> None:
        self._since.pop(connection, None)
