"""Where the player should be, told by the local clock."""

from __future__ import annotations

import pytest

from player.course import Course
from protocol.timeline import Timeline


@pytest.fixture
def course() -> Course:
    course = Course()
    course.offset = 1000.0
    return course


def test_nothing_is_due_before_the_servers_clock_is_known() -> None:
    course = Course()
    course.take(Timeline(5.0, 0.0, 1.0, True))
    assert course.target(3.0) is None
    assert not course.known
    assert course.aim(3.0) == 5.0


def test_the_target_moves_with_the_timeline(course: Course) -> None:
    course.take(Timeline(50.0, 1010.0, 2.0, True))
    assert course.target(5.0) == 50.0
    assert course.target(15.0) == 60.0
    assert course.starts_in(5.0) == 5.0
    assert course.due(60.0) == 15.0


def test_the_old_timeline_holds_until_one_that_carries_it_on_begins(course: Course) -> None:
    course.take(Timeline(0.0, 1000.0, 1.0, True))
    course.take(Timeline(20.0, 1020.0, 2.0, True))
    assert course.is_handing_over
    assert course.target(10.0) == 10.0
    assert not course.hand_over(19.9)
    assert course.hand_over(20.0)
    assert not course.hand_over(20.1)
    assert course.target(21.0) == 22.0


def test_a_jump_does_not_wait_for_its_beginning(course: Course) -> None:
    course.take(Timeline(0.0, 1000.0, 1.0, True))
    course.take(Timeline(300.0, 1011.0, 1.0, True))
    assert not course.is_handing_over
    assert course.target(10.0) == 300.0


def test_a_hold_lasts_until_the_timeline_says_something_new(course: Course) -> None:
    course.take(Timeline(0.0, 1000.0, 1.0, True))
    course.held = True
    assert not course.wants_play
    assert course.aim(50.0) == 0.0
    course.take(Timeline(7.0, 1000.0, 1.0, False))
    assert not course.held


def test_nothing_is_due_past_the_end(course: Course) -> None:
    course.take(Timeline(0.0, 1000.0, 1.0, True))
    assert not course.is_past_end(700.0)
    course.duration = 600.0
    assert course.target(700.0) == 600.0
    assert course.aim(700.0) == 600.0
    assert course.is_past_end(600.0)
    assert not course.is_past_end(599.0)
