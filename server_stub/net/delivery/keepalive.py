"""Keepalive: finds connections that have gone without a word: asked first, then given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_Connection = TypeVar("_Connection")

LEAST_ASKED: int = 12
SHARE: int = 32
"""Of the connections that are asked at one look at most: a crowd that fell silent together
must not keep everybody else waiting."""


class SilentPeers(NamedTuple, Generic[_Connection]):
    """What a look has found."""

    to_ask: list[_Connection]
    dead: list[_Connection]


class KeepaliveMonitor(Generic[_Connection]):
    """Who has not been heard of, and who has been asked about it.

    Seats ping every few seconds, so that hardly anybody ever is; a task and a timer for each
    would cost more than all that they say.

    Args:
        heard_at: when something last came from a connection, in seconds.
        timeout: seconds until one is asked, and again until it is given up.
    """

    def __init__(self, heard_at: Callable[[_Connection], float], timeout: float) -> None:
        self._heard_at = heard_at
        self._timeout = timeout
        self._asked: dict[_Connection, float] = {}
        self._due = float("-inf")

    def look(self, connections: Collection[_Connection], now: float) -> SilentPeers[_Connection]:
        """Those to be asked now, and those who have not answered.

        Cheap while nobody can have been silent for so long: who comes, or says something, is
        heard of after the last look.
        """
        if now < self._due:
            return SilentPeers([], [])
        latest = now - self._timeout
        silent = [c for c in connections if self._heard_at(c) <= latest]
        asked = {c: at for c in silent if (at := self._asked.get(c)) is not None}
        dead = [c for c, at in asked.items() if at <= latest]
        most = max(LEAST_ASKED, len(connections) // SHARE)
        to_ask = [c for c in silent if c not in asked][:most]
        asked.update(dict.fromkeys(to_ask, now))
        self._asked = asked
        # Of the silent, some may still wait to be asked, or have just been asked.
        oldest = latest if silent else min(map(self._heard_at, connections), default=now)
        self._due = oldest + self._timeout
        return SilentPeers(to_ask, dead)
