"""What a seat learns of its own player."""

from __future__ import annotations

import pytest

from player.learned import (
    FIRST_NETWORK_SEEK_COST,
    FIRST_RATE_LATENCY,
    FIRST_SEEK_COST,
    MAX_LATENCY,
    Learned,
)


def test_the_first_seek_is_guessed_by_where_the_media_is() -> None:
    learned = Learned()
    assert learned.seek_cost == FIRST_SEEK_COST
    learned.new_media(is_network=True)
    assert learned.seek_cost == FIRST_NETWORK_SEEK_COST


def test_seek_cost_is_high_enough_for_four_of_five() -> None:
    learned = Learned()
    for seconds in (9.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        learned.seek_took(seconds)
    assert learned.seek_cost == 0.7
    learned.new_media(is_network=False)
    assert learned.seek_cost == FIRST_SEEK_COST


def test_latency_adds_up_what_is_left_over_and_one_odd_start_does_not_count() -> None:
    learned = Learned()
    learned.start_was_late(0.08, 1.0)
    assert learned.latency(1.0) == pytest.approx(0.08)
    learned.start_was_late(0.0, 1.0)
    learned.start_was_late(9.0, 1.0)
    assert learned.latency(1.0) == pytest.approx(0.08)
    for _ in range(8):
        learned.start_was_late(9.0, 1.0)
    assert learned.latency(1.0) == MAX_LATENCY


def test_each_rate_has_its_own_latency_and_the_plain_one_is_the_first_guess() -> None:
    learned = Learned()
    assert learned.latency(1.25) == 0.0
    learned.start_was_late(0.02, 1.0)
    assert learned.latency(1.25) == pytest.approx(0.02)
    learned.start_was_late(0.03, 1.25)
    assert learned.latency(1.25) == pytest.approx(0.05)
    assert learned.latency(1.0) == pytest.approx(0.02)


def test_a_new_rate_is_written_as_early_as_the_player_follows_it_late() -> None:
    learned = Learned()
    assert learned.rate_latency == FIRST_RATE_LATENCY
    learned.rate_was_late(-0.1)
    assert learned.rate_latency == pytest.approx(FIRST_RATE_LATENCY - 0.1)
    learned.rate_was_late(-9.0)
    learned.rate_was_late(-9.0)
    assert learned.rate_latency == 0.0
