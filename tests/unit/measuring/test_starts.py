"""How far apart two players are right after a start."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bench.starts import start_seen
from bench.traces import Point, Trace

KEY = 100.0


def trace(began: float, *, ahead: float = 0.0) -> Trace:
    """A player that rests at 50 s until it begins, whose sound reads too low before."""
    seen = Trace(Path("nowhere"))
    for number in range(400):
        instant = KEY - 0.5 + number * 0.008
        played = instant - began
        rests = played < 0
        seen.picture.append(Point(instant, 50.0 if rests else 50.0 + played + 0.02))
        seen.sound.append(Point(instant, 49.8 if rests else 50.0 + played + ahead))
    return seen


def test_two_that_start_together_are_not_apart() -> None:
    start = start_seen([trace(100.203), trace(100.203)], KEY)
    assert start.picture == pytest.approx(0.203, abs=0.01)
    assert max(start.apart) < 0.01


def test_one_that_starts_later_is_apart_from_the_first_moment() -> None:
    start = start_seen([trace(100.2), trace(100.23)], KEY)
    assert start.picture == pytest.approx(0.23, abs=0.01)
    assert start.apart[0] == pytest.approx(0.0, abs=0.1)
    assert start.apart[50] == pytest.approx(30.0, abs=0.1)
    assert max(start.apart) == pytest.approx(30.0, abs=0.1)


def test_one_that_never_starts_is_infinitely_late() -> None:
    assert start_seen([trace(100.2), trace(1e9)], KEY).picture == math.inf
