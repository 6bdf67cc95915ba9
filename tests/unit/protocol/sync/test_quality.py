from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.sync.quality import QualityMeter
from protocol.sync.tolerance import WIDEST, effective_tolerance


def word(
    meter: QualityMeter,
    now: float = 10.0,
    *,
    connected: bool = True,
    stalled: bool = False,
    jitter: float = 0.0,
    lost: int = 0,
) -> str:
    return meter.quality(now, connected=connected, stalled=stalled, jitter=jitter, lost=lost)


def with_drift(drift: float, count: int = 100) -> QualityMeter:
    meter = QualityMeter()
    for i in range(count):
        meter.drift(i * 0.1, drift)
    return meter


def test_without_a_connection_it_is_lost_whatever_was_measured() -> None:
    assert word(with_drift(0.001), connected=False) == "lost"


def test_nothing_measured_is_nothing_wrong() -> None:
    assert word(QualityMeter()) == "good"


@pytest.mark.parametrize(
    ("drift", "expected"),
    [
        (0.039, "good"),
        (-0.039, "good"),
        (0.040, "fair"),
        (-0.119, "fair"),
        (0.120, "poor"),
        (-0.5, "poor"),
    ],
)
def test_the_drift_decides_by_its_size(drift: float, expected: str) -> None:
    assert word(with_drift(drift)) == expected


def test_a_jitter_of_ten_milliseconds_is_fair() -> None:
    assert word(QualityMeter(), jitter=0.0099) == "good"
    assert word(QualityMeter(), jitter=0.010) == "fair"


def test_a_round_trip_over_a_quarter_second_is_fair() -> None:
    meter = QualityMeter()
    meter.delay(9.0, 0.250)
    assert word(meter) == "good"
    meter.delay(9.5, 0.251)
    assert word(meter) == "fair"


def test_one_lost_ping_is_fair_and_two_are_poor() -> None:
    assert [word(QualityMeter(), lost=n) for n in (0, 1, 2)] == ["good", "fair", "poor"]


def test_a_stall_is_poor() -> None:
    assert word(with_drift(0.0), stalled=True) == "poor"


def test_one_sample_of_twenty_is_an_outlier_and_two_are_not() -> None:
    meter = with_drift(0.001, count=19)
    meter.drift(2.0, 0.3)
    assert word(meter) == "good"
    meter.drift(2.1, 0.3)
    assert word(meter) == "poor"


def test_what_is_older_than_ten_seconds_does_not_count() -> None:
    meter = QualityMeter()
    meter.drift(0.0, 0.5)
    meter.delay(0.0, 3.0)
    assert word(meter, 10.0) == "poor"
    assert word(meter, 10.1) == "good"


def test_the_memory_is_bounded_while_nobody_asks() -> None:
    meter = QualityMeter()
    for i in range(10_000):
        meter.drift(i * 0.1, 0.0)
        meter.delay(i * 0.1, 0.0)
    held = [len(values) for values in vars(meter).values()]
    assert max(held) <= 102


@pytest.mark.parametrize(
    ("stream", "jitter", "expected"),
    [
        (0.5, 0.0, 0.5),
        (0.5, 0.010, 0.5),
        (0.5, 0.035, 0.6),
        (0.5, 0.110, 0.9),
        (0.5, 0.136, 1.0),
        (0.5, 3.0, 1.0),
        (0.02, 0.012, 0.028),
        (0.02, 1.0, 0.04),
    ],
)
def test_jitter_widens_the_tolerance_within_bounds(
    stream: float, jitter: float, expected: float
) -> None:
    assert effective_tolerance(stream, jitter) == pytest.approx(expected)


@given(st.floats(0.02, 10.0), st.floats(0.0, 60.0), st.floats(0.0, 60.0))
def test_more_jitter_never_means_less_tolerance(stream: float, a: float, b: float) -> None:
    less, more = sorted((a, b))
    assert (
        stream
        <= effective_tolerance(stream, less)
        <= effective_tolerance(stream, more)
        <= WIDEST * stream
    )
