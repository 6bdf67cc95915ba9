"""A seat in virtual time: the real client core, driver, follower and reactions.

Only the event loop, the socket and the search for the film are stood in for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from player.api.intents import Pause, Play, Seek, SetRate
from player.backend.base import MediaOpened, Source
from player.session.core.host_commands import HostCommands
from player.session.core.sync_inputs import SyncInputs
from player.session.core.telemetry import SeatTelemetry
from player.session.player_events import PlayerEventHandler
from player.sync.follower import Follower
from player.sync.messages import Jumped, PauseNow, PlayAtRate, PlayerCommand, SeekTo, Widened
from player.sync.thread import PlayerThread
from protocol.client import events
from protocol.client.protocol import ClientProtocol
from protocol.wire import messages
from tests.simulation.moody_player import Mood, MoodyPlayer
from tests.simulation.network import Pipe, Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from player.api.intents import AnyIntent
    from player.backend.base import EventSink, Player
    from player.backend.fake import FakeFilm
    from player.session.context import NoteType, SessionContext
    from player.sync.messages import PlayerNews
    from protocol.server.access.peers import HandshakeInfo
    from tests.simulation.clockwork import Clockwork
    from tests.simulation.hub import Hub

BEAT = 0.25
REPORT_INTERVAL = 1.0
FILM = messages.Media("film-0001", "file", title="The Film")


class Traits(NamedTuple):
    """What is peculiar to one seat."""

    name: str
    offset: float
    """Of its clock, in seconds."""
    skew: float
    """By which its clock runs fast, a share of 1."""
    up: Way
    down: Way
    mood: Mood
    correction: Literal["soft", "full"] = "full"

    @property
    def blind_error(self) -> float:
        """Seconds the clock estimate is off by for sure: nobody can see an uneven way."""
        return (self.up.least - self.down.least) / 2


class Said(NamedTuple):
    """A command that a player was given, at the true time."""

    at: float
    command: PlayerCommand


class SpiedFollower(Follower):
    """A follower whose commands are kept."""

    def __init__(self, clockwork: Clockwork, correction: Literal["soft", "full"]) -> None:
        super().__init__(correction)
        self._clockwork = clockwork
        self.said: list[Said] = []

    def note(self, *commands: PlayerCommand) -> None:
        """Keep what the player is given."""
        self.said.extend(Said(self._clockwork.now, command) for command in commands)


class _SpyingPlayer(MoodyPlayer):
    """Notes what it is told, so that nothing that reaches a player goes uncounted."""

    spied: SpiedFollower | None = None

    def seek(self, position: float) -> None:
        if self.spied is not None:
            self.spied.note(SeekTo(position))
        super().seek(position)

    def set_rate(self, rate: float) -> None:
        if self.spied is not None:
            self.spied.note(PlayAtRate(rate))
        super().set_rate(rate)

    def set_paused(self, paused: bool) -> None:
        if self.spied is not None and paused != self._paused:
            self.spied.note(PauseNow())
        super().set_paused(paused)


class _Screening:
    """Knows the film without looking for it."""

    ever_opened = True
    queue_left = 0
    view = None

    def player_opened(self, event: MediaOpened) -> None:
        """Nothing to tell anybody."""

    def player_failed(self, event: object) -> bool:
        """Nothing is tried again by itself."""
        return False


class SimSeat:
    """One member; ``host`` founds the stream, the others come with its invite."""

    def __init__(
        self,
        clockwork: Clockwork,
        hub: Hub,
        random: Random,
        traits: Traits,
        film: FakeFilm,
        *,
        is_host: bool,
    ) -> None:
        self.traits = traits
        self._offset = traits.offset
        self._asleep = (0.0, 0.0)
        """From, until; true time."""
        self.is_host = is_host
        self.visitor: HandshakeInfo | None = None
        self._clockwork = clockwork
        self._hub = hub
        self._random = random
        self._film = film
        self.protocol = ClientProtocol(
            name=traits.name,
            instance_id=f"instance-of-{traits.name.lower()}",
            create=messages.CreateStream() if is_host else None,
        )
        self.follower = SpiedFollower(clockwork, traits.correction)
        self.driver = PlayerThread(self._make_player, self.follower, self._take_news, self.clock)
        self.player: MoodyPlayer | None = None
        self.controls = HostCommands(self.driver.hold)
        self.gauges = SeatTelemetry()
        self.sync_inputs = SyncInputs(self.protocol, self.driver)
        self.screening = _Screening()
        self._reactions = PlayerEventHandler(cast("SessionContext", self))
        self.jumps: list[tuple[float, Jumped]] = []
        self.widened = 0
        self.notices: list[str] = []
        self.undone = 0
        self._media: messages.Media | None = None
        self.pipe: type[Pipe] = Pipe
        """What its connections are made of."""
        self._pipes: tuple[Pipe, Pipe] | None = None
        self._peer = 0
        self._attempt = 0
        self._ids = 0
        self._alarm = float("inf")
        self._report_at = float("-inf")
        self.beyond_bound = 0.0
        """Seconds by which the server's clock was ever further off than was stated."""
        self.clock_errors: list[float] = []

    # Time -------------------------------------------------------------------------------

    def clock(self) -> float:
        """Now, on this seat's own clock, which stands still while its machine sleeps."""
        now = min(self._clockwork.now, self._asleep[0]) if self.is_asleep else self._clockwork.now
        return now * (1 + self.traits.skew) + self._offset

    def _true(self, local: float) -> float:
        return (local - self._offset) / (1 + self.traits.skew)

    @property
    def is_asleep(self) -> bool:
        """Nothing happens here; what arrives is looked at later."""
        return self._clockwork.now < self._asleep[1]

    def sleep(self, seconds: float) -> None:
        """The machine sleeps: its clock, its player and its programs stand still."""
        now = self._clockwork.now
        self._asleep = (now, now + seconds)
        self._clockwork.after(seconds, lambda: self._awake(seconds))

    def _awake(self, seconds: float) -> None:
        self._offset -= seconds * (1 + self.traits.skew)
        self.protocol.measure_clock(self.clock(), forget=True)
        self.wake()

    def _later(self, act: Callable[[], None]) -> bool:
        """Whether ``act`` must wait until the machine is awake again."""
        if self.is_asleep:
            self._clockwork.at(self._asleep[1], act)
        return self.is_asleep

    def start(self) -> None:
        """Sit down: make the player, connect, and go on by itself."""
        self.driver.open()
        self.connect()
        self._beat()
        self.wake()

    def wake(self) -> None:
        """Do everything that is due now, and see when something is due next."""
        if self.is_asleep:
            return
        if self.player is not None:
            self.player.tick()
        self.driver.step()
        self.protocol.handle_timeout(self.clock())
        self.flush()
        self._set_alarm()

    def _set_alarm(self) -> None:
        dues = [self.driver.next_deadline()]
        if self.player is not None and (due := self.player.next_deadline()) is not None:
            dues.append(due)
        if (due := self.protocol.next_deadline()) is not None:
            dues.append(due)
        # A clock that is added to and taken from loses its last bits: never wake too early.
        alarm = max(self._true(min(dues)) + 1e-7, self._clockwork.now + 1e-7)
        if alarm < self._alarm or self._alarm <= self._clockwork.now:
            self._alarm = alarm
            self._clockwork.at(alarm, lambda: self._ring(alarm))

    def _ring(self, alarm: float) -> None:
        if alarm == self._alarm:
            self.wake()

    def _beat(self) -> None:
        """What a session does by the clock."""
        if self._later(self._beat):
            return
        now = self.clock()
        self.sync_inputs.update(now)
        estimate = self.protocol.clock(now)
        if estimate is not None:
            error = now + estimate.offset - self._hub.instant
            self.clock_errors.append(error)
            self.beyond_bound = max(self.beyond_bound, abs(error) - estimate.error)
        if now >= self._report_at:
            self._report_at = now + REPORT_INTERVAL
            self.protocol.report(self.gauges.report(self.protocol, now))
        self.wake()
        self._clockwork.after(BEAT, self._beat)

    # The link ---------------------------------------------------------------------------

    def connect(self) -> None:
        """Open a connection."""
        if self.visitor is None:
            return
        if not self._hub.is_up:
            self._retry()
            return
        visitor, clockwork = self.visitor, self._clockwork
        down = self.pipe(clockwork, self.traits.down, self._random, self._receive)
        peer = self._peer = self._hub.connect(visitor, down.send, self._closed_by_server)
        up = self.pipe(
            clockwork, self.traits.up, self._random, lambda frame: self._hub.receive(peer, frame)
        )
        self._pipes = (up, down)
        self.protocol.connection_made(self.clock())
        self.wake()

    def reset(self, noticed_after: float) -> None:
        """The connection breaks; the server notices so many seconds later."""
        if self._pipes is None:
            return
        _, down = self._pipes
        down.cut()
        self._pipes = None
        peer = self._peer
        self._clockwork.after(noticed_after, lambda: self._hub.disconnect(peer))
        self.protocol.connection_lost()
        self._retry()
        self.wake()

    def _retry(self) -> None:
        self._attempt += 1
        self._clockwork.after(min(0.25 * 1.7**self._attempt, 5.0), self._reconnect)

    def _closed_by_server(self) -> None:
        self.reset(0.0)

    def _reconnect(self) -> None:
        if self._later(self._reconnect):
            return
        if self._pipes is None:
            self.connect()

    def flush(self) -> None:
        """Send what waits."""
        for frame in self.protocol.data_to_send():
            if self._pipes is not None:
                self._pipes[0].send(frame)

    def _receive(self, frame: str) -> None:
        if self._later(lambda: self._receive(frame)):
            return
        self.protocol.receive(frame, self.clock())
        for event in self.protocol.events_received():
            self._server_event(event)
        self.wake()

    def _server_event(self, event: events.ClientEvent) -> None:
        """As `player.session.session` does it."""
        match event:
            case events.SessionStarted():
                self._attempt = 0
            case events.StateChanged():
                self._state_changed()
            case events.ClockUpdated(estimate=estimate):
                self.gauges.take_clock(self.clock(), estimate)
                self.sync_inputs.update(self.clock())
            case events.ClockLost():
                self.sync_inputs.clock_lost()
            case events.RequestRefused(act=act):
                if act is not None:
                    self.driver.release()
            case events.CommandsDropped():
                self.driver.release()
            case events.StartWaiting(members=members):
                self.controls.waits = bool(members)
            case events.ServerTimedOut():
                self.reset(0.0)
            case _:
                pass

    def _state_changed(self) -> None:
        state = self.protocol.state
        assert state is not None
        if state.media is not None and state.media != self._media:
            self._media = state.media
            self.open_film()
        self.sync_inputs.update(self.clock())
        self.driver.set_sync_enabled(state.sync_enabled)
        self.driver.follow(state.timeline)

    # The player -------------------------------------------------------------------------

    def open_film(self) -> None:
        """Open the film, or open it again."""
        self.driver.load(Source(url="film"))

    def _make_player(self, report: EventSink) -> Player:
        player = _SpyingPlayer(
            report, self.clock, self._random, self.traits.mood, {"film": self._film}
        )
        player.spied = self.follower
        self.player = player
        return player

    def _take_news(self, news: PlayerNews) -> None:
        if isinstance(news, Jumped):
            self.jumps.append((self._clockwork.now, news))
        if isinstance(news, Widened):
            self.widened += 1
        self._reactions.take(news)

    def position(self) -> float | None:
        """Where the player truly is; None while it is not anywhere."""
        sample = self.player.sample() if self.player is not None else None
        return sample.position if sample else None

    @property
    def drift(self) -> float | None:
        """How far the player is truly ahead of the true timeline, in seconds of media."""
        position = self.position()
        if position is None:
            return None
        target = self._hub.record.timeline.position_at(self._hub.instant)
        return position - min(target, self._film.duration or target)

    # As the parts of a seat see it (see `player.session.context`) ----------------------------

    def intend(self, intent: AnyIntent) -> None:
        """The host wants something."""
        state = self.protocol.state
        if state is None:
            return
        now = self.clock()
        estimate = self.protocol.clock(now)
        line = state.timeline
        position = line.position_at(now + estimate.offset) if estimate else line.position
        for act in self.controls.acts(intent, state, position, now):
            self.request(act)
        self.wake()

    def request(self, act: messages.Act) -> None:
        """Ask the server to move the timeline."""
        self.protocol.request(act, self._new_id(), self.clock())
        self.flush()

    def note(
        self,
        event_type: NoteType,
        position: float,
        *,
        before: float | None = None,
        after: float | None = None,
    ) -> None:
        """Something for the log."""
        self.protocol.note(messages.Note(self._new_id(), event_type, max(0.0, position)))

    def view_only(self, what: str) -> None:
        """A viewer may not."""
        self.undone += 1

    def report_soon(self) -> None:
        """Something changed."""
        self._report_at = float("-inf")

    def notice(self, message: str) -> None:
        """Something to know."""
        self.notices.append(message)

    def say_error(self, code: str, message: str, remedy: str = "") -> None:
        """Something went wrong."""
        self.notices.append(message)

    def emit(self, view: object) -> None:
        """Nobody looks."""

    @property
    def config(self) -> SimSeat:
        """Of which only the name is asked."""
        return self

    @property
    def name(self) -> str:
        """Who sits here."""
        return self.traits.name

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self.traits.name.lower()}-{self._ids:06d}"


__all__ = ["Pause", "Play", "Seek", "SetRate", "SimSeat", "Traits"]
