"""How fast a film comes in, and where a seat goes that lacks data."""

from __future__ import annotations

import pytest

from protocol.sync.fill import FILL, HOPELESS, LEAST, NEAR, WINDOW, FillMeter


def filled(meter: FillMeter, rate: float, seconds: float = 10.0, ahead: float = 2.0) -> FillMeter:
    """The film comes in at ``rate``, in lumps, ``ahead`` of the player."""
    for tick in range(int(seconds * 10)):
        now = tick / 10
        until = 50.0 + rate * (tick // 10)
        meter.observe(100.0 + now, until, until - ahead)
    return meter


@pytest.mark.parametrize("rate", [0.4, 0.6, 0.85, 0.95, 1.1, 3.0])
def test_what_comes_in_while_little_is_there_is_what_the_line_carries(rate: float) -> None:
    meter = filled(FillMeter(), rate, seconds=20.0)
    assert meter.rate == pytest.approx(rate, rel=0.1)
    assert meter.is_slow is (rate < 1.0)
    assert meter.is_hopeless is (rate < HOPELESS)


def test_a_slow_line_leads_by_as_long_as_it_takes_to_fill_ten_seconds() -> None:
    lead = filled(FillMeter(), 0.85, seconds=20.0).lead
    assert lead == pytest.approx(FILL / 0.85, rel=0.1)
    assert filled(FillMeter(), 1.1, seconds=20.0).lead == 0.0
    assert FillMeter().lead == 0.0


def test_nothing_is_known_of_a_line_that_is_ahead_or_has_just_begun() -> None:
    assert filled(FillMeter(), 0.6, ahead=NEAR + 1.0).rate is None
    assert filled(FillMeter(), 0.6, seconds=LEAST - 1.0).rate is None


def test_a_line_that_is_away_or_not_asked_is_not_a_slow_one() -> None:
    meter = FillMeter()
    for tick in range(200):
        meter.observe(100.0 + tick / 10, 50.0, 49.0)
    assert meter.rate is None
    for tick in range(200):
        meter.observe(100.0 + tick / 10, None if tick % 20 else 50.0 + tick / 20, 49.0)
    assert meter.rate is None


def test_plenty_in_hand_takes_a_slow_figure_back() -> None:
    meter = filled(FillMeter(), 0.6, seconds=20.0)
    meter.observe(200.0, 100.0, 100.0 - 3 * NEAR)
    assert meter.rate is None


def test_a_seek_is_another_place_and_the_line_stays_what_it_is() -> None:
    meter = filled(FillMeter(), 0.6, seconds=20.0)
    known = meter.rate
    meter.observe(200.0, 20.0, 19.0)
    meter.observe(200.5, 20.5, 19.0)
    assert meter.rate == known
    meter.moved()
    assert meter.rate == known
    meter.clear()
    assert meter.rate is None


def test_what_was_long_ago_counts_no_longer() -> None:
    meter = filled(FillMeter(), 0.5, seconds=10.0)
    for tick in range(int(WINDOW) + 10):
        until = 60.0 + 0.9 * tick
        meter.observe(110.0 + tick, until, until - 2.0)
    assert meter.rate == pytest.approx(0.9, rel=0.05)
