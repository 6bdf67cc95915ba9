"""A seat in virtual time: the real session core, client core, player's thread and follower.

Only the event loop, the socket and the search for the film are stood in for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from player.api.config import SeatConfig
from player.api.intents import Pause, Play, Seek, SetRate
from player.backend.base import Source
from player.media.messages import LoaderRequest, MediaReady, OpenMedia
from player.session.core.effects import (
    Emit,
    Finish,
    Flush,
    Reconnect,
    RetryNow,
    SetCredentials,
    StoreHostKey,
)
from player.session.core.handlers.server_events import LinkDown
from player.session.core.session_core import SessionCore
from player.session.core.sleep_detector import LocalClocks
from player.session.player_port import perform_on_player
from player.sync.follower import Follower
from player.sync.messages import Jumped, PauseNow, PlayAtRate, PlayerCommand, SeekTo, Widened
from player.sync.thread import PlayerThread
from protocol.client.events import SessionStarted
from protocol.wire.messages import CreateStream, Media
from tests.simulation.moody_player import Mood, MoodyPlayer
from tests.simulation.network import Pipe, Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from player.api.intents import AnyIntent
    from player.api.views import AnyView
    from player.backend.base import EventSink, Player
    from player.backend.fake import FakeFilm
    from player.session.core.effects import AnyEffect
    from player.sync.messages import PlayerNews
    from protocol.server.access.peers import HandshakeInfo
    from protocol.wire.messages import Act
    from tests.simulation.clockwork import Clockwork
    from tests.simulation.hub import Hub

LOOK = 0.25
"""Seconds between two looks at the clock's error."""
FILM = Media("film-0001", "url", title="The Film", url="https://films.example/film.mkv")


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
        config = SeatConfig(
            role="host" if is_host else "viewer",
            name=traits.name,
            instance_id=f"instance-of-{traits.name.lower()}",
            server="https://hub.example",
            correction=traits.correction,
        )
        self.core = SessionCore(config, CreateStream() if is_host else None, self._new_id)
        self.protocol = self.core.protocol
        self.follower = SpiedFollower(clockwork, traits.correction)
        self.driver = PlayerThread(self._make_player, self.follower, self._take_news, self.clock)
        self.player: MoodyPlayer | None = None
        self.jumps: list[tuple[float, Jumped]] = []
        self.widened = 0
        self.views: list[AnyView] = []
        self.pipe: type[Pipe] = Pipe
        """What its connections are made of."""
        self._pipes: tuple[Pipe, Pipe] | None = None
        self._peer = 0
        self._attempt = 0
        self._ids = 0
        self._alarm = float("inf")
        self._slept = 0.0
        """Seconds that its machine has slept."""
        self.beyond_bound = 0.0
        """Seconds by which the server's clock was ever further off than was stated."""
        self.clock_errors: list[float] = []

    # Time -------------------------------------------------------------------------------

    def clock(self) -> float:
        """Now, on this seat's own clock, which stands still while its machine sleeps."""
        now = min(self._clockwork.now, self._asleep[0]) if self.is_asleep else self._clockwork.now
        return now * (1 + self.traits.skew) + self._offset

    def clocks(self) -> LocalClocks:
        """What its machine's clocks tell."""
        return LocalClocks(self.clock(), self._slept)

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
        self._slept += seconds
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
        self._look()
        self.wake()

    def wake(self) -> None:
        """Do everything that is due now, and see when something is due next."""
        if self.is_asleep:
            return
        if self.player is not None:
            self.player.tick()
        self.driver.step()
        now = self.clock()
        if now >= self.core.next_deadline():
            self.core.tick(self.clocks())
            self._check_bound()
        self.protocol.handle_timeout(now)
        self._settle()
        # What was posted to the player's thread by now is done at once.
        self.driver.step()
        self._settle()
        self._set_alarm()

    def _set_alarm(self) -> None:
        dues = [self.driver.next_deadline(), self.core.next_deadline()]
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

    def _look(self) -> None:
        """See how good the clock is."""
        if self._later(self._look):
            return
        now = self.clock()
        estimate = self.protocol.clock(now)
        if estimate is not None:
            self.clock_errors.append(now + estimate.offset - self._hub.instant)
        self._clockwork.after(LOOK, self._look)

    def _check_bound(self) -> None:
        """The core was told something: by then it must know the clock as well as is stated."""
        now = self.clock()
        estimate = self.protocol.clock(now)
        if estimate is not None:
            error = now + estimate.offset - self._hub.instant
            self.beyond_bound = max(self.beyond_bound, abs(error) - estimate.error)

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
        self._lost()

    def _lost(self) -> None:
        """Notice that the connection is gone."""
        if self._later(self._lost):
            return
        self.protocol.connection_lost()
        self._retry()
        self.wake()

    def _retry(self) -> None:
        self._attempt += 1
        delay = min(0.25 * 1.7**self._attempt, 5.0)
        self.core.link_down(LinkDown("it broke", self._attempt, delay), self.clocks())
        self._check_bound()
        self._clockwork.after(delay, self._reconnect)

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
        self.wake()

    def _settle(self) -> None:
        """Tell the core what the server said, and carry its effects out."""
        for event in self.protocol.events_received():
            if isinstance(event, SessionStarted):
                self._attempt = 0
            self.core.server_event(event, self.clocks())
            self._check_bound()
        while effects := self.core.effects():
            for effect in effects:
                self._do(effect)
        self.flush()

    def _do(self, effect: AnyEffect) -> None:
        match effect:
            case Emit(view=view):
                self.views.append(view)
            case OpenMedia():
                self.core.loader_event(MediaReady(Source(url="film")), self.clocks())
                self._check_bound()
            case Reconnect():
                self.reset(0.0)
            case Flush() | RetryNow() | SetCredentials() | StoreHostKey():
                # Frames go out after every step; the ways and the keys are the world's.
                pass
            case LoaderRequest() | Finish():
                raise NotImplementedError(effect)
            case _:
                perform_on_player(effect, self.driver)

    # The player -------------------------------------------------------------------------

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
        self.core.player_event(news, self.clocks())
        self._check_bound()

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

    @property
    def name(self) -> str:
        """Who sits here."""
        return self.traits.name

    # Its person --------------------------------------------------------------------------

    def intend(self, intent: AnyIntent) -> None:
        """The seat's person wants something."""
        self.core.intent(intent, self.clocks())
        self._check_bound()
        self.wake()

    def request(self, act: Act) -> None:
        """Ask the server for what no intent stands for, such as a film that nobody looked for."""
        self.protocol.request(act, self._new_id(), self.clock())
        self.flush()

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self.traits.name.lower()}-{self._ids:06d}"


__all__ = ["Pause", "Play", "Seek", "SetRate", "SimSeat", "Traits"]
