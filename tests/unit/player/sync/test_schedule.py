"""Where the player should be, told by the local clock."""

from __future__ import annotations

import pytest

from player.sync.schedule import TimelineSchedule
from protocol.timeline import Timeline


@pytest.fixture
def schedule() -> TimelineSchedule:
    schedule = TimelineSchedule()
    schedule.offset = 1000.0
    return schedule


def test_nothing_is_due_before_the_servers_clock_is_known() -> None:
    schedule = TimelineSchedule()
    schedule.take(Timeline(5.0, 0.0, 1.0, True), 3.0)
    assert schedule.target(3.0) is None
    assert not schedule.known
    assert schedule.aim(3.0) == 5.0


def test_the_target_moves_with_the_timeline(schedule: TimelineSchedule) -> None:
    schedule.take(Timeline(50.0, 1010.0, 2.0, True), 0.0)
    assert schedule.target(5.0) == 50.0
    assert schedule.target(15.0) == 60.0
    assert schedule.starts_in(5.0) == 5.0
    assert schedule.due(60.0) == 15.0


def test_the_old_timeline_holds_until_one_that_carries_it_on_begins(
    schedule: TimelineSchedule,
) -> None:
    schedule.take(Timeline(0.0, 1000.0, 1.0, True), 0.0)
    schedule.take(Timeline(20.0, 1020.0, 2.0, True), 10.0)
    assert schedule.is_handing_over
    assert schedule.target(10.0) == 10.0
    assert schedule.rate_at(19.9) == (1.0, 0.0)
    schedule.hand_over(19.9)
    assert schedule.is_handing_over
    schedule.hand_over(20.0)
    assert not schedule.is_handing_over
    assert schedule.target(21.0) == 22.0


def test_of_several_planned_timelines_each_has_its_time(schedule: TimelineSchedule) -> None:
    schedule.take(Timeline(0.0, 1000.0, 1.0, True), 0.0)
    schedule.take(Timeline(20.0, 1020.0, 2.0, True), 19.0)
    schedule.take(Timeline(22.0, 1021.0, 0.5, True), 19.1)
    assert [schedule.target(t) for t in (19.5, 20.5, 23.0)] == [19.5, 21.0, 23.0]
    assert [schedule.rate_at(t) for t in (19.5, 20.5, 23.0)] == [
        (1.0, 0.0),
        (2.0, 20.0),
        (0.5, 21.0),
    ]
    assert [schedule.due(p) for p in (19.0, 21.0, 23.0)] == [19.0, 20.5, 23.0]


def test_a_later_change_for_the_same_instant_replaces_the_earlier(
    schedule: TimelineSchedule,
) -> None:
    schedule.take(Timeline(0.0, 1010.0, 1.0, True), 0.0)
    schedule.take(Timeline(0.0, 1010.0, 2.0, True), 0.1)
    assert schedule.rate_at(10.0) == (2.0, 10.0)
    assert schedule.target(11.0) == 2.0


def test_a_rate_that_changes_before_the_start_leaves_the_start_where_it_is(
    schedule: TimelineSchedule,
) -> None:
    schedule.take(Timeline(50.0, 1010.0, 1.0, True), 9.5)
    schedule.take(Timeline(50.5, 1010.5, 2.0, True), 9.8)
    assert schedule.due(50.0) == 10.0
    assert schedule.start == 50.0
    assert schedule.starts_in(9.9) == pytest.approx(0.1)


def test_a_jump_does_not_wait_for_its_beginning(schedule: TimelineSchedule) -> None:
    schedule.take(Timeline(0.0, 1000.0, 1.0, True), 0.0)
    schedule.take(Timeline(300.0, 1011.0, 1.0, True), 10.0)
    assert not schedule.is_handing_over
    assert schedule.target(10.0) == 300.0


def test_a_hold_lasts_until_the_timeline_stops_as_well(schedule: TimelineSchedule) -> None:
    schedule.take(Timeline(0.0, 1000.0, 1.0, True), 0.0)
    schedule.hold(50.0)
    assert not schedule.wants_play
    assert schedule.aim(50.0) == 0.0
    schedule.take(Timeline(90.0, 1050.5, 1.0, True), 50.1)
    assert schedule.held, "asked for before the hold"
    schedule.take(Timeline(7.0, 1000.0, 1.0, False), 50.2)
    assert not schedule.held


def test_a_hold_that_nothing_came_of_does_not_outlast_what_comes_later(
    schedule: TimelineSchedule,
) -> None:
    schedule.hold(50.0)
    schedule.take(Timeline(90.0, 1060.0, 1.0, True), 60.0)
    assert not schedule.held


def test_nothing_is_due_past_the_end(schedule: TimelineSchedule) -> None:
    schedule.take(Timeline(0.0, 1000.0, 1.0, True), 0.0)
    assert not schedule.is_past_end(700.0)
    schedule.end = 600.0
    assert schedule.target(700.0) == 600.0
    assert schedule.aim(700.0) == 600.0
    assert schedule.is_past_end(600.0)
    assert not schedule.is_past_end(599.0)
    schedule.landed(600.05)
    assert schedule.is_past_end(600.0)
    schedule.landed(601.0)
    assert not schedule.is_past_end(700.0)


def test_a_start_that_is_brought_forward_replaces_the_one_that_was_planned(
    schedule: TimelineSchedule,
) -> None:
    schedule.take(Timeline(50.0, 1018.0, 1.0, True), 10.0)
    schedule.take(Timeline(50.0, 1010.5, 1.0, True), 10.2)
    assert schedule.starts_in(10.2) == pytest.approx(0.3)
    assert schedule.due(50.0) == 10.5
    assert not schedule.is_handing_over
