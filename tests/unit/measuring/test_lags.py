"""A lag between two sounds is found to a fraction of a sample, or said to be unknown."""

from __future__ import annotations

import math
import random

import pytest

from bench.lags import lags

RATE = 4000


def noise(seconds: float, seed: int = 1) -> list[float]:
    """Noise with no high tones."""
    known = random.Random(seed)
    white = [known.gauss(0, 1000) for _ in range(round(seconds * RATE) + 8)]
    return [sum(white[i : i + 8]) for i in range(len(white) - 8)]


def late(sound: list[float], samples: int) -> list[float]:
    """The sound, and silence before it."""
    return [0.0] * samples + sound if samples >= 0 else sound[-samples:] + [0.0] * -samples


@pytest.mark.parametrize("samples", [0, 3, 28, -28, 400, -1200])
def test_a_lag_is_found(samples: int) -> None:
    sound = noise(2.5)
    found = lags(sound, late(sound, samples), RATE)
    assert [lag.lag for lag in found] == pytest.approx([samples / RATE], abs=0.05 / RATE)
    assert found[0].likeness > 0.99


def test_a_lag_between_two_samples_is_found() -> None:
    sound = noise(2.5)
    between = [(a + b) / 2 for a, b in zip([0.0, *sound], sound, strict=False)]
    (found,) = lags(sound, between, RATE)
    assert found.lag == pytest.approx(0.5 / RATE, abs=0.1 / RATE)


def test_a_lag_that_jumps_is_found_anew() -> None:
    sound = noise(4.5)
    cut = 2 * RATE
    found = [lag.lag for lag in lags(sound, sound[:cut] + late(sound[cut:], 200), RATE)]
    assert found[0] == pytest.approx(0.0, abs=0.05 / RATE)
    assert found[-1] == pytest.approx(200 / RATE, abs=0.05 / RATE)


def test_other_sounds_have_no_lag() -> None:
    found = lags(noise(2.5), noise(2.5, seed=2), RATE)
    assert [lag.lag for lag in found] == [None]


def test_a_sound_that_is_one_percent_faster_still_has_a_lag() -> None:
    sound = [math.sin(2 * math.pi * 3 * (i / RATE) ** 2 * 10) * 1000 for i in range(3 * RATE)]
    faster = [sound[min(len(sound) - 1, round(i * 1.01))] for i in range(len(sound))]
    found = lags(sound, faster, RATE, since=0.5)
    assert found
    assert all(lag.lag is not None and -0.03 < lag.lag < 0.0 for lag in found)
