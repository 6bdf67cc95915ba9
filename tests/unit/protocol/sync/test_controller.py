"""The controller brings a player home without fuss, and leaves it alone there."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.sync.controller import (
    LOCK_IN,
    LOCK_OUT,
    MAX_SKEW,
    SMALLEST_WRITE,
    STUCK_AFTER,
    WINDOW,
    WRITE_INTERVAL,
    Correction,
    DriftController,
    Hold,
    Jump,
    Nudge,
)

TOLERANCE = 0.5


class Player:
    """A player that obeys a controller, in virtual time; every write takes effect late."""

    def __init__(self, drift: float, *, skew: float = 0.0, rate: float = 1.0) -> None:
        self.controller = DriftController(rate)
        self.now = 0.0
        self.drift = drift
        self.skew = skew
        self.base = rate
        self.rate = rate
        self.obeys = True
        self.corrections: list[tuple[float, Correction]] = []
        self.drifts: list[tuple[float, float]] = []
        self._coming: list[tuple[float, float]] = []
        self._quiet_until = 0.6

    def run(self, seconds: float, tolerance: float = TOLERANCE) -> None:
        for tick in range(round(seconds / 0.05)):
            self.now += 0.05
            while self._coming and self._coming[0][0] <= self.now:
                self.rate = self._coming.pop(0)[1]
            self.drift += (self.rate * (1 + self.skew) - self.base) * 0.05
            self.drifts.append((self.now, self.drift))
            if self.now >= self._quiet_until:
                self.controller.observe(self.now, self.drift)
            if tick % 5 == 4:
                self._correct(tolerance)

    def _correct(self, tolerance: float) -> None:
        correction = self.controller.correct(self.now, tolerance)
        if correction == Hold():
            return
        self.corrections.append((self.now, correction))
        if isinstance(correction, Nudge):
            self._quiet_until = self.now + 0.45
            if self.obeys:
                self._coming.append((self.now + 0.3, correction.rate))

    @property
    def writes(self) -> list[tuple[float, float]]:
        return [(at, c.rate) for at, c in self.corrections if isinstance(c, Nudge)]

    @property
    def jumps(self) -> list[tuple[float, str]]:
        return [(at, c.reason) for at, c in self.corrections if isinstance(c, Jump)]

    def worst_since(self, instant: float) -> float:
        return max(abs(drift) for at, drift in self.drifts if at >= instant)


def fed(drift: float, *, rate: float = 1.0) -> DriftController:
    controller = DriftController(rate)
    for i in range(5):
        controller.observe(i * 0.05, drift)
    return controller


def test_nothing_is_done_on_less_than_three_samples() -> None:
    controller = DriftController()
    assert controller.drift is None
    for i in range(2):
        controller.observe(i * 0.05, 3.0)
        assert controller.correct(0.1, TOLERANCE) == Hold()
    controller.observe(0.1, 3.0)
    assert controller.correct(0.1, TOLERANCE) == Jump("beyond tolerance")


def test_a_decision_rests_on_the_median_of_half_a_second() -> None:
    controller = DriftController()
    controller.observe(0.0, 5.0)
    for i in range(5):
        controller.observe(WINDOW + 0.01 + i * 0.05, (0.001, 0.9, 0.002, -0.9, 0.003)[i])
    assert controller.drift == 0.002


def test_who_is_behind_plays_faster_and_who_is_ahead_slower() -> None:
    behind, ahead = fed(-0.02).correct(1.0, TOLERANCE), fed(0.02).correct(1.0, TOLERANCE)
    assert isinstance(behind, Nudge)
    assert isinstance(ahead, Nudge)
    assert behind.rate == pytest.approx(1.008)
    assert ahead.rate == pytest.approx(0.992)


@pytest.mark.parametrize(
    ("drift", "change"), [(0.0299, 0.01), (0.149, 0.02), (0.150, 0.04), (0.499, 0.04)]
)
@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_no_nudge_is_greater_than_what_is_not_heard(
    drift: float, change: float, rate: float
) -> None:
    correction = fed(drift * rate, rate=rate).correct(1.0, 9.0)
    assert isinstance(correction, Nudge)
    assert correction.rate == pytest.approx(rate * (1 - change))


def test_beyond_the_tolerance_it_jumps() -> None:
    assert fed(0.51).correct(1.0, TOLERANCE) == Jump("beyond tolerance")
    assert fed(-0.51).correct(1.0, TOLERANCE) == Jump("beyond tolerance")
    assert isinstance(fed(0.49).correct(1.0, TOLERANCE), Nudge)


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("skew", [-100e-6, 0.0, 100e-6])
@pytest.mark.parametrize("drift", [0.3, -0.3, 0.12, -0.12])
def test_it_converges_and_stays(drift: float, skew: float, rate: float) -> None:
    player = Player(drift, skew=skew, rate=rate)
    player.run(240.0)
    home = next(at for at, d in player.drifts if abs(d) < 0.040)
    assert home < (11.0 if abs(drift) > 0.2 else 5.5) / min(rate, 1.0)
    assert player.worst_since(30.0) < (LOCK_OUT + 0.001) * max(rate, 1.0)
    assert player.worst_since(150.0) < 0.002 * max(rate, 1.0)
    assert not player.jumps


@pytest.mark.parametrize("skew", [-250e-6, -100e-6, 100e-6, 250e-6])
def test_it_learns_the_skew_of_the_sound_device(skew: float) -> None:
    player = Player(0.05, skew=skew)
    player.run(240.0)
    assert player.controller.skew == pytest.approx(skew, abs=15e-6)
    # What is learned is applied all the time: there is little more to do.
    before = len(player.writes)
    player.run(300.0)
    assert len(player.writes) - before <= 6
    assert player.worst_since(240.0) < 0.001


def test_no_storm_of_writes() -> None:
    player = Player(0.3, skew=100e-6)
    player.run(300.0)
    at = [instant for instant, _ in player.writes]
    assert all(b - a >= WRITE_INTERVAL for a, b in pairwise(at))
    assert len(at) < 25


def test_in_step_it_holds() -> None:
    player = Player(0.0)
    player.run(60.0)
    assert player.corrections == []
    assert player.controller.locked


def test_it_reacts_outside_a_wider_band_than_it_holds_in() -> None:
    controller = fed(LOCK_IN - 0.0005)
    assert controller.correct(1.0, TOLERANCE) == Hold()
    assert controller.locked
    for drift, holds in ((LOCK_IN + 0.002, True), (LOCK_OUT - 0.0005, True), (LOCK_OUT, False)):
        controller.forget()
        for i in range(3):
            controller.observe(2.0 + i * 0.05, drift)
        assert (controller.correct(3.0, TOLERANCE) == Hold()) == holds
        assert controller.locked == holds
    # And once outside, only well inside is in step again.
    controller.forget()
    for i in range(3):
        controller.observe(5.0 + i * 0.05, LOCK_IN + 0.002)
    assert controller.correct(6.0, TOLERANCE) != Hold()


def test_in_step_the_rate_is_trimmed_now_and_then() -> None:
    player = Player(0.0, skew=60e-6)
    player.run(14.0)
    assert player.writes == []
    player.run(3.0)
    ((_, rate),) = player.writes
    # Half of the skew, as it is seen for the first time, and a pull back to where it was.
    assert 1.0 - rate == pytest.approx(30e-6 + 0.00096 / 30, abs=3e-6)


def test_a_change_too_small_to_matter_is_not_written() -> None:
    player = Player(0.012)
    player.run(20.0)
    rates = [1.0, *(rate for _, rate in player.writes[:-1])]
    assert all(abs(b - a) >= SMALLEST_WRITE for a, b in pairwise(rates))


def test_a_write_needs_new_samples() -> None:
    controller = fed(0.1)
    assert isinstance(controller.correct(1.0, TOLERANCE), Nudge)
    assert controller.drift is None
    assert controller.correct(5.0, TOLERANCE) == Hold()


def test_writes_keep_their_distance_even_when_samples_come_at_once() -> None:
    controller = fed(0.1)
    assert isinstance(controller.correct(1.0, TOLERANCE), Nudge)
    for i in range(5):
        controller.observe(1.0 + i * 0.01, -0.1)
    assert controller.correct(1.0 + WRITE_INTERVAL - 0.01, TOLERANCE) == Hold()
    assert isinstance(controller.correct(1.0 + WRITE_INTERVAL + 0.01, TOLERANCE), Nudge)


def test_a_player_that_does_not_obey_is_told_to_jump_after_ten_seconds() -> None:
    player = Player(0.2)
    player.obeys = False
    player.run(STUCK_AFTER + 1.5)
    assert [reason for _, reason in player.jumps] == ["not getting closer"]
    # Said once every ten seconds, while the glide goes on.
    player.run(STUCK_AFTER)
    assert len(player.jumps) == 2


def test_a_glide_that_gets_closer_is_let_be_however_long_it_takes() -> None:
    player = Player(8.0)
    player.run(180.0, tolerance=10.0)
    assert player.jumps == []
    assert abs(player.drift) < 1.5


def test_below_what_anybody_sees_nothing_is_stuck() -> None:
    player = Player(0.030)
    player.obeys = False
    player.run(60.0)
    assert player.jumps == []


def test_a_jump_of_the_clock_teaches_no_skew() -> None:
    player = Player(0.0)
    player.run(14.0)
    player.drift += 0.030
    player.run(20.0)
    assert player.controller.skew == 0.0
    assert abs(player.drift) < LOCK_IN + 0.001


def test_a_short_stretch_teaches_no_skew() -> None:
    player = Player(0.0)
    player.run(3.0)
    player.drift += 0.010
    player.run(10.0)
    assert player.controller.skew == 0.0


def test_the_learned_skew_is_bounded_and_outlives_a_restart() -> None:
    player = Player(0.0, skew=450e-6)
    player.run(120.0)
    assert player.controller.skew == MAX_SKEW
    player.controller.restart(2.0)
    assert player.controller.skew == MAX_SKEW
    assert player.controller.rate == 2.0
    assert not player.controller.locked
    assert player.controller.drift is None


def test_what_is_forgotten_is_no_part_of_a_stretch() -> None:
    player = Player(0.0)
    player.run(20.0)
    player.controller.forget()
    player.drift += 0.010
    player.run(5.0)
    assert player.controller.skew == 0.0


@given(
    st.lists(st.tuples(st.floats(0.05, 2.0), st.floats(-3.0, 3.0)), max_size=60),
    st.floats(0.25, 4.0),
    st.floats(0.02, 10.0),
)
def test_whatever_is_measured_the_rate_stays_near_the_agreed_one(
    measured: list[tuple[float, float]], rate: float, tolerance: float
) -> None:
    controller = DriftController(rate)
    now, written_at = 0.0, -1.0
    for gap, drift in measured:
        now += gap
        for i in range(3):
            controller.observe(now + i * 0.001, drift)
        correction = controller.correct(now + 0.01, tolerance)
        if isinstance(correction, Nudge):
            assert now + 0.01 - written_at >= WRITE_INTERVAL
            written_at = now + 0.01
        assert abs(controller.rate / rate - 1) <= 0.04 + 1e-12
