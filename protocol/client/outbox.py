"""Outbox: what waits for the server: kept until it is in the log, in its order, at a bearable
pace.

Over a lost connection everything is sent again under the same ids, which the server knows
from the first time. Instants are seconds on the local clock.
"""

from __future__ import annotations

from typing import Final

from protocol.wire.messages import (
    Act,
    Command,
    Cursor,
    HandOver,
    ModerationRequest,
    Note,
    RateAct,
    Report,
    Role,
    SeekAct,
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
ANSWER_TIMEOUT: Final = 60.0
"""After which a connection that leaves a command without an answer is given up.

Longer than a store may stall: who gives up what still works is away for nothing. Nothing is
sent twice over one connection: a copy could arrive after the refusal of the first, and be taken
before what was to follow it.
"""


class TokenPacer:
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
    __slots__ = ("act", "based_on", "counter", "sent_at")

    def __init__(self, act: Act, based_on: Cursor) -> None:
        self.act = act
        self.based_on = based_on
        self.counter: int | None = None
        """None until it is sent for the first time, so that what never goes leaves no gap."""
        self.sent_at: float | None = None
        """On its way over this connection; None while it is here."""


class CommandQueue:
    """A host's commands that the server has not confirmed.

    They lie on the link numbered one by one. When the server refuses one, its number is free,
    and so it refuses all behind it; those go again under the numbers that are due, once
    nothing is on the link any more that could take one. Until the server has taken a number,
    another process of this seat may be ahead, and only one command goes at a time: behind one
    that is refused, the next could be the one that is due.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._term: int | None = None
        self._counter = 0
        """The last that was given away; what this process has sent is never beyond it."""
        self._is_certain = False
        """The server has taken a number of this connection: those behind it are right."""
        self._due: int | None = None
        """What the server expects, while those on the link have other numbers."""
        self._pace = TokenPacer(COMMAND_INTERVAL, COMMAND_BURST)
        self._seek_pace = TokenPacer(SEEK_INTERVAL, 1)

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
        dropped = 0
        if host_term != self._term:
            dropped = 0 if self._term is None else self.clear()
            self._term, self._counter = host_term, 0
        # The server may not have looked yet at what an earlier connection brought.
        self._counter = max(counter, self._counter)
        self._due, self._is_certain = None, False
        for waiting in self._waiting.values():
            waiting.sent_at = None
        return dropped

    def next_at(self) -> float:
        """When `take` or `lapsed` has something to do; infinite when nothing waits."""
        unsent, oldest = self._unsent(), self._oldest()
        return min(
            float("inf") if oldest is None else oldest + ANSWER_TIMEOUT,
            float("inf") if unsent is None else self._ready_at(unsent),
        )

    def lapsed(self, now: float) -> bool:
        """Whether no answer came for so long that the connection is worth nothing; told once."""
        oldest = self._oldest()
        if oldest is None or now < oldest + ANSWER_TIMEOUT:
            return False
        for waiting in self._waiting.values():
            if waiting.sent_at is not None:
                waiting.sent_at = now
        return True

    def take(self, now: float) -> Command | None:
        """The command to send at ``now``, if one is due."""
        event_id = self._unsent()
        if event_id is None or now < self._ready_at(event_id):
            return None
        waiting = self._waiting[event_id]
        self._pace.take(now)
        if isinstance(waiting.act, SeekAct):
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

    def answered(self, event_id: str, *, is_taken: bool = False) -> Act | None:
        """The server has it, or will never have it.

        Args:
            event_id: of the command.
            is_taken: it came into the log just now, under the number it has here.

        Returns:
            What it was; None when it did not wait here.
        """
        waiting = self._waiting.pop(event_id, None)
        if waiting is not None and is_taken:
            self._is_certain = True
        self._number_anew()
        return None if waiting is None else waiting.act

    def expect(self, event_id: str, counter: int) -> None:
        """The server refused this command, since another counter is due."""
        refused = self._waiting.get(event_id)
        if refused is None or refused.sent_at is None or refused.counter == counter:
            return
        refused.sent_at = None
        self._due = counter
        self._number_anew()

    def clear(self) -> int:
        """Give all of them up; returns how many."""
        count = len(self._waiting)
        self._waiting.clear()
        self._number_anew()
        return count

    @staticmethod
    def _is_outdone(last: _Waiting, act: Act) -> bool:
        if last.counter is not None:
            return False
        return isinstance(act, SeekAct | RateAct) and type(last.act) is type(act)

    def _number_anew(self) -> None:
        if self._due is None or self._oldest() is not None:
            return
        self._counter, self._due = self._due - 1, None
        self._is_certain = False
        for waiting in self._waiting.values():
            if waiting.counter is not None:
                self._counter += 1
                waiting.counter = self._counter

    def _unsent(self) -> str | None:
        """The next that may go; None when nothing waits or too much is out already."""
        if self._due is not None:
            return None
        most = COMMAND_BURST if self._is_certain else 1
        for out, (event_id, waiting) in enumerate(self._waiting.items()):
            if waiting.sent_at is None:
                return event_id if out < most else None
        return None

    def _ready_at(self, event_id: str) -> float:
        waiting = self._waiting[event_id]
        is_last = event_id == next(reversed(self._waiting))
        if isinstance(waiting.act, SeekAct) and waiting.counter is None and is_last:
            return max(self._pace.ready_at, self._seek_pace.ready_at)
        return self._pace.ready_at

    def _oldest(self) -> float | None:
        """When the oldest that is on the link went."""
        return next(
            (w.sent_at for w in self._waiting.values() if w.sent_at is not None),
            None,
        )


class NoteQueue:
    """Notes for the log that the server has not confirmed; in no order among commands."""

    def __init__(self) -> None:
        self._waiting: dict[str, Note] = {}
        self._unsent: dict[str, None] = {}
        self._pace = TokenPacer(NOTE_INTERVAL, NOTE_BURST)

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


class PendingRequests:
    """What a host wants done about people, until the server has answered."""

    def __init__(self) -> None:
        self._waiting: dict[str, ModerationRequest] = {}

    def put(self, request: ModerationRequest) -> None:
        """It goes at once; this keeps it for another connection, should that one break."""
        self._waiting[request.event_id] = request

    @property
    def hands_over(self) -> bool:
        """Another member may have become host by now."""
        return any(isinstance(request, HandOver) for request in self._waiting.values())

    def welcomed(self, role: Role) -> tuple[ModerationRequest, ...]:
        """A connection begins: what is sent again; nothing by who does not host any more."""
        if role != "host":
            self._waiting.clear()
        return tuple(self._waiting.values())

    def answered(self, event_id: str) -> None:
        """It is done, or will never be."""
        self._waiting.pop(event_id, None)


class LatestReport:
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
