"""One evening from a seed, with its end."""

from __future__ import annotations

from tests.simulation.promises import Broken, check_all, drift_of
from tests.simulation.world import World

MOST_TROUBLES = 14


def evening(seed: int) -> tuple[World, Broken | None]:
    """Live through it; the promise that was broken, if one was."""
    world = World(seed)
    try:
        world.gather()
        world.trouble(world.random.randint(0, MOST_TROUBLES))
        check_all(world)
    except Broken as broken:
        return world, broken
    return world, None


def tell(world: World, broken: Broken | None) -> str:
    """What happened, who was there, how it ended, and how to see it again."""
    lines = [f"film at {world.film.fps:.0f} fps", *(str(seat.traits) for seat in world.seats)]
    lines += world.story
    for seat in world.seats:
        drift = drift_of(seat)
        shown = "nowhere" if drift is None else f"{drift * 1000:+.1f} ms"
        lines.append(
            f"{seat.name}: {seat.follower.phase}, {shown}, {len(seat.follower.said)} commands,"
            f" {len(seat.jumps)} jumps"
        )
    lines += [f"BROKEN {broken}"] if broken else ["all is well"]
    lines.append(f"to see it again: python -m tests.simulation {world.seed}")
    return "\n".join(lines)
