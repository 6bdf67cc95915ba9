"""The estimate is near the truth, and its bound holds it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.sync.clock import (
    MAX_SKEW,
    RECENT,
    SLEW,
    STEP,
    TRUSTED,
    WINDOW,
    ClockEstimate,
    ClockEstimator,
    ClockSample,
)

THETA = 5000.0
"""What the server's clock shows at local instant 0."""


def sample(
    at: float,
    there: float,
    back: float,
    *,
    theta: float = THETA,
    skew: float = 0.0,
    took: float = 0.0,
) -> ClockSample:
    """A ping sent at local instant ``at`` over a way of these delays, in true local time."""
    received = at + there
    t1 = received * (1 + skew) + theta
    t2 = (received + took) * (1 + skew) + theta
    return ClockSample(at, t1, t2, received + took + back)


def estimate(clock: ClockEstimator, now: float) -> ClockEstimate:
    found = clock.estimate(now)
    assert found is not None
    return found


def error(clock: ClockEstimator, now: float, *, theta: float = THETA, skew: float = 0.0) -> float:
    return estimate(clock, now).offset - (theta + skew * now)


def test_nothing_is_known_before_the_first_sample() -> None:
    clock = ClockEstimator()
    assert clock.estimate(0.0) is None
    assert not clock.is_known
    clock.add(sample(0.0, 0.01, 0.01))
    assert clock.is_known


def test_a_delay_leaves_out_what_the_server_took() -> None:
    assert sample(0.0, 0.02, 0.03, took=0.5).delay == pytest.approx(0.05)


def test_one_sample_over_an_even_way_gives_the_offset() -> None:
    clock = ClockEstimator()
    clock.add(sample(0.0, 0.03, 0.03))
    assert error(clock, 0.06) == pytest.approx(0.0, abs=1e-9)


def test_a_queue_in_one_direction_spoils_neither() -> None:
    clock = ClockEstimator()
    for i in range(8):
        clock.add(sample(i * 0.08, 0.02 + (0.3 if i % 2 else 0.0), 0.02 + (0.0 if i % 2 else 0.3)))
    # No single sample was even, yet the two minima together are.
    assert error(clock, 0.7) == pytest.approx(0.0, abs=1e-4)


def test_a_constant_asymmetry_is_not_seen_but_covered() -> None:
    clock = ClockEstimator()
    for i in range(20):
        clock.add(sample(i * 1.0, 0.05, 0.01))
    assert error(clock, 20.0) == pytest.approx(0.02, abs=1e-3)
    assert estimate(clock, 20.0).error >= 0.03


delays = st.floats(0.0, 2.0)


@given(
    st.lists(st.tuples(st.floats(0.001, 20.0), delays, delays), min_size=1, max_size=40),
    st.floats(-MAX_SKEW, MAX_SKEW),
    st.floats(0.0, 300.0),
)
def test_the_bound_holds_the_truth_whatever_the_delays(
    pings: list[tuple[float, float, float]], skew: float, silence: float
) -> None:
    clock = ClockEstimator()
    now = 0.0
    for gap, there, back in pings:
        at = now + gap
        clock.add(sample(at, there, back, skew=skew))
        now = at + there + back
        for instant in (now, now + silence):
            off = abs(error(clock, instant, skew=skew))
            assert off <= estimate(clock, instant).error + 1e-8


@given(
    st.lists(st.tuples(delays, delays), min_size=TRUSTED, max_size=13),
    st.floats(0.0, 0.1),
)
def test_an_even_best_way_gives_the_offset(
    ways: list[tuple[float, float]], shortest: float
) -> None:
    clock = ClockEstimator()
    clock.add(sample(0.0, shortest, shortest))
    for i, (there, back) in enumerate(ways, start=1):
        clock.add(sample(i * 4.0, shortest + there, shortest + back))
    assert error(clock, len(ways) * 4.0 + 5.0) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(
    "impossible",
    [
        ClockSample(10.0, 5010.0, 5010.0, 9.0),
        ClockSample(10.0, 5010.0, 5009.0, 10.1),
        ClockSample(10.0, 5010.0, 5011.0, 10.5),
    ],
    ids=["answered before it was sent", "sent before it was received", "took longer than its way"],
)
def test_what_no_running_clocks_can_say_is_ignored(impossible: ClockSample) -> None:
    clock = ClockEstimator()
    clock.add(sample(0.0, 0.01, 0.01))
    before = clock.estimate(20.0)
    clock.add(impossible)
    assert clock.estimate(20.0) == before


@pytest.mark.parametrize("jump", [30.0, -30.0, 3600.0, -0.5])
def test_a_clock_that_stood_still_is_noticed_with_the_next_sample(jump: float) -> None:
    clock = ClockEstimator()
    for i in range(20):
        clock.add(sample(i * 1.0, 0.02, 0.02))
    clock.add(sample(30.0, 0.02, 0.02, theta=THETA + jump))
    assert error(clock, 30.1, theta=THETA + jump) == pytest.approx(0.0, abs=1e-6)
    assert abs(error(clock, 30.1, theta=THETA + jump)) <= estimate(clock, 30.1).error


def test_a_long_queue_is_no_jump() -> None:
    clock = ClockEstimator()
    for i in range(20):
        clock.add(sample(i * 1.0, 0.02, 0.02))
    clock.add(sample(21.0, 9.0, 0.02))
    clock.add(sample(31.0, 0.02, 9.0))
    assert error(clock, 40.1) == pytest.approx(0.0, abs=1e-6)


def test_a_small_move_is_slewed_and_a_large_one_stepped() -> None:
    for shift in (STEP - 0.002, STEP + 0.002):
        clock = ClockEstimator()
        for i in range(TRUSTED):
            clock.add(sample(i * 1.0, 0.100, 0.100 + 2 * shift))
        before = estimate(clock, 4.0).offset
        clock.add(sample(4.0, 0.100, 0.100))
        moved = estimate(clock, 4.2).offset - before
        elapsed = 4.2 - (3.2 + 2 * shift)
        assert moved == pytest.approx(shift if shift > STEP else SLEW * elapsed, abs=1e-4)


def test_the_first_samples_are_taken_at_once() -> None:
    clock = ClockEstimator()
    clock.add(sample(0.0, 0.01, 0.04))
    clock.add(sample(0.08, 0.01, 0.01))
    assert error(clock, 0.1) == pytest.approx(0.0, abs=1e-6)


def test_samples_count_for_two_minutes() -> None:
    clock = ClockEstimator()
    clock.add(sample(0.0, 0.001, 0.001))
    for i in range(1, 40):
        clock.add(sample(i * 5.0, 0.020, 0.020))
        bound = estimate(clock, i * 5.0 + 0.04).error
        assert (bound < 0.020) == (i * 5.0 + 0.04 - 0.002 < min(WINDOW, 0.019 / MAX_SKEW))


@pytest.mark.parametrize("skew", [-200e-6, -40e-6, 0.0, 40e-6, 200e-6])
def test_the_skew_is_learned(skew: float) -> None:
    clock = ClockEstimator()
    for i in range(120):
        clock.add(sample(i * 5.0, 0.02, 0.02, skew=skew))
    assert clock.skew == pytest.approx(skew, abs=3e-6)
    # And so the estimate holds through a silence.
    assert error(clock, 660.0, skew=skew) == pytest.approx(0.0, abs=0.001)


def test_no_skew_is_learned_from_less_than_a_minute() -> None:
    clock = ClockEstimator()
    for i in range(59):
        clock.add(sample(i * 1.0, 0.02, 0.02, skew=100e-6))
    assert clock.skew == 0.0


def test_no_skew_is_learned_from_a_few_samples() -> None:
    clock = ClockEstimator()
    for i in range(15):
        clock.add(sample(i * 7.9, 0.02, 0.02, skew=100e-6))
    assert clock.skew == 0.0


def test_the_skew_is_bounded() -> None:
    clock = ClockEstimator()
    for i in range(200):
        clock.add(sample(i * 5.0, 0.5, 0.5, skew=900e-6))
    assert clock.skew == MAX_SKEW


def test_the_quiet_direction_tells_the_skew() -> None:
    clock = ClockEstimator()
    for i in range(60):
        queue = (0.15, 0.02, 0.2, 0.07, 0.11)[i % 5] + 0.001 * i
        clock.add(sample(i * 5.0, 0.02 + queue, 0.02, skew=40e-6))
    assert clock.skew == pytest.approx(40e-6, abs=10e-6)


def test_delay_and_jitter_tell_of_the_last_ten() -> None:
    clock = ClockEstimator()
    clock.add(sample(0.0, 1.0, 1.0))
    assert estimate(clock, 2.0).jitter == 0.0
    for i in range(RECENT):
        clock.add(sample(3.0 + i, 0.010, 0.010 + (0.004 if i % 2 else 0.0)))
    now = estimate(clock, 20.0)
    assert now.delay == pytest.approx(0.022)
    assert now.jitter == pytest.approx(0.004)


def test_one_late_answer_is_no_jitter() -> None:
    clock = ClockEstimator()
    for i in range(RECENT):
        clock.add(sample(3.0 * i, 0.010, 0.910 if i == 5 else 0.010))
    now = estimate(clock, 40.0)
    assert now.delay == pytest.approx(0.020)
    assert now.jitter == pytest.approx(0.0, abs=1e-6)


def test_answers_that_come_late_more_than_once_are_to_be_reckoned_with() -> None:
    clock = ClockEstimator()
    for i in range(30):
        clock.add(sample(2.0 * i, 0.010, 0.010 + {5: 0.7, 20: 0.5}.get(i, 0.0)))
    assert estimate(clock, 60.0).late == pytest.approx(0.5)
    for i in range(30, 90):
        clock.add(sample(2.0 * i, 0.010, 0.010))
    assert estimate(clock, 180.0).late == pytest.approx(0.0)


def test_one_answer_alone_is_never_late() -> None:
    clock = ClockEstimator()
    clock.add(sample(0.0, 0.5, 0.5))
    assert estimate(clock, 1.0).late == 0.0


def test_an_outage_says_nothing_about_the_way_afterwards() -> None:
    clock = ClockEstimator()
    for i in range(RECENT):
        held = max(0.0, 12.0 - 2.0 * i) if i > 1 else 0.0
        clock.add(sample(2.0 * i, 0.010, 0.010 + held))
    now = estimate(clock, 40.0)
    assert now.delay == pytest.approx(0.020)
    assert now.jitter == pytest.approx(0.0, abs=1e-6)


def test_a_way_that_always_takes_longer_is_told_as_it_is() -> None:
    clock = ClockEstimator()
    for i in range(RECENT):
        clock.add(sample(9.0 * i, 2.0, 2.0 + 0.5 * (i % 2)))
    now = estimate(clock, 99.0)
    assert now.delay == pytest.approx(4.25)
    assert now.jitter == pytest.approx(0.5)


def test_a_cleared_filter_knows_nothing() -> None:
    clock = ClockEstimator()
    for i in range(40):
        clock.add(sample(i * 5.0, 0.02, 0.02, skew=100e-6))
    clock.clear()
    assert clock.estimate(200.0) is None
    assert clock.skew == 0.0
    clock.add(sample(0.0, 0.01, 0.01, theta=-77.0))
    assert error(clock, 0.1, theta=-77.0) == pytest.approx(0.0, abs=1e-9)
