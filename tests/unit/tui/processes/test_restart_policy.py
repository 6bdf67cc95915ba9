"""A child that died is started again, ever later, and given up when it dies too often."""

from __future__ import annotations

from tui.processes.restart_policy import RestartCounter, RestartPolicy


def test_each_death_in_a_row_waits_longer_up_to_the_last_wait() -> None:
    deaths = RestartCounter(RestartPolicy(back_off=(0.1, 0.5), limit=5))
    assert [deaths.died(now) for now in (0.0, 1.0, 2.0, 3.0)] == [0.1, 0.5, 0.5, 0.5]


def test_too_many_deaths_in_a_while_are_the_end() -> None:
    deaths = RestartCounter(RestartPolicy(limit=3, within=60.0))
    assert None not in (deaths.died(0.0), deaths.died(59.0))
    assert deaths.died(59.9) is None


def test_deaths_of_long_ago_do_not_count() -> None:
    deaths = RestartCounter(RestartPolicy(back_off=(0.1, 0.5), limit=3, within=60.0))
    assert [deaths.died(now) for now in (0.0, 30.0, 60.0)] == [0.1, 0.5, 0.5]
    assert deaths.died(200.0) == 0.1


def test_without_a_limit_it_is_never_given_up() -> None:
    deaths = RestartCounter(RestartPolicy(back_off=(0.0, 0.5), limit=None))
    assert [deaths.died(0.0) for _ in range(20)] == [0.0] + [0.5] * 19


def test_a_child_that_works_again_begins_anew() -> None:
    deaths = RestartCounter(RestartPolicy(back_off=(0.0, 0.5), limit=None))
    deaths.died(0.0)
    deaths.recovered()
    assert deaths.died(0.0) == 0.0
