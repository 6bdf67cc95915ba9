"""When a player that waits for data matters to anybody."""

from __future__ import annotations

from player.sync.stall import ACTED_AFTER, SHOWN_AFTER, StallDetector


def waiting(since: float = 10.0) -> StallDetector:
    watch = StallDetector()
    watch.changed(stalled=True, instant=since)
    return watch


def test_a_stall_is_shown_soon_and_acted_on_later() -> None:
    watch = waiting()
    assert not watch.shown(10.0 + SHOWN_AFTER)
    assert watch.shown(10.01 + SHOWN_AFTER)
    assert watch.news(9.99 + ACTED_AFTER, counts=True) is None
    assert watch.news(10.0 + ACTED_AFTER, counts=True) is True
    assert watch.news(99.0, counts=True) is None


def test_a_stall_that_ends_before_it_matters_is_no_news() -> None:
    watch = waiting()
    watch.changed(stalled=False, instant=10.3)
    assert not watch.waits
    assert watch.news(99.0, counts=True) is None


def test_a_stall_that_is_said_twice_began_the_first_time() -> None:
    watch = waiting()
    watch.changed(stalled=True, instant=10.4)
    assert watch.news(10.5, counts=True) is True


def test_only_the_player_can_end_a_stall_that_was_told() -> None:
    watch = waiting()
    watch.news(11.0, counts=True)
    assert watch.news(12.0, counts=False) is None
    watch.changed(stalled=False, instant=13.0)
    assert watch.news(13.0, counts=False) is False
    assert watch.news(14.0, counts=True) is None


def test_a_player_that_is_not_meant_to_run_does_not_begin_to_stall() -> None:
    assert waiting().news(99.0, counts=False) is None


def test_after_a_seek_the_time_before_it_does_not_count() -> None:
    watch = waiting()
    watch.restart(20.0)
    assert watch.news(20.4, counts=True) is None
    assert watch.news(20.5, counts=True) is True
    StallDetector().restart(20.0)


def test_another_film_ends_a_stall() -> None:
    watch = waiting()
    watch.news(11.0, counts=True)
    watch.clear()
    assert watch.news(12.0, counts=False) is False


def test_a_film_that_is_lost_stalls_until_it_is_open_again() -> None:
    watch = StallDetector()
    assert watch.lose(counts=True)
    assert not watch.lose(counts=True)
    watch.reload()
    assert watch.news(50.0, counts=False) is None
    watch.restart(60.0)
    assert watch.news(60.0, counts=False) is False


def test_a_film_that_is_lost_where_nobody_plays_it_stalls_nobody() -> None:
    watch = StallDetector()
    assert not watch.lose(counts=False)
    assert watch.news(50.0, counts=True) is None


def test_a_stall_outlasts_the_reopening_of_its_film_and_no_other() -> None:
    watch = waiting()
    watch.news(11.0, counts=True)
    watch.reload()
    assert watch.news(20.0, counts=False) is None
    watch.clear()
    assert watch.news(20.0, counts=False) is False
