"""A follower of a live stream whose timestamps all seats share."""

from __future__ import annotations

import pytest

from player.backend.base import MediaOpened
from player.sync.live.live_range import GIVEN_UP_AFTER, MOST_WAITED
from player.sync.messages import OutOfReach, PauseNow
from protocol.timeline import Timeline
from tests.doubles.followed import Stand, seeks


def opened(stand: Stand, landed: float, start: float, end: float) -> Stand:
    """The stream is open at ``landed``, and loaded between the other two."""
    stand.follower.load(stand.now, is_network=True, is_live=True, has_shared_timestamps=True)
    stand.tell(
        MediaOpened(stand.generation, "", None, (), (), True, True, is_seekable=False, is_live=True)
    )
    stand.follower.set_loaded(start, end)
    return stand.landed(landed)


def joined(landed: float, start: float, end: float) -> Stand:
    """A seat that comes when the timeline is at 100 s."""
    stand = Stand()
    stand.follow(Timeline(0.0, stand.now - 100.0, 1.0, True))
    return opened(stand, landed, start, end)


def test_who_comes_late_goes_where_the_others_are() -> None:
    stand = joined(90.0, 90.0, 112.0)
    assert seeks(stand.said) == [pytest.approx(101.55, abs=0.01)]
    stand.landed(101.6)
    stand.wait(4.0)
    assert stand.follower.view(stand.now).drift == pytest.approx(0.0, abs=0.02)


def test_data_that_is_still_to_come_is_waited_for_a_moment() -> None:
    stand = joined(90.0, 90.0, 92.0)
    assert seeks(stand.wait(1.0)) == []
    assert stand.follower.phase == "resting"
    stand.follower.set_loaded(90.0, 112.0)
    assert len(seeks(stand.wait(0.1))) == 1


def test_who_opens_it_further_on_waits_for_the_others() -> None:
    stand = joined(104.0, 104.0, 112.0)
    stand.wait(3.5)
    assert stand.follower.phase == "resting"
    stand.wait(3.0)
    assert stand.follower.view(stand.now).drift == pytest.approx(0.0, abs=0.02)
    assert seeks(stand.said) == []


def test_nobody_waits_long_before_a_picture_that_stands() -> None:
    stand = joined(100.0 + MOST_WAITED + 5.0, 118.0, 140.0)
    stand.wait(0.2)
    view = stand.follower.view(stand.now)
    assert (stand.follower.phase, view.drift) == ("running", None)
    assert len(stand.heard(OutOfReach)) == 1


def test_a_place_that_cannot_be_had_is_given_up_until_there_is_another_timeline() -> None:
    stand = joined(20.0, 20.0, 40.0)
    stand.wait(3.5)
    assert stand.follower.phase == "running"
    assert stand.heard(OutOfReach) == []
    stand.wait(GIVEN_UP_AFTER + 2.0)
    (told,) = stand.heard(OutOfReach)
    assert isinstance(told, OutOfReach)
    assert told.position == pytest.approx(20.0 + GIVEN_UP_AFTER, abs=2.0)
    assert seeks(stand.said) == []
    assert stand.follower.view(stand.now).drift is None
    stand.follow(Timeline(stand.position, stand.now, 1.0, True))
    stand.wait(2.0)
    assert stand.follower.view(stand.now).drift == pytest.approx(0.0, abs=0.1)


def test_a_pause_holds_and_is_gone_on_from() -> None:
    stand = joined(104.0, 90.0, 130.0)
    stand.landed(102.0)
    stand.wait(5.0)
    stand.follow(Timeline(106.0, stand.now, 1.0, False))
    assert PauseNow() in stand.said
    stand.landed(106.0)
    stand.wait(1.0)
    stand.follow(Timeline(106.0, stand.now + 0.3, 1.0, True))
    stand.wait(2.0)
    assert stand.follower.view(stand.now).drift == pytest.approx(0.0, abs=0.02)


def test_positions_that_count_from_elsewhere_are_followed_anew() -> None:
    stand = joined(90.0, 90.0, 130.0)
    stand.landed(101.6)
    stand.wait(4.0)
    assert stand.do(stand.follower.shift(0.0, stand.now)) == []
    stand.said.clear()
    stand.do(stand.follower.shift(-3.0, stand.now))
    assert seeks(stand.said) != []
