"""Starts that wait, lived through: bounded whatever the seats do, and everybody ends in step."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import msgspec
import pytest

from player.api.intents import Pause, Play, Seek, Wait
from player.backend.fake import Costs
from protocol.server.owner.start_barrier import STALL_BOUND
from protocol.server.room.edge_readiness import BOUND, LOAD_BOUND
from protocol.wire.messages import LoadAct, Media
from tests.simulation.moody_player import Mood
from tests.simulation.network import Way
from tests.simulation.promises import CLOSE, CONVERGES_WITHIN, check_agreement, check_drift
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.timeline import Timeline
    from protocol.wire.messages import Event
    from tests.simulation.seat import SimSeat, Traits

NEXT = Media("film-0002", "url", title="The Next Film", url="https://films.example/next.mkv")
SEEDS = range(4)
EVEN = Way(0.02, 0.002)
LEAD = 0.6
"""Seconds; no start that waits for nobody is further off on these links."""


def company(seed: int, load: float = 0.5, seek: float = 0.1) -> World:
    """Three sound seats, of which Ben's takes ``load`` s for a film and ``seek`` s for a seek."""

    def shape(traits: Traits) -> Traits:
        is_ben = traits.name == "Ben"
        costs = Costs(load=load if is_ben else 0.5, seek=seek if is_ben else 0.1, start=0.02)
        ways = {"up": copy.copy(EVEN), "down": copy.copy(EVEN)}
        return traits._replace(**ways, mood=Mood(costs=costs), correction="full")

    world = World(seed, seats=3, shape=shape)
    world.gather()
    world.clockwork.run(load + 2.0)
    return world


def ben(world: World) -> SimSeat:
    return next(seat for seat in world.seats if seat.name == "Ben")


def timeline(world: World) -> Timeline:
    return world.hub.record.timeline


def starts_in(world: World) -> float:
    assert timeline(world).playing
    return timeline(world).at - world.hub.instant


def run_until(world: World, what: Callable[[], bool], within: float) -> float:
    """Let what was asked for arrive, then time pass until ``what`` holds; returns how much did."""
    began = world.clockwork.now
    world.clockwork.run(0.2)
    while not what():
        assert world.clockwork.now - began < within, "it never came about"
        world.clockwork.run(0.05)
    return world.clockwork.now - began


def has_begun(world: World) -> Callable[[], bool]:
    return lambda: timeline(world).playing and starts_in(world) <= 0.0


def of_server(world: World) -> list[Event]:
    return [event for event in world.hub.log if event.member_id == ""]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_next_film_begins_together_when_the_slowest_has_it_open(seed: int) -> None:
    world = company(seed, load=5.0)
    world.act(Play())
    world.clockwork.run(8.0)
    world.host.request(LoadAct(NEXT, playing=True))
    took = run_until(world, has_begun(world), within=LOAD_BOUND)
    assert 5.0 < took < 5.0 + 2 * LEAD
    assert timeline(world).position == 0.0
    jumps = {seat.name: len(seat.jumps) for seat in world.seats}
    world.clockwork.run(4.0)
    check_drift(world, CLOSE)
    assert {seat.name: len(seat.jumps) for seat in world.seats} == jumps


@pytest.mark.parametrize("seed", SEEDS)
def test_a_film_that_opens_too_slowly_does_not_keep_the_others(seed: int) -> None:
    world = company(seed, load=25.0)
    world.host.request(LoadAct(NEXT, playing=True))
    took = run_until(world, has_begun(world), within=LOAD_BOUND + 1.0)
    assert took == pytest.approx(LOAD_BOUND, abs=0.2)
    world.clockwork.run(25.0 + CONVERGES_WITHIN)
    check_drift(world, CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_that_is_stopped_while_it_is_waited_for_keeps_nobody_beyond_the_bound(
    seed: int,
) -> None:
    world = company(seed, seek=4.0)
    world.act(Play())
    world.clockwork.run(8.0)
    world.act(Seek(200.0))
    world.clockwork.run(8.0)
    # By now everybody knows what Ben's seeks take.
    world.act(Seek(300.0))
    world.clockwork.run(1.0)
    assert starts_in(world) > 1.5
    now, seat = world.clockwork.now, ben(world)
    seat.traits.up.blocked = seat.traits.down.blocked = (now, now + 11.0)
    took = run_until(world, has_begun(world), within=BOUND)
    assert took == pytest.approx(BOUND - 1.0, abs=0.2)
    world.clockwork.run(11.0 + CONVERGES_WITHIN)
    check_drift(world, CLOSE)
    check_agreement(world)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slow_seek_is_waited_for_and_then_nobody_jumps(seed: int) -> None:
    world = company(seed, seek=3.0)
    world.act(Play())
    world.clockwork.run(8.0)
    world.act(Seek(200.0))
    world.clockwork.run(8.0)
    jumps = {seat.name: len(seat.jumps) for seat in world.seats}
    world.act(Seek(300.0))
    took = run_until(world, has_begun(world), within=BOUND)
    assert 3.0 < took < 3.0 + 2 * LEAD
    world.clockwork.run(4.0)
    check_drift(world, CLOSE)
    assert {seat.name: len(seat.jumps) for seat in world.seats} == jumps


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stall", [3.0, 30.0])
def test_a_party_that_waits_stops_for_a_stall_and_goes_on(seed: int, stall: float) -> None:
    world = company(seed)
    world.act(Wait(True))
    world.act(Play())
    world.clockwork.run(8.0)
    seat = ben(world)
    assert seat.player is not None
    seat.player.stall(stall)
    seat.wake()
    run_until(world, lambda: bool(of_server(world)), within=2.0)
    assert of_server(world)[-1].reason == "waiting for Ben"
    took = run_until(world, has_begun(world), within=STALL_BOUND + 1.0)
    assert took < min(stall, STALL_BOUND) + 2 * LEAD
    world.clockwork.run(max(0.0, stall - took) + CONVERGES_WITHIN)
    check_drift(world, CLOSE)
    check_agreement(world)


@pytest.mark.parametrize("seed", SEEDS)
def test_by_default_a_stall_keeps_nobody(seed: int) -> None:
    world = company(seed)
    world.act(Play())
    world.clockwork.run(8.0)
    before, seat = timeline(world), ben(world)
    assert seat.player is not None
    seat.player.stall(5.0)
    seat.wake()
    world.clockwork.run(5.0 + CONVERGES_WITHIN)
    assert timeline(world) == before
    check_drift(world, CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pause_and_a_start_on_quick_links_take_less_than_a_tenth_of_a_second(seed: int) -> None:
    world = company(seed)
    for _ in range(3):
        world.act(Play())
        world.clockwork.run(6.0)
        world.act(Pause())
        world.clockwork.run(3.0)
    world.act(Play())
    world.clockwork.run(0.03)
    # 20 ms the way, 20 ms the device, 3 ms the store, 60 ms to spare.
    assert starts_in(world) < 0.13
    world.clockwork.run(2.0)
    check_drift(world, CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_evening_has_a_start_beyond_the_bound(seed: int) -> None:
    world = World(seed)
    world.gather()
    world.host.request(msgspec.structs.replace(LoadAct(NEXT), playing=True))
    for number in range(40):
        if number % 5 == 0:
            world.trouble(1)
        if number % 10 == 5:
            world.act(Wait(number % 20 == 5))
        world.clockwork.run(0.5)
        if timeline(world).playing:
            assert starts_in(world) <= LOAD_BOUND
    world.calm()
    world.clockwork.run(90.0)
    check_drift(world, CLOSE)
    check_agreement(world)
