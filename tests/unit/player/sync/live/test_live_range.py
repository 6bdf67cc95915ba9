"""What of a live stream can be gone to."""

from __future__ import annotations

from player.sync.live.live_range import AHEAD, FILLS_FOR, GIVEN_UP_AFTER, LiveRange


def shared() -> LiveRange:
    live = LiveRange()
    live.load(is_live=True, is_shared=True)
    return live


def test_any_other_film_can_be_gone_to_anywhere() -> None:
    live = LiveRange()
    live.load(is_live=False, is_shared=True)
    assert live.holds(1e6)
    assert not live.is_free_running
    assert not live.awaits(1e6, 0.0)


def test_a_live_stream_can_be_gone_to_where_it_is_loaded() -> None:
    live = shared()
    assert not live.holds(5.0)
    live.set_loaded(4.0, 10.0)
    assert live.holds(4.0)
    assert not live.holds(3.9)
    assert not live.holds(10.0 - AHEAD / 2)
    live.shift(-2.0)
    assert live.holds(2.0)


def test_without_shared_timestamps_there_is_no_place_to_be_at() -> None:
    live = LiveRange()
    live.load(is_live=True, is_shared=False)
    assert live.is_free_running
    live.try_again()
    assert live.is_free_running


def test_a_timeline_that_is_given_up_is_tried_again_when_there_is_another() -> None:
    live = shared()
    live.give_up()
    assert live.is_free_running
    live.try_again()
    assert not live.is_free_running


def test_a_seat_that_just_opened_waits_a_moment_for_data() -> None:
    live = shared()
    live.shift(1.0)
    live.opened(100.0)
    assert live.awaits(5.0, 100.0)
    live.set_loaded(0.0, 4.0)
    assert live.awaits(5.0, 100.0)
    assert not live.awaits(3.0, 100.0)
    assert not live.awaits(5.0, 100.0 + FILLS_FOR)


def test_only_what_is_missed_for_long_is_missed() -> None:
    live = shared()
    assert not live.misses(is_off=True, now=0.0)
    assert not live.misses(is_off=False, now=5.0)
    assert not live.misses(is_off=True, now=6.0)
    assert not live.misses(is_off=True, now=6.0 + GIVEN_UP_AFTER)
    assert live.misses(is_off=True, now=6.1 + GIVEN_UP_AFTER)
