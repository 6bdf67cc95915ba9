"""Lead times: how far ahead a change is agreed, so that every seat worth waiting for makes it.

Kept up with each report: with thousands in a room, an event must not look at each of them.
Seconds throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from protocol.server.members.participant import UNKNOWN_START, UNKNOWN_WAY
from protocol.server.readiness.readiness import MAX_LEAD

if TYPE_CHECKING:
    from protocol.server.members.participant import Participant

MARGIN: Final = 0.06
"""On top of what is measured: for its changes, and for busy machines at both ends."""
MIN_LEAD: Final = 0.08
RATE_MARGIN: Final = 0.48
"""On top of the way: 60 ms for its changes, 420 ms until a player is heard at a rate."""
MIN_RATE_LEAD: Final = 0.6
MAX_WRITE: Final = 0.3
FORGETS: Final = 0.8
"""Share of the slowest write that is still expected at the next one."""


class LeadTime(NamedTuple):
    """How far ahead."""

    start: float
    """To hear of a start and make it."""
    seek: float
    """The same for a start somewhere else."""
    rate: float
    """The same for another rate, which a player writes long before it is heard."""


class LeadNeeds(NamedTuple):
    """What the seats of one edge need at most; None where none has told."""

    way: float | None = None
    """Until news are there."""
    start: float | None = None
    """The same, and to start."""
    seek: float | None = None
    """The same, and to seek before."""
    write: float = 0.0
    """That the store has taken lately, at worst."""

    def merged(self, other: LeadNeeds) -> LeadNeeds:
        """What the seats of two edges need."""
        return LeadNeeds(
            _higher(self.way, other.way),
            _higher(self.start, other.start),
            _higher(self.seek, other.seek),
            max(self.write, other.write),
        )

    def leads(self) -> LeadTime:
        """For a change that is asked for now."""
        way = UNKNOWN_WAY if self.way is None else self.way
        return LeadTime(
            start=self._lead(self.start),
            seek=self._lead(self.seek),
            rate=min(max(way + RATE_MARGIN, MIN_RATE_LEAD), MAX_LEAD),
        )

    def _lead(self, need: float | None) -> float:
        need = UNKNOWN_WAY + UNKNOWN_START if need is None else need
        return min(max(need + self.write + MARGIN, MIN_LEAD), MAX_LEAD)


def _higher(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


class RunningMax:
    """The highest of many values, each of which may change."""

    __slots__ = ("_most", "_values")

    def __init__(self) -> None:
        self._values: dict[str, float] = {}
        self._most: float | None = None
        """None when it has to be looked for."""

    def put(self, name: str, value: float) -> None:
        """The value of this name from now on."""
        before = self._values.get(name)
        self._values[name] = value
        if self._most is not None and value >= self._most:
            self._most = value
        elif before == self._most:
            self._most = None

    def drop(self, name: str) -> None:
        """It has none any more."""
        if self._values.pop(name, None) == self._most:
            self._most = None

    def most(self) -> float | None:
        """The highest; None where there is no value."""
        if self._most is None and self._values:
            self._most = max(self._values.values())
        return self._most


class LeadTimes:
    """What the seats of an edge need, and the store."""

    def __init__(self) -> None:
        self._ways, self._starts, self._seeks = RunningMax(), RunningMax(), RunningMax()
        self._write = 0.0
        """That the store has taken lately, at worst."""

    def count(self, member_id: str, participant: Participant) -> None:
        """This is what the seat needs from now on; one that is not connected needs nothing."""
        if participant.peer is None or participant.way is None:
            self.drop(member_id)
            return
        start = participant.way + participant.start
        self._ways.put(member_id, participant.way)
        self._starts.put(member_id, start)
        self._seeks.put(member_id, start + participant.seek)

    def drop(self, member_id: str) -> None:
        """It is not waited for."""
        for values in (self._ways, self._starts, self._seeks):
            values.drop(member_id)

    def wrote(self, seconds: float) -> None:
        """The store took so long for an entry; nobody heard of it before."""
        self._write = min(max(seconds, FORGETS * self._write), MAX_WRITE)

    @property
    def longest(self) -> float:
        """From a seek that is agreed until it is heard at the slowest seat."""
        return self._seeks.most() or 0.0

    def needs(self) -> LeadNeeds:
        """What has to be led for."""
        return LeadNeeds(self._ways.most(), self._starts.most(), self._seeks.most(), self._write)
