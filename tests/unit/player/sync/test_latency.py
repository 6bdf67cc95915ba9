"""What a seat learns of its own player."""

from __future__ import annotations

import pytest

from player.sync.latency import (
    FIRST_NETWORK_SEEK_COST,
    FIRST_RATE_LATENCY,
    FIRST_SEEK_COST,
    MAX_LATENCY,
    MAX_SEEK_COST,
    MIN_LATENCY,
    LatencyModel,
)


def test_the_first_seek_is_guessed_by_where_the_media_is() -> None:
    latency = LatencyModel()
    assert latency.seek_cost == FIRST_SEEK_COST
    latency.new_media(is_network=True)
    assert latency.seek_cost == FIRST_NETWORK_SEEK_COST
    latency.new_picture(1920 * 1080)
    assert latency.seek_cost == FIRST_NETWORK_SEEK_COST


def test_the_first_seek_is_guessed_by_the_size_of_the_pictures() -> None:
    latency = LatencyModel()
    latency.new_picture(1920 * 1080)
    assert latency.seek_cost == pytest.approx(0.33, abs=0.01)
    latency.new_picture(1280 * 720)
    assert latency.seek_cost == pytest.approx(0.19, abs=0.01)
    latency.new_picture(10**9)
    assert latency.seek_cost == FIRST_NETWORK_SEEK_COST
    latency.new_media(is_network=False)
    assert latency.seek_cost == FIRST_SEEK_COST


def test_seek_cost_is_high_enough_for_four_of_five() -> None:
    latency = LatencyModel()
    for seconds in (9.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        latency.seek_took(seconds)
    assert latency.seek_cost == 0.7
    latency.new_media(is_network=False)
    assert latency.seek_cost == FIRST_SEEK_COST


def test_latency_is_the_median_so_that_one_odd_start_does_not_count() -> None:
    latency = LatencyModel()
    for seconds in (0.08, 0.08, 9.0):
        latency.start_took(seconds, 1.0)
    assert latency.latency(1.0) == pytest.approx(0.08)
    for _ in range(8):
        latency.start_took(9.0, 1.0)
    assert latency.latency(1.0) == MAX_LATENCY


def test_each_rate_has_its_own_latency_and_the_plain_one_is_the_first_guess() -> None:
    latency = LatencyModel()
    assert latency.latency(1.25) == 0.0
    latency.start_took(0.02, 1.0)
    assert latency.latency(1.25) == pytest.approx(0.02)
    latency.start_took(0.05, 1.25)
    assert latency.latency(1.25) == pytest.approx(0.05)
    assert latency.latency(1.0) == pytest.approx(0.02)


def test_one_odd_seek_among_three_does_not_count() -> None:
    latency = LatencyModel()
    for seconds in (0.1, 9.0, 0.2):
        latency.seek_took(seconds)
    assert latency.seek_cost == 0.2


def test_a_seek_that_took_for_ever_is_not_waited_for_the_next_time() -> None:
    latency = LatencyModel()
    latency.seek_took(60.0)
    assert latency.seek_cost == MAX_SEEK_COST


@pytest.mark.parametrize(
    ("advance", "drift"),
    [(0.0, -0.2), (0.1, 0.0), (-0.05, -0.3), (0.15, 0.1)],
    ids=["on time", "allowed for", "news came late", "too early"],
)
def test_the_first_drift_after_a_start_tells_how_late_the_device_is(
    advance: float, drift: float
) -> None:
    latency = LatencyModel()
    latency.started(10.0, advance, 2.0)
    latency.first_drift(10.7, drift)
    assert latency.latency(2.0) == pytest.approx(0.1)
    latency.first_drift(10.9, 0.5)
    assert latency.latency(2.0) == pytest.approx(0.1)


@pytest.mark.parametrize(("at", "drift"), [(12.0, -0.1), (10.7, -0.4)])
def test_a_drift_that_is_too_late_or_too_large_teaches_nothing(at: float, drift: float) -> None:
    latency = LatencyModel()
    latency.started(10.0, 0.0, 1.0)
    latency.first_drift(at, drift)
    assert latency.latency(1.0) == 0.0


def test_a_start_that_something_came_between_teaches_nothing() -> None:
    latency = LatencyModel()
    latency.started(10.0, 0.0, 1.0)
    latency.spoil()
    latency.first_drift(10.7, -0.1)
    assert latency.latency(1.0) == 0.0


def test_a_rate_s_latency_is_counted_from_when_it_was_really_written() -> None:
    latency = LatencyModel()
    assert latency.rate_latency == FIRST_RATE_LATENCY
    # Written 0.2 s ahead, heard 0.1 s late: 0.3 s, whatever had been expected.
    latency.rate_written(0.2, 0.5)
    latency.first_drift(11.0, -0.05)
    assert latency.rate_latency == pytest.approx(0.3)
    latency.rate_took(-9.0)
    latency.rate_took(-9.0)
    assert latency.rate_latency == 0.0


@pytest.mark.parametrize(("change", "drift"), [(0.05, -0.01), (0.25, -0.3)])
def test_a_change_of_rate_that_tells_nothing_teaches_nothing(change: float, drift: float) -> None:
    latency = LatencyModel()
    latency.rate_written(0.2, change)
    latency.first_drift(11.0, drift)
    assert latency.rate_latency == FIRST_RATE_LATENCY


def test_how_late_a_device_is_says_nothing_of_another_one() -> None:
    latency = LatencyModel()
    latency.new_device("pulse/one")
    latency.start_took(0.08, 1.0)
    latency.new_device("pulse/one")
    assert latency.latency(1.0) == pytest.approx(0.08)
    latency.new_device("pulse/other")
    assert latency.latency(1.0) == 0.0


def test_what_a_start_takes_at_worst_is_known_after_the_first() -> None:
    latency = LatencyModel()
    assert latency.start_cost(1.0) is None
    for seconds in (0.02, 0.09, 0.03):
        latency.start_took(seconds, 1.0)
    assert latency.start_cost(1.0) == latency.start_cost(2.0) == 0.09


def test_no_device_is_heard_long_before_it_is_told() -> None:
    latency = LatencyModel()
    latency.start_took(-0.3, 1.0)
    assert latency.latency(1.0) == MIN_LATENCY


def test_a_start_that_is_far_off_casts_doubt_on_the_last_lesson() -> None:
    latency = LatencyModel()
    latency.start_took(0.4, 1.0)
    latency.started(10.0, 0.4, 1.0)
    latency.first_drift(11.0, 0.35)
    assert latency.latency(1.0) == 0.0
