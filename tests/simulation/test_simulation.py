"""Every evening ends well, whatever happens in it.

``MATINEE_SIMULATIONS`` says how many are lived through; a seed that fails is told with its
story, and ``python -m tests.simulation SEED`` lives through it again.
"""

from __future__ import annotations

import os

import pytest

from tests.simulation.evening import evening, tell

EVENINGS = int(os.environ.get("MATINEE_SIMULATIONS", "12"))


@pytest.mark.parametrize("seed", range(EVENINGS))
def test_every_evening_ends_with_every_seat_in_step(seed: int) -> None:
    world, broken = evening(seed)
    assert broken is None, tell(world, broken)


def test_the_same_seed_is_the_same_evening() -> None:
    first, second = (evening(7)[0] for _ in range(2))
    assert first.story == second.story
    assert first.hub.log == second.hub.log
    for a, b in zip(first.seats, second.seats, strict=True):
        assert a.follower.said == b.follower.said
