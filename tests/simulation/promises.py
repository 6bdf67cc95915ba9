"""What every evening must end like, whatever happened in it; each check says what broke."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from player.api.intents import Pause, Play, Seek
from player.sync.messages import PlayAtRate, SeekTo

if TYPE_CHECKING:
    from tests.simulation.seat import SimSeat
    from tests.simulation.world import World

CLOSE: Final = 0.020
START_CLOSE: Final = 0.080
"""Where news of a start came late, it is made up for by a glide."""
CONVERGES_WITHIN: Final = 20.0
WIDENED_CONVERGES_WITHIN: Final = 90.0
"""Where jumps did not help, drift is glided for a minute."""
SLOWEST_SEEK: Final = 6.0
UNSURE_SEEKS: Final = 12.0
"""Seconds more for each second by which a player's seeks differ: it may miss three times."""
MINUTE: Final = 60.0
MICROSECOND: Final = 1e-6
MOVES: Final = ("play", "pause", "seek", "rate", "media")


class Broken(AssertionError):
    """A promise was not kept."""


def keep(condition: bool, promise: str, *facts: object) -> None:
    """Raise `Broken` when ``condition`` does not hold."""
    if not condition:
        raise Broken(f"{promise}: {', '.join(str(fact) for fact in facts)}")


def check_all(world: World) -> None:
    """Calm the world down, then look at it from every side."""
    before = [len(seat.follower.said) for seat in world.seats]
    world.calm()
    is_widened = any(seat.widened for seat in world.seats)
    world.clockwork.run(WIDENED_CONVERGES_WITHIN if is_widened else CONVERGES_WITHIN)
    check_agreement(world)
    check_clocks(world)
    check_drift(world, CLOSE)
    check_peace(world, before)
    check_storms(world)
    check_pause(world)
    check_start(world)
    check_seek(world)
    check_agreement(world)


def check_agreement(world: World) -> None:
    """However often things were sent, everybody ends with the server's state, once each."""
    record, log = world.hub.record, world.hub.log
    ids = Counter(event.event_id for event in log)
    keep(max(ids.values()) == 1, "an event is logged once", ids.most_common(2))
    for epoch in {event.epoch for event in log}:
        seqs = [event.seq for event in log if event.epoch == epoch]
        keep(seqs == list(range(1, len(seqs) + 1)), "the log is dense", epoch, seqs)
    for event in log:
        by_host = event.member_id in (record.host_id, "")
        keep(by_host or event.event_type not in MOVES, "only the host moves the timeline", event)
    for seat in world.seats:
        state = seat.protocol.state
        keep(state is not None, "everybody is in", seat.name)
        assert state is not None
        keep(state.cursor == record.cursor, "everybody is at the end of the log", seat.name)
        keep(state.timeline == record.timeline, "everybody has the timeline", seat.name)
        keep(seat.protocol.unsent == 0, "nothing waits to be sent", seat.name)


def check_clocks(world: World) -> None:
    """The server's clock was never further off than the seat said it may be."""
    for seat in world.seats:
        keep(seat.beyond_bound <= MICROSECOND, "the bound holds", seat.name, seat.beyond_bound)


def drift_of(seat: SimSeat) -> float | None:
    """True drift in seconds, without what no seat can see of an uneven way."""
    drift = seat.drift
    state = seat.protocol.state
    if drift is None or state is None:
        return None
    # What is late or early is so in time; the sooner the film goes, the further off it is.
    return drift / state.timeline.rate - seat.traits.blind_error


def check_drift(world: World, close: float) -> None:
    """Every seat plays, and truly is where it should be."""
    for seat in world.seats:
        drift = drift_of(seat)
        keep(seat.follower.phase == "running", "every seat plays", seat.name, seat.follower.phase)
        keep(drift is not None and abs(drift) < close, "every seat is in step", seat.name, drift)


def check_peace(world: World, before: list[int]) -> None:
    """Once nothing happens any more, hardly anything is done."""
    for seat, index in zip(world.seats, before, strict=True):
        said = seat.follower.said[index:]
        last = [s for s in said if s.at > world.clockwork.now - 8.0]
        seeks = [s for s in last if isinstance(s.command, SeekTo)]
        keep(not seeks, "a seat in step does not seek", seat.name, seeks)
        keep(len(last) <= 10, "a seat in step is left alone", seat.name, len(last))


def check_storms(world: World) -> None:
    """Seeks and rate writes of any minute are bounded by what people did in it."""
    for seat in world.seats:
        for kind, most, each in ((SeekTo, 15, 4), (PlayAtRate, 70, 5)):
            times = [s.at for s in seat.follower.said if isinstance(s.command, kind)]
            for first in times:
                count = sum(1 for t in times if first <= t < first + MINUTE)
                acts = sum(1 for t in world.acted_at if first - 5 <= t < first + MINUTE)
                keep(
                    count <= most + each * acts,
                    "no storm of commands",
                    seat.name,
                    kind.__name__,
                    f"{count} in the minute from {first:.1f} s, {acts} acts",
                )


def check_pause(world: World) -> None:
    """A pause stops the host at once, and puts everybody on one picture."""
    world.act(Pause())
    world.clockwork.run(0.001)
    keep(world.host.follower.phase == "resting", "the host stops at once")
    world.clockwork.run(SLOWEST_SEEK)
    place = world.hub.record.timeline.position
    frame = 1 / world.film.fps
    for seat in world.seats:
        position = seat.position()
        keep(
            position is not None and -CLOSE <= position - place <= max(CLOSE, frame + 1e-6),
            "a pause puts everybody on the same picture",
            *(seat.name, position, place, seat.follower.phase),
        )


def check_start(world: World) -> None:
    """Whoever is ready starts together, as soon as the devices are known."""
    for _ in range(2):
        world.act(Play())
        world.clockwork.run(4.0)
        world.act(Pause())
        world.clockwork.run(SLOWEST_SEEK)
    world.act(Play())
    world.clockwork.run(2.5)
    check_drift(world, START_CLOSE)


def check_seek(world: World) -> None:
    """Ten seeks in three seconds end where the last one went."""
    for number in range(10):
        world.act(Seek(150.0 + 20 * number))
        world.clockwork.run(0.3)
    spread = max(seat.traits.mood.seek_spread for seat in world.seats)
    world.clockwork.run(CONVERGES_WITHIN + UNSURE_SEEKS * spread)
    position = world.hub.record.timeline.position
    keep(position == 330.0, "the last seek counts", position)
    check_drift(world, CLOSE)
