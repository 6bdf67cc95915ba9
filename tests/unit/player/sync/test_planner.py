"""How a running player is kept in step: drift, rate, stalls and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.backend.base import Sample, StallChanged, TimestampsRestarted
from player.sync.messages import (
    Finished,
    InStep,
    Jumped,
    PlayAtRate,
    PlayerCommand,
    Stalled,
    Widened,
)
from protocol.timeline import Timeline
from tests.doubles.followed import DURATION, FIRST_SEEK, SEEK_TAKES, Stand, rates, seeks, told_near

if TYPE_CHECKING:
    from player.sync.messages import CorrectionMode


# Keeping in step ------------------------------------------------------------------------


def test_a_small_drift_is_glided() -> None:
    stand = Stand().playing()
    stand.behind = 0.1
    said = stand.wait(1.0)
    assert seeks(said) == []
    assert rates(said)[0] == pytest.approx(1.02)


def test_a_drift_beyond_tolerance_is_jumped_once() -> None:
    stand = Stand().playing()
    stand.behind = 1.0
    assert len(seeks(stand.wait(1.0))) == 1
    assert told_near(stand, Jumped) == pytest.approx(-1.0, abs=0.6)


def test_what_a_slow_film_is_behind_in_time_is_what_counts() -> None:
    for rate, jumps in ((0.5, 1), (1.0, 0), (2.0, 0)):
        stand = Stand().opened(50.0)
        stand.follow(Timeline(50.0, stand.now + 0.2, rate, True))
        stand.wait(3.0)
        stand.said.clear()
        stand.behind = 0.4
        assert len(seeks(stand.wait(1.0))) == jumps


def test_soft_correction_only_glides_and_off_does_nothing() -> None:
    modes: tuple[tuple[CorrectionMode, bool], ...] = (("soft", True), ("off", False))
    for correction, glides in modes:
        stand = Stand(correction).playing()
        stand.behind = 5.0
        said = stand.wait(12.0)
        assert seeks(said) == []
        assert bool(rates(said)) == glides


def test_what_the_host_does_is_followed_without_correction_as_well() -> None:
    stand = Stand("off").playing()
    assert seeks(stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))) == [300.0]


def test_jumps_that_do_not_help_become_rarer_and_that_is_told() -> None:
    stand = Stand().playing()
    stand.behind = 2.0
    for _ in range(60):
        stand.wait(1.0)
        if stand.follower.phase == "seeking":
            stand.landed(stand.target)
    assert len(stand.heard(Jumped)) <= 4
    assert stand.heard(Widened)[0] == Widened(1.0)


def test_a_drift_that_may_not_be_jumped_yet_is_glided() -> None:
    stand = Stand().playing()
    stand.behind = 2.0
    stand.wait(1.0)
    stand.now += SEEK_TAKES
    stand.landed(stand.target + 0.2)
    assert 1.04 in rates(stand.wait(2.5))


def test_the_resync_key_jumps_however_small_the_drift_is() -> None:
    stand = Stand().playing()
    assert len(seeks(stand.do(stand.follower.jump(stand.now)))) == 1
    stand.now += SEEK_TAKES
    stand.landed(stand.target + 0.2)
    stand.wait(2.0)
    assert told_near(stand, InStep) == pytest.approx(0.0, abs=0.002)


def test_the_resync_key_goes_nowhere_while_nobody_knows_where() -> None:
    stand = Stand().playing()
    stand.follower.set_clock(None)
    assert stand.do(stand.follower.jump(stand.now)) == []


def test_nothing_is_corrected_while_the_clock_is_unknown() -> None:
    stand = Stand().playing()
    stand.follower.set_clock(None)
    stand.behind = 3.0
    assert stand.wait(5.0) == []


def test_a_vague_read_is_not_used() -> None:
    stand = Stand().playing()
    before = stand.follower.view(stand.now).drift
    stand.follower.sampled(Sample(stand.now - 0.01, stand.now, 0.0))
    assert stand.follower.view(stand.now).drift == before


# The rate -------------------------------------------------------------------------------


def test_a_new_rate_is_written_ahead_of_its_time() -> None:
    stand = Stand().playing()
    at = stand.now + 0.6
    stand.follow(Timeline(stand.target + 0.6, at, 1.5, True))
    assert rates(stand.wait(0.1)) == []
    assert rates(stand.wait(0.15)) == [1.5]
    assert seeks(stand.wait(0.3)) == []


def test_a_rate_that_was_missed_is_made_up_for() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(stand.target + 0.2, stand.now, 1.5, True))
    assert rates(stand.wait(0.1)) == [1.5]


def test_a_rate_that_changes_while_paused_holds_from_the_next_start() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, stand.now, 1.0, False))
    stand.landed(50.0)
    assert stand.follow(Timeline(50.0, stand.now, 2.0, False)) == []
    assert stand.follow(Timeline(50.0, stand.now + 0.2, 2.0, True)) == [PlayAtRate(2.0)]


def test_a_rate_that_changes_before_the_start_leaves_the_start_alone() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.follow(Timeline(50.2, 1000.4, 2.0, True))
    assert stand.follower.armed == pytest.approx(1000.2)
    assert seeks(stand.wait(1.0)) == []
    assert rates(stand.said) == [1.0, 2.0]


# Stalls ---------------------------------------------------------------------------------


def stalled(stand: Stand, seconds: float) -> list[PlayerCommand]:
    """The player waits for so long."""
    stand.tell(StallChanged(stand.generation, True, stand.now))
    stand.behind = 0.0
    began, place = stand.now, stand.position
    while stand.now < began + seconds - 1e-9:
        stand.behind = stand.now + 0.05 - began
        stand.wait(0.05)
    assert stand.position - stand.behind == pytest.approx(place, abs=0.06)
    return stand.tell(StallChanged(stand.generation, False, stand.now))


def test_a_stall_is_told_after_half_a_second_with_the_place_where_it_began() -> None:
    stand = Stand().playing()
    place = stand.position
    stalled(stand, 1.0)
    began, ended = (told for told in stand.told if isinstance(told, Stalled))
    assert (began.stalled, ended.stalled) == (True, False)
    assert began.position == pytest.approx(place, abs=0.01)


def test_nothing_is_tried_during_a_stall_and_after_it_the_seat_jumps_at_once() -> None:
    stand = Stand().playing()
    assert len(seeks(stalled(stand, 2.0))) == 1
    assert seeks(stand.said) == [pytest.approx(stand.target + FIRST_SEEK, abs=0.01)]
    assert rates(stand.said) == []


def test_a_short_stall_is_glided() -> None:
    stand = Stand().playing()
    assert stalled(stand, 0.3) == []
    assert stand.heard(Stalled) == []


def test_the_pause_that_a_stall_brings_is_not_its_end() -> None:
    stand = Stand().playing()
    stand.tell(StallChanged(stand.generation, True, stand.now))
    place = stand.position
    stand.wait(0.6)
    stand.follow(Timeline(place, stand.now, 1.0, False))
    stand.wait(3.0)
    assert [told.stalled for told in stand.told if isinstance(told, Stalled)] == [True]
    stand.tell(StallChanged(stand.generation, False, stand.now))
    assert [told.stalled for told in stand.told if isinstance(told, Stalled)] == [True, False]


def test_a_player_that_is_not_meant_to_run_does_not_stall() -> None:
    stand = Stand().opened(50.0)
    stand.tell(StallChanged(stand.generation, True, stand.now))
    stand.wait(3.0)
    assert stand.told == []


# The end --------------------------------------------------------------------------------


def test_the_end_is_told_once_and_rests() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.now += 3.0
    stand.end()
    assert stand.told == [Finished(DURATION)]
    assert stand.wait(5.0) == []


def test_going_back_from_the_end_seeks() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.end()
    assert seeks(stand.follow(Timeline(100.0, stand.now + 0.35, 1.0, True))) == [100.0]


def test_an_end_that_was_told_before_a_seek_back_means_nothing() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.follow(Timeline(100.0, stand.now + 0.35, 1.0, True))
    stand.end(ago=0.01)
    assert stand.follower.phase == "seeking"
    assert stand.told == []


def test_who_comes_after_the_end_goes_there_once() -> None:
    stand = Stand()
    stand.follow(Timeline(0.0, 0.0, 1.0, True))
    stand.opened(0.0)
    assert len(seeks(stand.said)) == 1
    stand.now += SEEK_TAKES
    stand.landed(DURATION - 0.04)
    stand.end()
    assert stand.wait(5.0) == []
    assert stand.told == [Finished(DURATION)]
    assert stand.follower.view(stand.now).position == DURATION


def test_a_player_far_behind_a_film_that_is_over_goes_to_its_end() -> None:
    stand = came_to_the_end_before()
    assert seeks(stand.follow(Timeline(50.0, stand.now - 1000.0, 1.0, True))) == [600.0]
    stand.landed(599.96)
    stand.wait(0.2)
    assert stand.follower.phase == "ended"


def test_a_player_just_short_of_the_end_plays_on_to_it() -> None:
    stand = came_to_the_end_before()
    stand.follow(Timeline(599.4, stand.now + 0.2, 1.0, True))
    stand.landed(599.4)
    stand.wait(0.3)
    assert seeks(stand.follow(Timeline(599.9, stand.now, 1.0, True))) == []


def test_before_the_end_is_reached_no_place_is_beyond_it() -> None:
    stand = Stand().opened(50.0)
    assert seeks(stand.follow(Timeline(700.0, stand.now, 1.0, False))) == [700.0]


def test_a_place_behind_the_end_is_the_end_and_is_not_sought_again() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(700.0, stand.now, 1.0, False))
    stand.landed(599.96)
    stand.end()
    assert stand.told == [Finished(DURATION)]
    assert stand.wait(3.0) == []
    assert stand.follow(Timeline(DURATION, stand.now, 1.0, False)) == []
    assert stand.follower.view(stand.now).state == "ended"


def test_two_seats_that_tell_the_end_apart_a_little_rest_at_the_same_place() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.end(DURATION + 0.06)
    assert stand.follow(Timeline(DURATION, stand.now, 1.0, False)) == []
    assert stand.follower.view(stand.now).position == DURATION


def test_a_film_that_plays_on_behind_its_end_had_not_ended() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.end()
    stand.follow(Timeline(100.0, stand.now, 1.0, False))
    stand.landed(650.0)
    stand.follow(Timeline(700.0, stand.now, 1.0, False))
    assert seeks(stand.said)[-1] == 700.0


def came_to_the_end_before() -> Stand:
    """It plays at 50 s, and has been at the end of the film."""
    stand = Stand().playing(DURATION - 5)
    stand.end()
    stand.follow(Timeline(50.0, stand.now + 0.35, 1.0, True))
    stand.landed(50.0)
    stand.wait(3.0)
    return stand


# A film that cannot be sought in --------------------------------------------------------


def test_where_no_seek_helps_none_is_made_for_a_drift() -> None:
    stand = Stand().opened(50.0, is_seekable=False)
    stand.follow(Timeline(50.0, stand.now + 0.2, 1.0, True))
    stand.behind = 3.0
    stand.wait(20.0)
    assert seeks(stand.said) == []
    assert stand.heard(Jumped) == []
    assert max(rates(stand.said)) == pytest.approx(1.04)


def test_where_timestamps_have_begun_anew_a_drift_is_mended_by_the_rate_alone() -> None:
    stand = Stand().playing()
    stand.tell(TimestampsRestarted(stand.generation))
    stand.behind = 3.0
    stand.wait(20.0)
    assert stand.heard(Jumped) == []
    assert max(rates(stand.said)) == pytest.approx(1.04)


def test_where_no_seek_helps_a_start_is_sought_once_and_then_made() -> None:
    stand = Stand().opened(50.0, is_seekable=False)
    assert len(seeks(stand.follow(Timeline(90.0, stand.now - 5.0, 1.0, True)))) == 1
    stand.landed(50.0)
    assert seeks(stand.wait(0.3)) == []
    assert stand.follower.phase == "running"


def test_after_a_seek_that_came_late_the_next_allows_for_as_long() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.3, 1.0, True))
    stand.now += 2.0
    before = len(stand.said)
    stand.landed(300.0)
    (again,) = seeks(stand.said[before:])
    assert again >= stand.target + 2.0
