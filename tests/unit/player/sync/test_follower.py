"""What a follower makes of a timeline, of people at the player and of films."""

from __future__ import annotations

import pytest

from player.backend.base import (
    EndReached,
    Failed,
    MediaOpened,
    PauseChanged,
    Restarted,
    StallChanged,
)
from player.sync.messages import Acted, PauseNow, PlayAtRate, SeekTo, Stalled
from player.sync.seeks import SEEK_STALLS
from protocol.timeline import Timeline
from tests.doubles.followed import FIRST_SEEK, SEEK_TAKES, Stand, rates, seeks, told_near

# Starting -------------------------------------------------------------------------------


def test_a_start_is_planned_for_its_very_instant() -> None:
    stand = Stand().opened(50.0)
    assert stand.follow(Timeline(50.0, 1000.2, 1.0, True)) == [PlayAtRate(1.0)]
    assert stand.follower.armed == pytest.approx(1000.2)
    stand.wait(0.3)
    assert stand.follower.phase == "running"
    assert stand.follower.armed is None


def test_a_seat_that_has_landed_a_picture_too_far_starts_that_much_later() -> None:
    stand = Stand().opened(50.04)
    stand.follow(Timeline(50.0, 1000.2, 2.0, True))
    assert stand.follower.armed == pytest.approx(1000.22)


def test_a_late_device_is_started_early_once_that_is_known() -> None:
    stand = Stand(latency=0.1).opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.wait(3.0)
    stand.follow(Timeline(stand.position, stand.now, 1.0, False))
    (place,) = seeks(stand.said)
    stand.landed(place)
    stand.follow(Timeline(place, stand.now + 0.5, 1.0, True))
    assert stand.follower.armed == pytest.approx(stand.now + 0.4, abs=0.002)


def test_a_step_of_the_clock_is_not_taken_for_a_late_device() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.wait(0.4)
    stand.follower.set_clock(0.2)
    stand.wait(3.0)
    stand.follow(Timeline(60.0, stand.now, 1.0, False))
    stand.landed(60.0)
    stand.follow(Timeline(60.0, stand.now + 0.7, 1.0, True))
    assert stand.follower.armed == pytest.approx(stand.now + 0.5)


def test_news_that_came_late_are_not_taken_for_a_late_device() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 999.95, 1.0, True))
    stand.wait(2.0)
    stand.follow(Timeline(60.0, stand.now, 1.0, False))
    stand.landed(60.0)
    stand.follow(Timeline(60.0, stand.now + 0.5, 1.0, True))
    assert stand.follower.armed == pytest.approx(stand.now + 0.5)


def test_a_start_that_is_missed_goes_to_where_it_can_be_in_time() -> None:
    stand = Stand().opened(50.0)
    assert seeks(stand.follow(Timeline(50.0, 999.0, 1.0, True))) == [
        pytest.approx(51.0 + FIRST_SEEK)
    ]


def test_seeks_that_always_come_late_end_in_a_start() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 990.0, 1.0, True))
    for _ in range(10):
        if stand.follower.phase != "seeking":
            break
        stand.now += 2.0
        stand.landed(50.0)
    assert len(seeks(stand.said)) == 3
    stand.wait(0.1)
    assert stand.follower.phase == "running"


def test_a_player_that_starts_early_by_its_latency_is_not_sent_back() -> None:
    stand = Stand(latency=0.1).playing()
    stand.follow(Timeline(70.0, stand.now, 1.0, False))
    stand.landed(70.0)
    stand.follow(Timeline(70.0, stand.now + 0.3, 1.0, True))
    assert seeks(stand.wait(2.0)) == []


# Pausing --------------------------------------------------------------------------------


def test_a_pause_stops_and_then_goes_to_the_exact_place() -> None:
    stand = Stand().playing()
    assert stand.follow(Timeline(52.0, stand.now, 1.0, False)) == [PauseNow()]
    assert stand.said == [PauseNow(), SeekTo(52.0)]


def test_a_pause_needs_no_clock() -> None:
    stand = Stand().playing()
    stand.follower.set_clock(None)
    stand.follow(Timeline(52.0, 7.0, 1.0, False))
    assert stand.said == [PauseNow(), SeekTo(52.0)]


def test_the_nearest_picture_to_a_pause_is_good_enough() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(52.0, stand.now, 1.0, False))
    stand.now += SEEK_TAKES
    stand.landed(52.04)
    assert stand.wait(5.0) == []


def test_resting_on_the_nearest_picture_is_no_drift_and_resting_elsewhere_is() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(52.0, stand.now, 1.0, False))
    stand.landed(52.04)
    assert stand.follower.view(stand.now).drift == 0.0
    stand.follow(Timeline(90.0, stand.now, 1.0, False))
    stand.landed(53.0)
    assert stand.follower.view(stand.now).drift == pytest.approx(-37.0)


def test_a_host_who_was_stopped_goes_to_the_picture_that_the_others_show() -> None:
    stand = Stand().playing()
    stand.do(stand.follower.hold(stand.now))
    place = told_near(stand, Acted)
    assert place is not None
    assert seeks(stand.follow(Timeline(place, stand.now, 1.0, False))) == [place]
    stand.landed(place + 0.02)
    assert stand.wait(5.0) == []


def test_a_pause_where_data_is_missing_waits_for_it_before_it_looks_for_a_picture() -> None:
    stand = Stand().playing()
    stand.tell(StallChanged(stand.generation, True, stand.now))
    stand.wait(1.0)
    place = stand.follower.view(stand.now).position
    assert place is not None
    assert seeks(stand.follow(Timeline(place, stand.now, 1.0, False))) == []
    stand.tell(StallChanged(stand.generation, False, stand.now))
    assert seeks(stand.wait(0.1)) == [place]


def test_a_stream_without_sync_is_followed_and_not_corrected() -> None:
    stand = Stand().playing()
    stand.follower.set_sync_enabled(False)
    stand.behind = 3.0
    assert stand.wait(15.0) == []
    stand.follow(Timeline(300.0, stand.now + 0.5, 1.0, True))
    assert len(seeks(stand.said)) == 1


def test_the_drift_from_before_a_jump_is_not_told_after_it() -> None:
    stand = Stand().playing()
    stand.behind = 2.0
    stand.wait(0.6)
    assert seeks(stand.said) != []
    stand.behind = 0.0
    stand.landed(stand.follower.view(stand.now).target)
    assert stand.follower.view(stand.now).drift is None


def test_a_hold_stops_at_once_and_tells_where() -> None:
    stand = Stand().playing()
    stand.do(stand.follower.hold(stand.now))
    assert stand.said == [PauseNow()]
    assert told_near(stand, Acted) == pytest.approx(stand.position)
    assert stand.wait(1.0) == []


def test_a_hold_outlasts_a_timeline_that_was_on_its_way() -> None:
    stand = Stand().playing()
    stand.do(stand.follower.hold(stand.now))
    stand.follow(Timeline(300.0, stand.now + 0.3, 1.0, True))
    assert stand.wait(1.0) == []
    assert stand.follower.phase == "resting"


def test_a_hold_that_came_to_nothing_is_made_up_for() -> None:
    stand = Stand().playing()
    stand.do(stand.follower.hold(stand.now))
    stand.now += 2.0
    commands = stand.do(stand.follower.release(stand.now))
    assert seeks(commands) == [pytest.approx(stand.target + FIRST_SEEK)]


def test_a_hold_without_a_player_tells_where_the_party_is() -> None:
    stand = Stand().playing()
    stand.tell(Failed(stand.generation, "its window was closed", lost=True))
    stand.now += 5.0
    stand.do(stand.follower.hold(stand.now))
    assert told_near(stand, Acted) == pytest.approx(stand.target)


# While a seek is under way --------------------------------------------------------------


def test_a_newer_place_is_sought_at_once_and_the_older_answer_ignored() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    sent = stand.now
    stand.now += 0.2
    assert len(seeks(stand.follow(Timeline(400.0, stand.now + 0.35, 1.0, True)))) == 1
    assert stand.tell(Restarted(stand.generation, 300.0, sent + 0.1)) == []
    assert stand.follower.phase == "seeking"
    stand.landed(400.0)
    assert stand.follower.phase == "resting"


def test_a_change_that_leads_to_the_same_place_waits_for_the_seek() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    stand.now += 0.2
    assert stand.follow(Timeline(300.1, stand.now, 1.0, False)) == []
    stand.now += SEEK_TAKES
    stand.landed(300.0)
    assert stand.said[-1] == SeekTo(300.1)


def test_a_pause_during_a_seek_is_where_the_seek_goes() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    stand.do(stand.follower.hold(stand.now))
    assert stand.told[-1] == Acted(True, 300.0)
    stand.landed(300.0)
    assert stand.wait(1.0) == []


def test_a_seek_that_is_never_answered_is_made_again() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    assert seeks(stand.wait(11.9)) == []
    assert len(seeks(stand.wait(0.3))) == 1


def test_a_slow_seek_is_allowed_for_the_next_time() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now, 1.0, False))
    stand.now += 0.8
    stand.landed(300.0)
    stand.follow(Timeline(300.0, stand.now - 5.0, 1.0, True))
    assert seeks(stand.said)[-1] == pytest.approx(305.0 + 0.8 + 0.05)


# People at the player -------------------------------------------------------------------


def test_our_own_pause_and_start_are_no_acts() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.wait(0.25)
    stand.tell(PauseChanged(stand.generation, False, stand.now))
    stand.wait(2.0)
    stand.follow(Timeline(stand.position, stand.now, 1.0, False))
    stand.tell(PauseChanged(stand.generation, True, stand.now))
    stand.wait(2.0)
    assert stand.heard(Acted) == []


def test_a_person_s_pause_is_told_with_its_place_and_undone_by_release() -> None:
    stand = Stand().playing()
    place = stand.position
    stand.tell(PauseChanged(stand.generation, True, stand.now))
    assert told_near(stand, Acted) == pytest.approx(place, abs=0.01)
    stand.wait(0.5)
    assert len(seeks(stand.do(stand.follower.release(stand.now)))) == 1


def test_a_person_s_pause_right_after_our_start_is_noticed_a_moment_later() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.wait(0.25)
    stand.tell(PauseChanged(stand.generation, True, stand.now))
    assert stand.told == []
    stand.wait(0.4)
    assert len(stand.heard(Acted)) == 1


def test_a_person_s_start_is_stopped_and_told() -> None:
    stand = Stand().opened(50.0)
    stand.wait(1.0)
    assert stand.tell(PauseChanged(stand.generation, False, stand.now)) == [PauseNow()]
    assert stand.told == [Acted(False, 50.0)]


def test_a_start_ahead_of_the_planned_one_is_only_stopped() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1002.0, 1.0, True))
    stand.wait(1.0)
    assert stand.tell(PauseChanged(stand.generation, False, stand.now)) == [PauseNow()]
    assert stand.told == []
    assert stand.follower.armed == pytest.approx(1002.0)


# Films ----------------------------------------------------------------------------------


def test_what_an_earlier_film_s_player_tells_is_ignored() -> None:
    stand = Stand().playing()
    old = stand.generation
    stand.follower.load(stand.now, is_network=False)
    for event in (
        EndReached(old, 600.0, stand.now),
        Failed(old, "late"),
        Restarted(old, 9.0, stand.now),
        PauseChanged(old, True, stand.now),
    ):
        assert stand.tell(event) == []
    assert stand.follower.phase == "loading"
    assert stand.told == []


def test_a_film_opens_where_the_timeline_will_be() -> None:
    stand = Stand()
    stand.follow(Timeline(0.0, 900.0, 1.0, True))
    assert stand.follower.load(stand.now, is_network=True) == pytest.approx(100.0 + 1.5 + 0.05)


def test_a_live_film_is_never_sought_in_nor_compared() -> None:
    stand = Stand()
    stand.follow(Timeline(0.0, 900.0, 1.0, True))
    assert stand.follower.load(stand.now, is_network=True, is_live=True) == 0.0
    stand.tell(MediaOpened(stand.generation, "", None, (), (), True, True))
    stand.landed(12345.0)
    said = stand.wait(10.0)
    assert stand.follower.phase == "running"
    assert seeks(said) == []
    assert rates(said) == []
    assert stand.follower.view(stand.now).drift is None
    stand.follow(Timeline(50.0, stand.now, 1.0, False))
    assert stand.said[-1] == PauseNow()


def test_a_broken_film_is_left_alone_until_it_is_opened_again() -> None:
    stand = Stand().playing()
    stand.tell(Failed(stand.generation, "the file is broken"))
    assert stand.follower.view(stand.now).state == "failed"
    assert stand.wait(3.0) == []
    stand.opened(stand.target + 0.2)
    stand.wait(2.0)
    assert stand.follower.view(stand.now).state == "playing"


def test_a_film_that_breaks_off_stalls_the_player_until_it_is_open_again() -> None:
    stand = Stand().playing()
    place = stand.position
    stand.tell(Failed(stand.generation, "its server broke off", is_transient=True))
    stand.wait(5.0)
    assert told_near(stand, Stalled) == pytest.approx(place, abs=0.01)
    assert stand.follower.view(stand.now).is_stalled
    stand.told.clear()
    stand.opened(stand.target + 1.0, is_network=True)
    stand.wait(0.1)
    assert [told.stalled for told in stand.told if isinstance(told, Stalled)] == [False]


def test_a_film_that_breaks_off_while_the_party_stands_stalls_nobody() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, stand.now, 1.0, False))
    stand.tell(Failed(stand.generation, "its server broke off", is_transient=True))
    stand.wait(1.0)
    assert stand.heard(Stalled) == []


def test_a_window_that_is_closed_stalls_nobody() -> None:
    stand = Stand().playing()
    stand.tell(Failed(stand.generation, "its window was closed", lost=True))
    stand.wait(1.0)
    assert stand.heard(Stalled) == []


def test_a_seek_that_waits_for_data_while_the_film_should_run_is_a_stall() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now, 1.0, True))
    stand.wait(SEEK_STALLS - 0.1)
    assert stand.heard(Stalled) == []
    stand.wait(1.0)
    assert [told.stalled for told in stand.told if isinstance(told, Stalled)] == [True]
    stand.landed(stand.target + 0.5)
    stand.wait(0.1)
    assert [told.stalled for told in stand.told if isinstance(told, Stalled)] == [True, False]


def test_a_seek_that_takes_long_before_the_start_is_agreed_holds_nobody_up() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 8.0, 1.0, True))
    stand.wait(7.0)
    assert stand.heard(Stalled) == []
