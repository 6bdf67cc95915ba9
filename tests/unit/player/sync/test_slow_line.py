"""What a follower does on a line that carries less than its film."""

from __future__ import annotations

import pytest

from player.backend.base import StallChanged
from player.sync.messages import LineSlow
from protocol.sync.fill import FILL
from protocol.timeline import Timeline
from tests.doubles.followed import Stand, seeks


def stalled(rate: float) -> Stand:
    """A player in step that has lacked data for a second, on such a line."""
    stand = Stand().playing()
    began, place = stand.now, stand.position
    for _ in range(30):
        stand.wait(0.2)
        stand.follower.filled(place + 3.0 + rate * (stand.now - began), stand.now)
    stand.tell(StallChanged(stand.generation, True, stand.now))
    stand.behind = 2.0
    stand.wait(2.0)
    stand.tell(StallChanged(stand.generation, False, stand.now))
    stand.wait(0.1)
    return stand


def test_after_a_stall_on_a_slow_line_it_goes_where_the_film_will_be_and_fills() -> None:
    stand = stalled(0.85)
    (place,) = seeks(stand.said)
    stand.behind = 0.0
    assert place - stand.target == pytest.approx(FILL / 0.85, abs=1.5)
    stand.landed(place)
    stand.wait(5.0)
    assert seeks(stand.said) == [place]
    assert stand.follower.view(stand.now).state == "buffering"
    stand.wait(9.0)
    assert stand.follower.phase == "running"
    assert stand.heard(LineSlow)


def test_on_a_line_that_is_far_too_slow_it_does_not_jump() -> None:
    stand = stalled(0.4)
    stand.wait(5.0)
    assert seeks(stand.said) == []


def test_another_place_of_the_party_is_gone_to_at_once() -> None:
    stand = stalled(0.85)
    stand.follow(Timeline(300.0, stand.now + 0.2, 1.0, True))
    assert seeks(stand.said)[-1] < 303.0
