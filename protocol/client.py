"""The seat's side of the wire, without a socket and without a clock.

Feed it what arrived and what time it is; take from it what to send, what happened and
when to call again. Instants are seconds on the seat's own monotonic clock.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from protocol.clock import ClockEstimate, ClockFilter, ClockSample
from protocol.codec import decode_server, encode
from protocol.messages import (
    PROTOCOL_OLDEST,
    PROTOCOL_VERSION,
    Ack,
    Act,
    Bye,
    Chat,
    ClientMessage,
    Command,
    CreateStream,
    Cursor,
    Event,
    Hello,
    Leave,
    Note,
    Pong,
    Presence,
    Refusal,
    Report,
    Resume,
    Say,
    Seek,
    Snapshot,
    StateNow,
    Welcome,
)
from protocol.pings import Pings
from protocol.stream import StreamState, from_snapshot

SILENCE: Final = 12.0
"""Without a word from the server the connection is given up."""
SEEK_INTERVAL: Final = 0.2
"""Seeks that come faster are coalesced."""
MAX_PENDING: Final = 64


# What happened --------------------------------------------------------------------------


class Joined(NamedTuple):
    """The server took the seat in."""

    welcome: Welcome
    again: bool
    """The seat had been in this stream before."""


class Recovered(NamedTuple):
    """The state is whole again after a connection was lost."""

    events: int
    by_snapshot: bool


class StateChanged(NamedTuple):
    """``ClientProtocol.state`` is a new one."""


class Logged(NamedTuple):
    """An event was applied."""

    event: Event


class MembersChanged(NamedTuple):
    """Members came (names), left (names) or changed."""

    came: tuple[str, ...]
    left: tuple[str, ...]


class Said(NamedTuple):
    """Chat."""

    chat: Chat


class RefusedBy(NamedTuple):
    """The server refused ``act`` (None: something else, or the whole connection)."""

    refusal: Refusal
    act: Act | None


class ClockMoved(NamedTuple):
    """There is a new estimate of the server's clock."""

    estimate: ClockEstimate


class Dropped(NamedTuple):
    """Commands that waited were given up: somebody else hosts now."""

    count: int


class Unanswered(NamedTuple):
    """The server is silent: close the connection and try anew."""


class Ended(NamedTuple):
    """The server closes the connection."""

    bye: Bye


ClientEvent = (
    Joined
    | Recovered
    | StateChanged
    | Logged
    | MembersChanged
    | Said
    | RefusedBy
    | ClockMoved
    | Dropped
    | Unanswered
    | Ended
)


class ClientProtocol:
    """One seat's life on the wire, over as many connections as it takes."""

    def __init__(
        self,
        *,
        name: str,
        instance_id: str,
        create: CreateStream | None = None,
        take_over: bool = False,
    ) -> None:
        self.state: StreamState | None = None
        self.welcome: Welcome | None = None
        self._name = name
        self._instance_id = instance_id
        self._create = create
        self._take_over = take_over
        self._clock = ClockFilter()
        self._clock_id = ""
        self._pings = Pings()
        self._pending: dict[str, Command] = {}
        self._notes: dict[str, Note] = {}
        self._counter = 0
        self._late_seek: tuple[Seek, str] | None = None
        self._seek_at = float("-inf")
        self._connected = False
        self._greeting = True
        self._heard_at = 0.0
        self._away = False
        self._missed = 0
        self._catching_up = False
        self._asked_resume = False
        self._out: list[str] = []
        self._events: list[ClientEvent] = []

    # The connection ---------------------------------------------------------------------

    @property
    def joined(self) -> bool:
        """The server has welcomed this connection."""
        return self._connected and not self._greeting

    def connection_made(self, now: float) -> None:
        """A socket is open: say hello."""
        self._connected = True
        self._greeting = True
        self._heard_at = now
        self._asked_resume = False
        self._out.clear()
        self._send(
            Hello(
                version_min=PROTOCOL_OLDEST,
                version_max=PROTOCOL_VERSION,
                name=self._name,
                instance_id=self._instance_id,
                cursor=self.state.cursor if self.state else None,
                create=self._create if self.state is None else None,
                take_over=self._take_over and self.state is None,
            )
        )

    def connection_lost(self) -> None:
        """The socket is gone; what is under way is kept for the next one."""
        self._away = self._away or (self._connected and self.state is not None)
        self._connected = False
        self._greeting = True
        self._out.clear()
        self._pings.stop()

    def receive(self, text: str, received_at: float) -> None:
        """Take one frame; ``received_at`` is read before anything else is done with it.

        Raises:
            DecodeError: the server sent something that is not a message.
        """
        self._heard_at = received_at
        message = decode_server(text)
        match message:
            case Pong():
                self._pong(message, received_at)
            case Welcome():
                self._welcomed(message, received_at)
            case Snapshot():
                self._snapshot(message)
            case Event():
                self._event(message)
            case StateNow():
                self._state_now(message)
            case Presence():
                self._presence(message)
            case Ack():
                self._pending.pop(message.event_id, None)
                self._notes.pop(message.event_id, None)
            case Chat():
                self._events.append(Said(message))
            case Refusal():
                self._refused(message)
            case Bye():
                self._events.append(Ended(message))

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        if not self._connected:
            return
        if now - self._heard_at >= SILENCE:
            self._heard_at = now
            self._events.append(Unanswered())
        if self._greeting:
            return
        if self._pings.due(now):
            self._send(self._pings.send(now))
        if self._late_seek and now >= self._seek_at + SEEK_INTERVAL:
            (seek, event_id), self._late_seek = self._late_seek, None
            self._command(seek, event_id, now)

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is due next; None while there is no connection."""
        if not self._connected:
            return None
        deadline = self._heard_at + SILENCE
        if not self._greeting:
            deadline = min(deadline, self._pings.next_at)
            if self._late_seek:
                deadline = min(deadline, self._seek_at + SEEK_INTERVAL)
        return deadline

    def data_to_send(self) -> list[str]:
        """Frames to send now, in this order."""
        out, self._out = self._out, []
        return out

    def events_received(self) -> list[ClientEvent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    # What the seat wants ----------------------------------------------------------------

    def request(self, act: Act, event_id: str, now: float) -> bool:
        """The host changes the timeline; kept until the server has it in its log.

        Returns:
            False when so much waits already that this one was not taken.
        """
        if len(self._pending) >= MAX_PENDING:
            return False
        if isinstance(act, Seek) and (self._late_seek or now < self._seek_at + SEEK_INTERVAL):
            self._late_seek = (act, event_id)
            return True
        if self._late_seek:
            (seek, seek_id), self._late_seek = self._late_seek, None
            self._command(seek, seek_id, now)
        self._command(act, event_id, now)
        return True

    def note(self, note: Note) -> None:
        """Something for the log; kept until the server has it."""
        if len(self._notes) < MAX_PENDING:
            self._notes[note.event_id] = note
            self._send_when_joined(note)

    def say(self, text: str) -> bool:
        """Chat; returns False without a connection, since old chat is not sent later."""
        return self._send_when_joined(Say(text))

    def report(self, report: Report) -> None:
        """How the seat is doing; dropped without a connection."""
        self._send_when_joined(report)

    def leave(self) -> None:
        """Say that the seat goes for good."""
        self._send_when_joined(Leave())

    def measure_clock(self, now: float, *, forget: bool = False) -> None:
        """Sample the server's clock in a burst; with ``forget`` from nothing."""
        if forget:
            self._clock.clear()
        self._pings.start(now)

    def clock(self, now: float) -> ClockEstimate | None:
        """The server's clock at local instant ``now``."""
        return self._clock.estimate(now)

    def lost_pings(self, now: float) -> int:
        """Unanswered ones of the last ten pings."""
        return self._pings.lost(now)

    @property
    def unsent(self) -> int:
        """Commands and notes that the server has not confirmed."""
        return len(self._pending) + len(self._notes) + bool(self._late_seek)

    # What the server says ---------------------------------------------------------------

    def _welcomed(self, welcome: Welcome, now: float) -> None:
        again = self.welcome is not None
        same_term = again and self.welcome is not None and (
            self.welcome.host_term == welcome.host_term
        )
        self.welcome = welcome
        self._create = None
        self._greeting = False
        self._missed = 0
        self._catching_up = self._away
        self._away = False
        if welcome.clock_id != self._clock_id:
            self._clock_id = welcome.clock_id
            self._clock.clear()
        self._pings.start(now)
        self._events.append(Joined(welcome, again))
        if not same_term and self._pending:
            self._events.append(Dropped(len(self._pending)))
            self._pending.clear()
        self._counter = max([welcome.counter, *(c.counter for c in self._pending.values())])
        for message in (*self._pending.values(), *self._notes.values()):
            self._send(message)

    def _snapshot(self, snapshot: Snapshot) -> None:
        self._asked_resume = False
        self.state = from_snapshot(snapshot)
        self._events.append(StateChanged())
        self._events.append(MembersChanged((), ()))
        self._caught_up(by_snapshot=True)

    def _event(self, event: Event) -> None:
        if self.state is None:
            return
        applied, self.state = self.state.apply(event)
        if applied == "applied":
            self._missed += self._catching_up
            self._asked_resume = False
            self._events.append(Logged(event))
            self._events.append(StateChanged())
        elif applied == "gap":
            self._resume()

    def _state_now(self, message: StateNow) -> None:
        if self.state is None:
            return
        before = self.state.timeline
        applied, self.state = self.state.restate(message)
        if applied == "gap":
            self._resume()
            return
        self._caught_up(by_snapshot=False)
        if self.state.timeline != before:
            self._events.append(StateChanged())

    def _caught_up(self, *, by_snapshot: bool) -> None:
        if self._catching_up:
            self._catching_up = False
            self._events.append(Recovered(self._missed, by_snapshot))

    def _resume(self) -> None:
        if self.state is not None and not self._asked_resume:
            self._asked_resume = True
            self._send(Resume(self.state.cursor))

    def _presence(self, presence: Presence) -> None:
        if self.state is None:
            return
        known = self.state.members
        came = tuple(m.name for m in presence.changed if m.member_id not in known)
        left = tuple(known[i].name for i in presence.left if i in known)
        self.state = self.state.present(presence)
        self._events.append(MembersChanged(came, left))

    def _refused(self, refusal: Refusal) -> None:
        command = self._pending.get(refusal.event_id)
        if refusal.code == "out_of_order" and refusal.expected is not None and command:
            self._renumber(refusal.expected)
            return
        self._pending.pop(refusal.event_id, None)
        self._notes.pop(refusal.event_id, None)
        if refusal.code == "stale_host":
            self._pending.clear()
        self._events.append(RefusedBy(refusal, command.act if command else None))

    def _renumber(self, expected: int) -> None:
        """Number what waits from ``expected`` on and send it again, in its order."""
        self._counter = expected - 1
        for event_id, command in list(self._pending.items()):
            self._counter += 1
            command = msgspec.structs.replace(command, counter=self._counter)
            self._pending[event_id] = command
            self._send(command)

    def _pong(self, pong: Pong, received_at: float) -> None:
        if not self._pings.answered(pong.t0):
            return
        self._clock.add(ClockSample(pong.t0, pong.t1, pong.t2, received_at))
        estimate = self._clock.estimate(received_at)
        if estimate is not None:
            self._events.append(ClockMoved(estimate))

    # Sending ----------------------------------------------------------------------------

    def _command(self, act: Act, event_id: str, now: float) -> None:
        if isinstance(act, Seek):
            self._seek_at = now
        self._counter += 1
        command = Command(
            event_id=event_id,
            host_term=self.welcome.host_term if self.welcome else 0,
            counter=self._counter,
            based_on=self.state.cursor if self.state else Cursor(0, 0),
            act=act,
        )
        self._pending[event_id] = command
        self._send_when_joined(command)

    def _send_when_joined(self, message: ClientMessage) -> bool:
        if self.joined:
            self._send(message)
        return self.joined

    def _send(self, message: ClientMessage) -> None:
        self._out.append(encode(message))
