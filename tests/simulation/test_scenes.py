"""What is known to be hard on clocks and links, one thing at a time and for long."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import msgspec
import pytest

from player.api.intents import Pause, Play, Seek, SeekBy
from player.backend.fake import Costs
from player.sync.messages import PlayAtRate, SeekTo
from tests.simulation.moody_player import Mood
from tests.simulation.network import MischievousPipe, Tide, Way
from tests.simulation.promises import (
    CLOSE,
    MICROSECOND,
    check_agreement,
    check_all,
    check_clocks,
    check_drift,
)
from tests.simulation.test_simulation import EVENINGS
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.wire.messages import Event
    from tests.simulation.seat import SimSeat, Traits

LONG = 3600.0 if EVENINGS > 100 else 600.0
"""Seconds; an hour, where there is time for it."""
SETTLED = 12.0
"""Seconds after which a new film is in step."""
EVEN = Way(0.02, 0.002)
SOUND = Mood(costs=Costs(seek=0.1, start=0.02, rate_error_ppm=0.0), rate_late=0.2)


def sound(traits: Traits) -> Traits:
    """A seat with nothing wrong; each has ways of its own."""
    return traits._replace(up=copy.copy(EVEN), down=copy.copy(EVEN), mood=SOUND)


def playing(seed: int, shape: Callable[[Traits], Traits], *, duration: float = 600.0) -> World:
    """A host and a viewer who watch a film, in step."""
    world = World(seed, seats=2, shape=shape, duration=duration)
    world.gather()
    world.act(Play())
    world.clockwork.run(SETTLED)
    return world


def watch(world: World, seconds: float, look: Callable[[SimSeat], None], step: float = 1.0) -> None:
    """Let time pass and look at every seat again and again."""
    for _ in range(round(seconds / step)):
        world.clockwork.run(step)
        for seat in world.seats:
            look(seat)


def rates(seat: SimSeat, since: float) -> list[float]:
    """What was written from a true instant on."""
    return [
        s.command.rate
        for s in seat.follower.said
        if isinstance(s.command, PlayAtRate) and s.at > since
    ]


# Clocks ---------------------------------------------------------------------------------


def test_clocks_that_go_apart_by_100_ppm_stay_locked() -> None:
    def shape(traits: Traits) -> Traits:
        return sound(traits)._replace(skew=100e-6 if traits.name == "Ben" else -100e-6)

    world = playing(3, shape, duration=LONG + 60.0)
    since = world.clockwork.now
    worst = 0.0

    def look(seat: SimSeat) -> None:
        nonlocal worst
        assert seat.drift is not None
        worst = max(worst, abs(seat.drift))

    watch(world, LONG, look, step=5.0)
    assert worst < CLOSE
    for seat in world.seats:
        said = [s.command for s in seat.follower.said if s.at > since]
        assert not any(isinstance(command, SeekTo) for command in said)
        assert all(abs(rate - 1.0) < 0.001 for rate in rates(seat, since))
    check_clocks(world)


@pytest.mark.parametrize("shift", [-3600.0, 3600.0, 8 * 86400.0])
def test_a_wall_clock_that_is_set_changes_nothing(shift: float) -> None:
    def lived(by: float) -> World:
        world = playing(5, sound)
        world.hub.wall += by
        for intent in (Seek(100.0), Pause(), Play()):
            world.act(intent)
            world.clockwork.run(4.0)
        return world

    def undated(world: World) -> list[Event]:
        return [msgspec.structs.replace(event, timestamp_ms=0) for event in world.hub.log]

    usual, odd = lived(0.0), lived(shift)
    assert undated(usual) == undated(odd)
    for a, b in zip(usual.seats, odd.seats, strict=True):
        assert a.follower.said == b.follower.said
        assert a.position() == b.position()


@pytest.mark.parametrize("who", ["Ana", "Ben"])
def test_a_machine_that_slept_for_minutes_is_back_in_step(who: str) -> None:
    world = playing(6, sound, duration=4000.0)
    (sleeper,) = (seat for seat in world.seats if seat.name == who)
    sleeper.sleep(150.0)
    world.clockwork.run(150.0 + 25.0)
    check_agreement(world)
    check_clocks(world)
    if not world.hub.record.timeline.playing:
        world.act(Play())
        world.clockwork.run(8.0)
    check_drift(world, CLOSE)


# Links ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_a_queue_that_fills_up_again_and_again_moves_nobody(seed: int) -> None:
    def shape(traits: Traits) -> Traits:
        flood = Tide(60.0, 30.0, 0.1, 0.3)
        return sound(traits)._replace(up=Way(0.02, 0.002, tide=flood))

    world = playing(seed, shape)
    before = [len(seat.jumps) for seat in world.seats]
    watch(world, 240.0, lambda seat: check_drift(world, CLOSE), step=2.0)
    assert [len(seat.jumps) for seat in world.seats] == before
    check_clocks(world)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.95])
def test_an_uneven_way_moves_a_seat_by_no_more_than_it_says(share: float) -> None:
    def shape(traits: Traits) -> Traits:
        up, down = Way(0.12 * share, 0.003), Way(0.12 * (1 - share), 0.003)
        return sound(traits)._replace(up=up, down=down)

    world = playing(11, shape)

    def look(seat: SimSeat) -> None:
        now = seat.clock()
        estimate = seat.protocol.clock(now)
        assert estimate is not None
        assert seat.drift is not None
        assert abs(seat.drift) < estimate.error + CLOSE
        # Not a bound that says nothing: half of the round trip, and what a minute may add.
        assert estimate.error < 0.06 + 0.03

    watch(world, 120.0, look)
    check_clocks(world)


def test_clocks_are_as_near_as_promised_on_every_kind_of_link() -> None:
    world = playing(2, sound)
    for seat in world.seats:
        seat.clock_errors.clear()
    world.clockwork.run(120.0)
    for seat in world.seats:
        errors = sorted(abs(error) for error in seat.clock_errors)
        assert errors[int(len(errors) * 0.95)] < 0.0026


# Order ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_twice_or_in_another_order_ends_in_the_same_state(seed: int) -> None:
    world = World(seed, seats=3, shape=sound)
    for seat in world.seats:
        seat.pipe = MischievousPipe
    world.gather()
    for _ in range(12):
        act = world.random.choice(
            (Play(), Pause(), Seek(world.random.uniform(0, 400)), SeekBy(5.0))
        )
        world.act(act)
        world.clockwork.run(world.random.choice((0.0, 0.1, 1.5)))
    world.clockwork.run(20.0)
    check_agreement(world)
    check_all(world)


@pytest.mark.parametrize("away", [0.1, 3.0, 12.0])
def test_a_server_that_is_killed_comes_back_with_its_log_and_everybody(away: float) -> None:
    world = playing(8, sound)
    log = list(world.hub.log)
    world.act(Seek(200.0))
    world.clockwork.run(0.021)
    world.hub.die(world.random)
    world.clockwork.after(away, world.hub.start)
    world.clockwork.run(away + 15.0)
    assert world.hub.log[: len(log)] == log
    assert world.hub.record.timeline.position == 200.0
    check_agreement(world)
    check_drift(world, CLOSE)
    for seat in world.seats:
        assert seat.beyond_bound <= MICROSECOND


def test_while_the_server_is_away_the_film_plays_on_in_step() -> None:
    world = playing(9, sound)
    world.hub.die(world.random)
    watch(world, 30.0, lambda seat: check_drift(world, CLOSE))
    said = [len(seat.follower.said) for seat in world.seats]
    world.hub.start()
    watch(world, 20.0, lambda seat: check_drift(world, CLOSE))
    for seat, before in zip(world.seats, said, strict=True):
        assert not any(isinstance(s.command, SeekTo) for s in seat.follower.said[before:])
