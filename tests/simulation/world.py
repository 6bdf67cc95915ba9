"""A whole evening in virtual time, drawn from one number: the same number, the same evening."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from player.api.intents import Pause, Play, Reopen, Seek, SeekBy, SetRate, Toggle
from player.backend.fake import Costs, FakeFilm
from protocol.server.access.peers import HandshakeInfo
from protocol.wire.messages import LoadAct, Welcome
from tests.simulation.clockwork import Clockwork
from tests.simulation.hub import Hub
from tests.simulation.moody_player import Mood
from tests.simulation.network import Way
from tests.simulation.seat import FILM, SimSeat, Traits

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.intents import AnyIntent

NAMES = ("Ana", "Ben", "Cleo", "Dan")
DURATION = 600.0
JOIN_TAKES = 4.0
LONGEST_TROUBLE = 16.0
"""Seconds after which networks and players are well again."""


class World:
    """A host and viewers with everything that can go wrong, from a seed."""

    def __init__(
        self,
        seed: int,
        seats: int | None = None,
        shape: Callable[[Traits], Traits] | None = None,
        duration: float = DURATION,
    ) -> None:
        """``shape`` makes of each seat that was drawn the one that is wanted."""
        self.seed = seed
        self._shape = shape
        self.random = Random(seed)
        self.clockwork = Clockwork()
        self.hub = Hub(self.clockwork, self.random.uniform(-1e5, 1e5))
        fps = self.random.choice((24.0, 25.0, 30.0, 60.0))
        self.film = FakeFilm(duration=duration, fps=fps)
        count = seats or self.random.randint(2, 4)
        self.seats = [self._seat(name) for name in NAMES[:count]]
        self.story: list[str] = []
        self.acted_at: list[float] = []
        """True instants at which something happened."""

    @property
    def host(self) -> SimSeat:
        return self.seats[0]

    @property
    def viewers(self) -> list[SimSeat]:
        return self.seats[1:]

    def _seat(self, name: str) -> SimSeat:
        random = self.random
        least = random.choice((0.001, 0.015, 0.06, 0.15))
        # Up to 70/30 in either direction.
        share = random.choice((0.5, 0.5, 0.4, 0.6, 0.3, 0.7))
        jitter = random.choice((0.0, 0.001, 0.005, 0.02))
        costs = Costs(
            load=random.uniform(0.1, 1.5),
            seek=random.choice((0.02, 0.12, 0.4, 1.2)),
            start=random.choice((0.0, 0.02, 0.08, 0.15)),
            rate_error_ppm=random.uniform(-100, 100),
        )
        traits = Traits(
            name=name,
            offset=random.uniform(-1e5, 1e5),
            skew=random.uniform(-100e-6, 100e-6),
            up=Way(2 * least * share, jitter),
            down=Way(2 * least * (1 - share), jitter),
            mood=Mood(
                costs=costs,
                seek_spread=costs.seek * random.choice((0.0, 0.1, 0.4)),
                rate_late=random.choice((0.0, 0.2)),
            ),
        )
        if self._shape is not None:
            traits = self._shape(traits)
        return SimSeat(
            self.clockwork, self.hub, self.random, traits, self.film, is_host=name == NAMES[0]
        )

    # How the evening begins -------------------------------------------------------------

    def gather(self) -> None:
        """The host founds the stream and loads the film; the others come."""
        self.host.visitor = HandshakeInfo("192.0.2.1")
        self.host.start()
        self.clockwork.run(JOIN_TAKES)
        welcome = self.host.protocol.welcome
        assert isinstance(welcome, Welcome)
        assert welcome.created is not None
        self.host.visitor = HandshakeInfo("192.0.2.1", welcome.stream_id, welcome.created.host_key)
        self.host.request(LoadAct(FILM))
        self.clockwork.run(1.0)
        for number, seat in enumerate(self.viewers):
            address = f"192.0.2.{number + 2}"
            seat.visitor = HandshakeInfo(address, welcome.stream_id, welcome.created.invite_token)
            seat.start()
            self.clockwork.run(self.random.uniform(0.0, 3.0))
        self.clockwork.run(JOIN_TAKES)

    # What happens in it -----------------------------------------------------------------

    def trouble(self, count: int) -> None:
        """So many things happen, at odd moments."""
        happenings: tuple[Callable[[], None], ...] = (
            self._host_acts,
            self._host_acts,
            self._host_acts,
            self._host_hesitates,
            self._somebody_touches_the_player,
            self._player_stalls,
            self._connection_breaks,
            self._network_is_gone,
            self._line_is_full,
            self._player_is_lost,
            self._clock_is_forgotten,
            self._server_dies,
            self._machine_sleeps,
            self._wall_clock_is_set,
        )
        for _ in range(count):
            self.random.choice(happenings)()
            self.clockwork.run(self.random.choice((0.0, 0.03, 0.2, 1.0, 5.0)))

    def act(self, intent: AnyIntent) -> None:
        """The host wants something; not while his machine sleeps."""
        if self.host.is_asleep:
            return
        self._say(f"host {intent}")
        self.host.intend(intent)

    def _say(self, what: str) -> None:
        self.acted_at.append(self.clockwork.now)
        self.story.append(f"{self.clockwork.now:8.3f} {what}")

    def _any_seat(self) -> SimSeat:
        return self.random.choice(self.seats)

    def _host_acts(self) -> None:
        random = self.random
        intent = random.choice(
            (
                Play(),
                Play(),
                Pause(),
                Toggle(),
                Seek(random.uniform(0.0, 500.0)),
                Seek(DURATION - random.uniform(0.0, 3.0)),
                SeekBy(random.uniform(-30.0, 30.0)),
                SetRate(random.choice((0.5, 1.0, 1.25, 2.0))),
            )
        )
        self.act(intent)

    def _host_hesitates(self) -> None:
        """The same key again and again."""
        for _ in range(self.random.randint(2, 8)):
            self.act(self.random.choice((Toggle(), SeekBy(10.0), SeekBy(-5.0))))
            self.clockwork.run(self.random.uniform(0.02, 0.4))

    def _somebody_touches_the_player(self) -> None:
        seat = self._any_seat()
        player = seat.player
        if player is None or seat.is_asleep:
            return
        paused = self.random.random() < 0.6
        self._say(f"{seat.name} sets pause={paused} by hand")
        player.set_paused(paused)
        seat.wake()

    def _player_stalls(self) -> None:
        seat, seconds = self._any_seat(), self.random.choice((0.1, 0.4, 0.8, 2.0, 5.0))
        self._say(f"{seat.name} stalls for {seconds} s")
        if seat.player is not None and not seat.is_asleep:
            seat.player.stall(seconds)
            seat.wake()

    def _connection_breaks(self) -> None:
        seat, after = self._any_seat(), self.random.choice((0.0, 0.5, 5.0))
        self._say(f"{seat.name} is cut off, the server notices after {after} s")
        seat.reset(after)

    def _network_is_gone(self) -> None:
        seat, seconds = self._any_seat(), self.random.choice((0.3, 1.0, 5.0, 14.0))
        self._say(f"{seat.name} has no network for {seconds} s")
        now = self.clockwork.now
        seat.traits.up.blocked = seat.traits.down.blocked = (now, now + seconds)

    def _line_is_full(self) -> None:
        seat, seconds = self._any_seat(), self.random.uniform(1.0, 10.0)
        self._say(f"{seat.name} has a full line for {seconds:.1f} s")
        now = self.clockwork.now
        ways = self.random.choice(((seat.traits.up,), (seat.traits.up, seat.traits.down)))
        for way in ways:
            way.bloat = (now, now + seconds, self.random.choice((0.1, 0.4, 1.0)))

    def _player_is_lost(self) -> None:
        seat = self._any_seat()
        if (
            seat.player is None
            or seat.is_asleep
            or seat.follower.phase in ("failed", "loading", "idle")
        ):
            return
        self._say(f"{seat.name} closes the player and opens it again")
        seat.player.fail("its window was closed", lost=True)
        seat.wake()
        self.clockwork.run(self.random.uniform(0.0, 2.0))
        seat.intend(Reopen())

    def _clock_is_forgotten(self) -> None:
        seat = self._any_seat()
        if seat.is_asleep:
            return
        self._say(f"{seat.name} measures the clock anew")
        seat.protocol.measure_clock(seat.clock(), forget=True)
        seat.wake()

    def _machine_sleeps(self) -> None:
        seat, seconds = self._any_seat(), self.random.choice((2.5, 8.0, 13.0))
        if seat.is_asleep:
            return
        self._say(f"{seat.name}'s machine sleeps for {seconds} s")
        seat.sleep(seconds)

    def _server_dies(self) -> None:
        seconds = self.random.choice((0.1, 1.0, 6.0))
        self._say(f"the server dies, another one starts after {seconds} s")
        if self.hub.is_up:
            self.hub.die(self.random)
            self.clockwork.after(seconds, self.hub.start)

    def _wall_clock_is_set(self) -> None:
        seconds = self.random.choice((-3600.0, -1.0, 7.0, 86400.0))
        self._say(f"the server's wall clock is set by {seconds} s")
        self.hub.wall += seconds

    # How it ends ------------------------------------------------------------------------

    def calm(self) -> None:
        """Nothing happens any more, and the film plays, with enough left of it."""
        self._say("calm")
        self.clockwork.run(LONGEST_TROUBLE)
        if self.hub.record.timeline.position_at(self.hub.instant) > DURATION / 2:
            self.act(Seek(100.0))
            self.clockwork.run(2.0)
        self.act(Play())
