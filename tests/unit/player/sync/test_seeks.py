"""Seeks are tried a bounded number of times, jumps are kept apart."""

from __future__ import annotations

import pytest

from player.sync.seeks import (
    JUMP_INTERVAL,
    MAX_TRIES,
    MAX_WIDENING,
    SEEK_TIMEOUT,
    JumpLimiter,
    SeekTracker,
)


def test_a_seek_tells_what_it_took_unless_it_waited_behind_another() -> None:
    seeks = SeekTracker()
    seeks.send(50.0, 10.0)
    assert seeks.done(10.4) == pytest.approx(0.4)
    seeks.send(60.0, 20.0)
    seeks.send(70.0, 20.1)
    assert seeks.target == 70.0
    assert seeks.done(20.5) is None
    assert seeks.done(20.6) is None


def test_a_load_says_nothing_about_seeks() -> None:
    seeks = SeekTracker()
    seeks.loading(50.0, 10.0)
    assert seeks.done(13.0) is None


def test_a_place_counts_as_reached_wherever_the_seek_has_landed_until_the_player_leaves() -> None:
    seeks = SeekTracker()
    seeks.send(50.0, 10.0)
    assert not seeks.rests_at(50.0)
    seeks.done(10.4)
    assert seeks.rests_at(50.0)
    assert not seeks.rests_at(50.1)
    seeks.leave()
    assert not seeks.rests_at(50.0)


def test_tries_are_bounded_and_each_allows_for_more() -> None:
    seeks = SeekTracker()
    margins = [seeks.margin]
    while seeks.may_retry():
        seeks.retry()
        margins.append(seeks.margin)
    assert len(margins) == MAX_TRIES + 1
    assert margins == sorted(margins)
    assert seeks.margin == margins[-1]
    seeks.new_goal()
    assert seeks.may_retry()


def test_a_seek_is_overdue_after_its_time() -> None:
    seeks = SeekTracker()
    seeks.send(50.0, 10.0)
    assert not seeks.is_overdue(10.0 + SEEK_TIMEOUT)
    assert seeks.is_overdue(10.1 + SEEK_TIMEOUT)


def test_jumps_are_kept_apart_but_the_first_towards_a_new_timeline_is_not() -> None:
    limiter = JumpLimiter()
    assert limiter.may_jump(10.0)
    limiter.jumped(10.0)
    assert not limiter.may_jump(9.9 + JUMP_INTERVAL)
    assert limiter.may_jump(10.0 + JUMP_INTERVAL)
    limiter.jumped(20.0)
    limiter.new_goal()
    assert limiter.may_jump(20.0)


def test_jumps_that_repeat_double_the_tolerance_for_a_minute() -> None:
    limiter = JumpLimiter()
    assert not limiter.corrected(10.0)
    assert limiter.corrected(14.0)
    assert limiter.widening(14.0) == 2.0
    assert not limiter.may_jump(21.9)
    assert limiter.may_jump(22.0)
    assert limiter.widening(73.9) == 2.0
    assert limiter.widening(74.0) == 1.0


def test_the_tolerance_does_not_grow_for_ever() -> None:
    limiter = JumpLimiter()
    for second in range(20):
        limiter.corrected(10.0 + second)
    assert limiter.widening(30.0) == MAX_WIDENING


def test_a_jump_for_another_reason_is_no_repetition() -> None:
    limiter = JumpLimiter()
    limiter.jumped(10.0)
    assert not limiter.corrected(14.0)
