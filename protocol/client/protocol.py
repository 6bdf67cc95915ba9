"""Client protocol: the seat's side of the wire, without a socket and without a clock.

Feed it what arrived and what time it is; take from it what to send, what happened and
when to call again. Instants are seconds on the seat's own monotonic clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from protocol.client.clock_sync import ClockSync
from protocol.client.events import (
    ClientEvent,
    EphemeralReceived,
    InviteChanged,
    RequestRefused,
    ServerClosing,
    ServerTimedOut,
    SessionStarted,
    StartWaiting,
)
from protocol.client.hosting import Hosting
from protocol.client.outbox import CommandQueue, LatestReport, NoteQueue, PendingRequests
from protocol.client.replica import StreamReplica
from protocol.exceptions import DecodeError
from protocol.wire.codec import decode_client, decode_server, encode
from protocol.wire.messages import (
    Ack,
    Act,
    AnyEphemeralRequest,
    Bye,
    ClientMessage,
    Command,
    CreateStream,
    Cursor,
    EphemeralMessage,
    Event,
    Hello,
    Invited,
    Leave,
    ModerationRequest,
    Note,
    Ping,
    Pong,
    Presence,
    Refusal,
    Report,
    Resume,
    Role,
    Snapshot,
    StartWait,
    StateNow,
    Unknown,
    Welcome,
)
from protocol.wire.versions import PROTOCOL_OLDEST, PROTOCOL_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.client.stream_state import StreamState
    from protocol.sync.clock import ClockEstimate

SILENCE: Final = 12.0
"""Without a word from the server the connection is given up."""


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
        self.welcome: Welcome | None = None
        self._name = name
        self._instance_id = instance_id
        self._create = create
        self._take_over = take_over
        self._out: list[str] = []
        self._events: list[ClientEvent] = []
        tell = self._events.append
        self._commands = CommandQueue()
        self._notes = NoteQueue()
        self._reports = LatestReport()
        self._requests = PendingRequests()
        self._clock = ClockSync(tell)
        self._hosting = Hosting(self._commands, tell, yields=yields)
        self.replica = StreamReplica(self._hosting, tell)
        self._connected = False
        self._awaits_welcome = True
        self._heard_at = 0.0

    # The connection ---------------------------------------------------------------------

    @property
    def joined(self) -> bool:
        """The server has welcomed this connection."""
        return self._connected and not self._awaits_welcome

    @property
    def role(self) -> Role | None:
        """What this seat is now; None before the first welcome."""
        return self._hosting.role

    @property
    def state(self) -> StreamState | None:
        """The stream as far as it was heard; None before the first snapshot."""
        return self.replica.state

    def connection_made(self, now: float) -> None:
        """A socket is open: say hello."""
        self._connected = True
        self._awaits_welcome = True
        self._heard_at = now
        self.replica.connection_made()
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
                yields=self._hosting.yields or self._requests.hands_over,
            )
        )

    def connection_lost(self) -> None:
        """The socket is gone; what is under way is kept for the next one."""
        if self._connected:
            self.replica.connection_lost()
        self._connected = False
        self._awaits_welcome = True
        self._out.clear()
        self._reports.clear()
        self._clock.stop()

    def receive(self, text: str, received_at: float) -> None:
        """Take one frame; ``received_at`` is read before anything else is done with it.

        Raises:
            DecodeError: the server sent something that is not a message.
        """
        self._heard_at = received_at
        message = decode_server(text)
        match message:
            case Pong():
                self._clock.answered(message, received_at)
            case Welcome():
                self._welcomed(message, received_at)
            case Snapshot():
                self.replica.snapshot(message)
            case Event():
                self._ask(self.replica.event(message, received_at))
            case StateNow():
                self._ask(self.replica.state_now(message, received_at))
            case Presence():
                self.replica.presence(message)
            case Ack():
                self._commands.answered(message.event_id, is_taken=not message.duplicate)
                self._notes.answered(message.event_id)
                self._requests.answered(message.event_id)
            case Invited():
                self._requests.answered(message.event_id)
                self._events.append(InviteChanged(message))
            case StartWait():
                self._events.append(StartWaiting(message.members, message.until))
            case EphemeralMessage():
                self._events.append(EphemeralReceived(message))
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
        if self._awaits_welcome:
            return
        self._ask(self._clock.due(now))
        self._send_waiting(now)

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is due next; None while there is no connection."""
        if not self._connected:
            return None
        silence = self._heard_at + SILENCE
        if self._awaits_welcome:
            return silence
        waiting = min(self._commands.next_at(), self._notes.next_at(), self._reports.next_at())
        return min(silence, self._clock.next_deadline(), waiting)

    def data_to_send(self) -> list[str]:
        """Frames to send now, in this order."""
        out, self._out = self._out, []
        return out

    def events_received(self) -> list[ClientEvent]:
        """What happened since the last call."""
        events = self._events.copy()
        self._events.clear()
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

    def tell(self, request: AnyEphemeralRequest) -> bool:
        """Something for the others to hear now.

        Returns:
            False without a connection, since it is not sent later, and when the server is too
            old to know such a thing.
        """
        if not self.joined or self.welcome is None or request.since > self.welcome.version:
            return False
        if not self._is_unfit(request):
            self._send(request)
        return True

    def report(self, report: Report) -> None:
        """How the seat is doing, sent by `handle_timeout`; dropped without a connection.

        While nothing gets through only the newest one is kept.
        """
        if self.joined and not self._is_unfit(report):
            self._reports.put(report)

    def moderate(self, request: ModerationRequest) -> bool:
        """Something about people; returns False without a connection, when it may be too late."""
        if self.joined and not self._is_unfit(request, request.event_id):
            self._requests.put(request)
            self._send(request)
        return self.joined

    def leave(self) -> None:
        """Say that the seat goes for good."""
        if self.joined:
            self._send(Leave())

    def measure_clock(self, now: float, *, forget: bool = False) -> None:
        """Sample the server's clock in a burst; with ``forget`` from nothing."""
        self._clock.measure(now, forget=forget)

    def clock(self, now: float) -> ClockEstimate | None:
        """The server's clock at local instant ``now``."""
        return self._clock.estimate(now)

    def lost_pings(self, now: float) -> int:
        """Unanswered ones of the last ten pings."""
        return self._clock.lost(now)

    @property
    def unsent(self) -> int:
        """Commands and notes that the server has not confirmed."""
        return len(self._commands) + len(self._notes)

    # What the server says ---------------------------------------------------------------

    def _welcomed(self, welcome: Welcome, now: float) -> None:
        again = self.welcome is not None
        self.welcome = welcome
        self._awaits_welcome = False
        self.replica.welcomed()
        self._events.append(SessionStarted(welcome, again))
        self._clock.start(welcome.clock_id, now)
        self._hosting.welcomed(welcome)
        self._notes.welcomed()
        for request in self._requests.welcomed(welcome.role):
            self._send(request)

    def _refused(self, refusal: Refusal) -> None:
        if refusal.code == "out_of_order" and refusal.expected is not None:
            self._commands.expect(refusal.event_id, refusal.expected)
            return
        self._notes.answered(refusal.event_id)
        self._requests.answered(refusal.event_id)
        act = self._commands.answered(refusal.event_id)
        self._events.append(RequestRefused(refusal, act))
        # What was refused late, of a term that has ended, says nothing of what waits now.
        if refusal.code == "stale_host" and act is not None:
            self._hosting.refused_as_stale()

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
        if report := self._reports.take(is_blocked=self._clock.is_blocked(now)):
            yield report

    def _ask(self, message: Ping | Resume | None) -> None:
        if message is not None:
            self._send(message)

    def _send(self, message: ClientMessage) -> None:
        self._out.append(encode(message))
