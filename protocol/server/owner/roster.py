"""Roster: whom a room tells of: in a large one not everybody, or each newcomer costs as much as
all.
"""

from __future__ import annotations


class Roster:
    """Members that are told of, first come first; of the others only how many there are.

    Args:
        most: that many are told of, and whoever hosts besides.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._told: dict[str, None] = {}
        self._beyond: dict[str, None] = {}
        self.is_recounted = False
        """There are more others, or fewer, than when they were last counted."""

    @property
    def told(self) -> tuple[str, ...]:
        """Those who are told of, in the order in which they came."""
        return tuple(self._told)

    @property
    def others(self) -> int:
        """How many there are besides."""
        return len(self._beyond)

    def __contains__(self, member_id: str) -> bool:
        return member_id in self._told

    def add(self, member_id: str, *, hosts: bool) -> None:
        """Somebody is here, perhaps again."""
        if member_id in self._told:
            return
        if hosts or len(self._told) < self._most:
            self._drop(member_id)
            self._told[member_id] = None
        elif member_id not in self._beyond:
            self._beyond[member_id] = None
            self.is_recounted = True

    def remove(self, member_id: str) -> str:
        """Somebody is gone; returns who is told of instead, or ""."""
        self._drop(member_id)
        self._told.pop(member_id, None)
        if not self._beyond or len(self._told) >= self._most:
            return ""
        following = next(iter(self._beyond))
        self.add(following, hosts=False)
        return following

    def recount(self) -> int | None:
        """`others` when that has changed since the last count, else None."""
        changed, self.is_recounted = self.is_recounted, False
        return self.others if changed else None

    def _drop(self, member_id: str) -> None:
        if member_id in self._beyond:
            del self._beyond[member_id]
            self.is_recounted = True
