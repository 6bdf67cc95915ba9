"""What a seat learns of its own player."""

from __future__ import annotations

import pytest

from player.learned import FIRST_NETWORK_SEEK_COST, FIRST_SEEK_COST, MAX_LATENCY, Learned


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
    learned.start_was_late(0.08)
    assert learned.latency == pytest.approx(0.08)
    learned.start_was_late(0.0)
    learned.start_was_late(9.0)
    assert learned.latency == pytest.approx(0.08)
    for _ in range(8):
        learned.start_was_late(9.0)
    assert learned.latency == MAX_LATENCY
