"""What waits for the server: kept until it is in the log, in its order, at a bearable pace.

Over a lost connection everything is sent again under the same ids, which the server knows
from the first time. Instants are seconds on the local clock.
"""

from __future__ import annotations

from typing import Final

from protocol.messages import (
    Act,
    Command,
    Cursor,
    Errand,
    HandOver,
    Note,
    Report,
    Role,
    Seek,
    SetRate,
)

MAX_WAITING: Final = 64
SEEK_INTERVAL: Final = 0.2
"""Seeks that come faster are coalesced."""
COMMAND_INTERVAL: Final = 0.125
COMMAND_BURST: Final = 12
"""The server bears 10 a second and 20 at once; over it, it closes.

No more wait for an answer either: what a blocked link holds arrives all at once.
"""
NOTE_INTERVAL: Final = 1.0
NOTE_BURST: Final = 5
ANSWER_TIMEOUT: Final = 15.0
"""After which the oldest command, and so all that depend on it, is sent again.

Longer than a silent connection lasts, so that nothing lies twice in a blocked link.
"""


class Pace:
    """So many at once, then one every interval."""

    def __init__(self, interval: float, burst: int) -> None:
        self._interval = interval
        self._room = interval * (burst - 1)
        self._spent_until = float("-inf")

    @property
    def ready_at(self) -> float:
        """When the next one may go."""
        return self._spent_until - self._room

    def take(self, now: float) -> None:
        """One goes."""
        self._spent_until = max(self._spent_until, now) + self._interval


class _Waiting:
    __slots__ = ("act", "based_on", "counter", "overtook", "sent_at")

    def __init__(self, act: Act, based_on: Cursor) -> None:
        self.act = act
        self.based_on = based_on
        self.counter: int | None = None
        """None until it is sent for the first time, so that what never goes leaves no gap."""
        self.sent_at: float | None = None
        """On this connection, under this counter."""
        self.overtook = False
        """The server refused it, since one before it was not there yet."""


class Commands:
    """A host's commands that the server has not confirmed."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._term: int | None = None
        self._counter = 0
        self._pace = Pace(COMMAND_INTERVAL, COMMAND_BURST)
        self._seek_pace = Pace(SEEK_INTERVAL, 1)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, act: Act, event_id: str, based_on: Cursor) -> bool:
        """Keep an act to be sent; False when so much waits that it is not taken.

        A seek or rate that has not gone yet is replaced by one that follows it at once.
        """
        last = next(reversed(self._waiting), None)
        if last is not None and self._is_outdone(self._waiting[last], act):
            del self._waiting[last]
        elif len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting[event_id] = _Waiting(act, based_on)
        return True

    def welcomed(self, host_term: int, counter: int) -> int:
        """A connection begins: all is sent again, unless somebody else has hosted since.

        Args:
            host_term: the stream's.
            counter: the last that the server has of this term.

        Returns:
            How many commands of another term were given up.
        """
        dropped = 0 if self._term in (None, host_term) else self.clear()
        self._term = host_term
        self._counter = max([counter, *(w.counter or 0 for w in self._waiting.values())])
        self._send_again()
        return dropped

    def next_at(self) -> float:
        """When `take` has something to send; infinite when nothing waits or too much is out."""
        unsent = self._unsent()
        return min(
            self._overdue_at(),
            float("inf") if unsent is None else self._due_at(unsent),
        )

    def take(self, now: float) -> Command | None:
        """The command to send at ``now``, if one is due."""
        if now >= self._overdue_at():
            self._send_again()
        event_id = self._unsent()
        if event_id is None or now < self._due_at(event_id):
            return None
        waiting = self._waiting[event_id]
        self._pace.take(now)
        if isinstance(waiting.act, Seek):
            self._seek_pace.take(now)
        if waiting.counter is None:
            self._counter += 1
            waiting.counter = self._counter
        waiting.sent_at = now
        return Command(
            event_id=event_id,
            host_term=self._term or 0,
            counter=waiting.counter,
            based_on=waiting.based_on,
            act=waiting.act,
        )

    def answered(self, event_id: str) -> Act | None:
        """The server has it, or will never have it; returns what it was."""
        waiting = self._waiting.pop(event_id, None)
        first = next(iter(self._waiting.values()), None)
        if first is not None and first.overtook:
            self._send_again()
        return None if waiting is None else waiting.act

    def expect(self, event_id: str, counter: int) -> None:
        """The server refused this command, since another counter is due.

        Only the first in line decides: those behind it were refused because of it, and go
        again with it.
        """
        refused = self._waiting.get(event_id)
        if refused is None or refused.sent_at is None:
            return
        if event_id != next(iter(self._waiting)):
            refused.overtook = True
            return
        if refused.counter == counter:
            return
        self._counter = counter - 1
        for waiting in self._waiting.values():
            if waiting.counter is not None:
                self._counter += 1
                waiting.counter = self._counter
        self._send_again()

    def clear(self) -> int:
        """Give all of them up; returns how many."""
        count = len(self._waiting)
        self._waiting.clear()
        return count

    @staticmethod
    def _is_outdone(last: _Waiting, act: Act) -> bool:
        if last.counter is not None:
            return False
        return isinstance(act, Seek | SetRate) and type(last.act) is type(act)

    def _send_again(self) -> None:
        for waiting in self._waiting.values():
            waiting.sent_at, waiting.overtook = None, False

    def _unsent(self) -> str | None:
        """The next that may go; None when nothing waits or too much is out already."""
        for out, (event_id, waiting) in enumerate(self._waiting.items()):
            if waiting.sent_at is None:
                return event_id if out < COMMAND_BURST else None
        return None

    def _due_at(self, event_id: str) -> float:
        waiting = self._waiting[event_id]
        is_last = event_id == next(reversed(self._waiting))
        if isinstance(waiting.act, Seek) and waiting.counter is None and is_last:
            return max(self._pace.ready_at, self._seek_pace.ready_at)
        return self._pace.ready_at

    def _overdue_at(self) -> float:
        first = next(iter(self._waiting.values()), None)
        if first is None or first.sent_at is None:
            return float("inf")
        return first.sent_at + ANSWER_TIMEOUT


class Notes:
    """Notes for the log that the server has not confirmed; in no order among commands."""

    def __init__(self) -> None:
        self._waiting: dict[str, Note] = {}
        self._unsent: dict[str, None] = {}
        self._pace = Pace(NOTE_INTERVAL, NOTE_BURST)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, note: Note) -> None:
        """Keep a note to be sent; dropped when too many wait."""
        if len(self._waiting) < MAX_WAITING:
            self._waiting[note.event_id] = note
            self._unsent[note.event_id] = None

    def welcomed(self) -> None:
        """A connection begins: all are sent again."""
        self._unsent = dict.fromkeys(self._waiting)

    def next_at(self) -> float:
        """When `take` has something to send; infinite when nothing waits or too much is out."""
        is_free = len(self._waiting) - len(self._unsent) < NOTE_BURST
        return self._pace.ready_at if self._unsent and is_free else float("inf")

    def take(self, now: float) -> Note | None:
        """The note to send at ``now``, if one is due."""
        if now < self.next_at():
            return None
        event_id = next(iter(self._unsent))
        del self._unsent[event_id]
        self._pace.take(now)
        return self._waiting[event_id]

    def answered(self, event_id: str) -> None:
        """The server has it, or will never have it."""
        self._waiting.pop(event_id, None)
        self._unsent.pop(event_id, None)


class Errands:
    """What a host wants done about people, until the server has answered."""

    def __init__(self) -> None:
        self._waiting: dict[str, Errand] = {}

    def put(self, errand: Errand) -> None:
        """It goes at once; this keeps it for another connection, should that one break."""
        self._waiting[errand.event_id] = errand

    @property
    def hands_over(self) -> bool:
        """Another member may have become host by now."""
        return any(isinstance(errand, HandOver) for errand in self._waiting.values())

    def welcomed(self, role: Role) -> tuple[Errand, ...]:
        """A connection begins: what is sent again; nothing by who does not host any more."""
        if role != "host":
            self._waiting.clear()
        return tuple(self._waiting.values())

    def answered(self, event_id: str) -> None:
        """It is done, or will never be."""
        self._waiting.pop(event_id, None)


class Reports:
    """The newest report that has not gone: an older one says nothing any more."""

    def __init__(self) -> None:
        self._newest: Report | None = None
        self._is_blocked = False

    def put(self, report: Report) -> None:
        """Keep a report to be sent, in place of an earlier one."""
        self._newest = report

    def clear(self) -> None:
        """Nobody waits for it any more."""
        self._newest = None

    def next_at(self) -> float:
        """When `take` has something to send; infinite while nothing waits or gets through."""
        return float("inf") if self._newest is None or self._is_blocked else float("-inf")

    def take(self, *, is_blocked: bool) -> Report | None:
        """The report to send, if there is one and the connection is not blocked."""
        self._is_blocked = is_blocked
        if is_blocked:
            return None
        newest, self._newest = self._newest, None
        return newest
