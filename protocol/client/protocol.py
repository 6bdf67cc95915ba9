"""Client protocol: the seat's side of the wire, without a socket and without a clock.

Feed it what arrived and what time it is; take from it what to send, what happened and
when to call again. Instants are seconds on the seat's own monotonic clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from protocol.client.events import (
    ChatReceived,
    ClientEvent,
    ClockLost,
    ClockUpdated,
    CommandsDropped,
    EventApplied,
    InviteChanged,
    MembersChanged,
    RequestRefused,
    RoleChanged,
    ServerClosing,
    ServerTimedOut,
    SessionResumed,
    SessionStarted,
    StartWaiting,
    StateChanged,
)
from protocol.client.outbox import CommandQueue, LatestReport, NoteQueue, PendingRequests
from protocol.client.ping_schedule import PingSchedule
from protocol.client.stream_state import StreamState, from_snapshot
from protocol.exceptions import DecodeError
from protocol.sync.clock import ClockEstimate, ClockEstimator, ClockSample
from protocol.wire.codec import decode_client, decode_server, encode
from protocol.wire.messages import (
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
    Invited,
    Leave,
    ModerationRequest,
    Note,
    Pong,
    Presence,
    Refusal,
    Report,
    Resume,
    Role,
    SendChat,
    Snapshot,
    StartWait,
    StateNow,
    Unknown,
    Welcome,
)
from protocol.wire.versions import PROTOCOL_OLDEST, PROTOCOL_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

SILENCE: Final = 12.0
"""Without a word from the server the connection is given up."""
ODD_DELAY: Final = 0.1
"""Seconds by which an answer must be later than usual for the link to be watched more closely."""
RESUME_TIMEOUT: Final = 4.0
"""A gap that is still there after so long is asked about again."""


class ClientProtocol:
    """One seat's life on the wire, over as many connections as it takes."""

    def __init__(
        self,
        *,
        name: str,
        instance_id: str,
        create: CreateStream | None = None,
        take_over: bool = False,
        yields: bool = False,
    ) -> None:
        """
        Args:
            name: what the others see.
            instance_id: who the seat is.
            create: a stream to be made by the first hello.
            take_over: a connected host may be displaced by it.
            yields: this seat has hosted, and does not mean to again.
        """
        self.state: StreamState | None = None
        self.welcome: Welcome | None = None
        self._name = name
        self._instance_id = instance_id
        self._create = create
        self._take_over = take_over
        self._yields = yields
        self._host_term = 0
        self._clock = ClockEstimator()
        self._clock_id = ""
        self._pings = PingSchedule()
        self._commands = CommandQueue()
        self._notes = NoteQueue()
        self._reports = LatestReport()
        self._errands = PendingRequests()
        self._connected = False
        self._greeting = True
        self._heard_at = 0.0
        self._away = False
        self._missed = 0
        self._catching_up = False
        self._resume_at = float("-inf")
        self._out: list[str] = []
        self._events: list[ClientEvent] = []

    # The connection ---------------------------------------------------------------------

    @property
    def joined(self) -> bool:
        """The server has welcomed this connection."""
        return self._connected and not self._greeting

    @property
    def role(self) -> Role | None:
        """What this seat is now; None before the first welcome."""
        return None if self.welcome is None else "viewer" if self._yields else "host"

    def connection_made(self, now: float) -> None:
        """A socket is open: say hello."""
        self._connected = True
        self._greeting = True
        self._heard_at = now
        self._resume_at = float("-inf")
        self._out.clear()
        is_first = self.welcome is None
        self._send(
            Hello(
                version_min=PROTOCOL_OLDEST,
                version_max=PROTOCOL_VERSION,
                name=self._name,
                instance_id=self._instance_id,
                cursor=self.state.cursor if self.state else None,
                create=self._create if is_first else None,
                take_over=self._take_over and is_first,
                yields=self._yields or self._errands.hands_over,
            )
        )

    def connection_lost(self) -> None:
        """The socket is gone; what is under way is kept for the next one."""
        if self._connected and self.state is not None and not self._away:
            self._away = True
            if not self._catching_up:
                self._missed = 0
        self._connected = False
        self._greeting = True
        self._out.clear()
        self._reports.clear()
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
                self._event(message, received_at)
            case StateNow():
                self._state_now(message, received_at)
            case Presence():
                self._presence(message)
            case Ack():
                self._commands.answered(message.event_id, is_taken=not message.duplicate)
                self._notes.answered(message.event_id)
                self._errands.answered(message.event_id)
            case Invited():
                self._errands.answered(message.event_id)
                self._events.append(InviteChanged(message))
            case StartWait():
                self._events.append(StartWaiting(message.members, message.until))
            case Chat():
                self._events.append(ChatReceived(message))
            case Refusal():
                self._refused(message)
            case Bye():
                self._events.append(ServerClosing(message))
            case Unknown():
                pass
            case _:
                assert_never(message)
        self._send_waiting(received_at)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        if not self._connected:
            return
        lapsed = self.joined and self._commands.lapsed(now)
        if lapsed or now - self._heard_at >= SILENCE:
            self._heard_at = now
            self._events.append(ServerTimedOut())
        if self._greeting:
            return
        if self._pings.due(now):
            self._send(self._pings.send(now))
        self._send_waiting(now)

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is due next; None while there is no connection."""
        if not self._connected:
            return None
        silence = self._heard_at + SILENCE
        if self._greeting:
            return silence
        waiting = min(self._commands.next_at(), self._notes.next_at(), self._reports.next_at())
        return min(silence, self._pings.next_at, waiting)

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
        based_on = self.state.cursor if self.state else Cursor(0, 0)
        if self._is_unfit(Command(event_id, 0, 0, based_on, act), event_id, act):
            return True
        taken = self._commands.put(act, event_id, based_on)
        self._send_waiting(now)
        return taken

    def note(self, note: Note) -> None:
        """Something for the log, sent by `handle_timeout`; kept until the server has it."""
        if not self._is_unfit(note, note.event_id):
            self._notes.put(note)

    def say(self, text: str) -> bool:
        """Chat; returns False without a connection, since old chat is not sent later."""
        if not self.joined:
            return False
        if not self._is_unfit(SendChat(text)):
            self._send(SendChat(text))
        return True

    def report(self, report: Report) -> None:
        """How the seat is doing, sent by `handle_timeout`; dropped without a connection.

        While nothing gets through only the newest one is kept.
        """
        if self.joined and not self._is_unfit(report):
            self._reports.put(report)

    def run_errand(self, errand: ModerationRequest) -> bool:
        """Something about people; returns False without a connection, when it may be too late."""
        if self.joined and not self._is_unfit(errand, errand.event_id):
            self._errands.put(errand)
            self._send(errand)
        return self.joined

    def leave(self) -> None:
        """Say that the seat goes for good."""
        if self.joined:
            self._send(Leave())

    def measure_clock(self, now: float, *, forget: bool = False) -> None:
        """Sample the server's clock in a burst; with ``forget`` from nothing."""
        if forget:
            self._forget_clock()
            self._pings.start(now)
        else:
            self._pings.burst(now)

    def clock(self, now: float) -> ClockEstimate | None:
        """The server's clock at local instant ``now``."""
        return self._clock.estimate(now)

    def lost_pings(self, now: float) -> int:
        """Unanswered ones of the last ten pings."""
        return self._pings.lost(now)

    @property
    def unsent(self) -> int:
        """Commands and notes that the server has not confirmed."""
        return len(self._commands) + len(self._notes)

    # What the server says ---------------------------------------------------------------

    def _welcomed(self, welcome: Welcome, now: float) -> None:
        again = self.welcome is not None
        before = self.role
        self.welcome = welcome
        self._yields = welcome.role == "viewer"
        self._host_term = welcome.host_term
        self._greeting = False
        self._catching_up = self._away
        self._away = False
        self._events.append(SessionStarted(welcome, again))
        if welcome.clock_id != self._clock_id:
            self._clock_id = welcome.clock_id
            self._forget_clock()
        self._pings.start(now)
        dropped = self._commands.welcomed(welcome.host_term, welcome.counter)
        if dropped:
            self._events.append(CommandsDropped(dropped))
        self._notes.welcomed()
        if before not in (None, welcome.role):
            self._events.append(RoleChanged(welcome.role))
        for errand in self._errands.welcomed(welcome.role):
            self._send(errand)

    def _hosted_by(self, host_id: str, host_term: int, name: str = "") -> None:
        """Who hosts since ``host_term``; one that is known says nothing new."""
        if self.welcome is None or host_term <= self._host_term:
            return
        before, self._host_term = self.role, host_term
        self._yields = host_id != self.welcome.member_id
        dropped = self._commands.welcomed(host_term, 0)
        if dropped:
            self._events.append(CommandsDropped(dropped))
        role: Role = "viewer" if self._yields else "host"
        if role != before:
            self._events.append(RoleChanged(role, name))

    def _snapshot(self, snapshot: Snapshot) -> None:
        self._resume_at = float("-inf")
        self.state = from_snapshot(snapshot)
        self._hosted_by(snapshot.host_id, snapshot.host_term)
        self._events.append(StateChanged())
        self._events.append(MembersChanged())
        self._caught_up(by_snapshot=True)

    def _event(self, event: Event, now: float) -> None:
        if self.state is None:
            return
        applied, self.state = self.state.apply(event)
        if applied == "applied":
            self._missed += self._catching_up
            self._resume_at = float("-inf")
            name = event.name if event.member_id == event.host_id else ""
            self._hosted_by(self.state.host_id, self.state.host_term, name)
            self._events.append(EventApplied(event))
            self._events.append(StateChanged())
        elif applied == "gap":
            self._resume(self.state.cursor, now)

    def _state_now(self, message: StateNow, now: float) -> None:
        if self.state is None:
            return
        before = self.state.timeline
        applied, self.state = self.state.restate(message)
        if applied == "gap":
            self._resume(self.state.cursor, now)
            return
        if self.state.timeline != before:
            self._events.append(StateChanged())
        self._caught_up(by_snapshot=False)

    def _caught_up(self, *, by_snapshot: bool) -> None:
        if self._catching_up:
            self._catching_up = False
            self._events.append(SessionResumed(self._missed, by_snapshot))

    def _resume(self, cursor: Cursor, now: float) -> None:
        """Ask for what is missing: once, and again if nothing came of it."""
        if now - self._resume_at >= RESUME_TIMEOUT:
            self._resume_at = now
            self._send(Resume(cursor))

    def _presence(self, presence: Presence) -> None:
        if self.state is None:
            return
        before = self.state.members
        self.state = self.state.present(presence)
        after = self.state.members
        came = tuple(member.name for i, member in after.items() if i not in before)
        gone = {i: member.name for i, member in before.items() if i not in after}
        removed = tuple(gone.pop(i) for i in presence.removed if i in gone)
        self._events.append(MembersChanged(came, tuple(gone.values()), removed))

    def _refused(self, refusal: Refusal) -> None:
        if refusal.code == "out_of_order" and refusal.expected is not None:
            self._commands.expect(refusal.event_id, refusal.expected)
            return
        self._notes.answered(refusal.event_id)
        self._errands.answered(refusal.event_id)
        act = self._commands.answered(refusal.event_id)
        self._events.append(RequestRefused(refusal, act))
        # What was refused late, of a term that has ended, says nothing of what waits now.
        if refusal.code == "stale_host" and act is not None:
            dropped = self._commands.clear()
            if dropped:
                self._events.append(CommandsDropped(dropped))

    def _pong(self, pong: Pong, received_at: float) -> None:
        if not self._pings.answered(pong.t0):
            return
        sample = ClockSample(pong.t0, pong.t1, pong.t2, received_at)
        self._clock.add(sample)
        estimate = self._clock.estimate(received_at)
        if estimate is not None:
            self._events.append(ClockUpdated(estimate))
            if sample.delay > estimate.delay + ODD_DELAY:
                self._pings.watch(received_at)

    def _forget_clock(self) -> None:
        if self._clock.is_known:
            self._events.append(ClockLost())
        self._clock.clear()

    # Sending ----------------------------------------------------------------------------

    def _is_unfit(self, message: ClientMessage, event_id: str = "", act: Act | None = None) -> bool:
        """Whether the server could not read it; then it is refused here.

        Its own answer would not say which message it was, and three of them end the seat.
        """
        try:
            decode_client(encode(message))
        except DecodeError as error:
            code = "invalid_field" if error.code == "invalid_field" else "bad_message"
            refusal = Refusal(code, error.message, field=error.field, event_id=event_id)
            self._events.append(RequestRefused(refusal, act))
            return True
        return False

    def _send_waiting(self, now: float) -> None:
        if self.joined:
            for message in self._due(now):
                self._send(message)

    def _due(self, now: float) -> Iterator[ClientMessage]:
        while command := self._commands.take(now):
            yield command
        while note := self._notes.take(now):
            yield note
        if report := self._reports.take(is_blocked=self._pings.is_blocked(now)):
            yield report

    def _send(self, message: ClientMessage) -> None:
        self._out.append(encode(message))
