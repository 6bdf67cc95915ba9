"""In a recorded tone, what would be heard is found, and nothing else."""

from __future__ import annotations

import math

import pytest

from bench.flaws import flaws

RATE = 48000
TONE = 440.0


def tone(seconds: float, rate: float = 1.0, phase: float = 0.0) -> list[int]:
    """A tone, played at ``rate``."""
    turn = 2 * math.pi * TONE * rate / RATE
    return [round(8000 * math.sin(phase + turn * i)) for i in range(round(seconds * RATE))]


def test_a_tone_has_no_flaw() -> None:
    assert flaws(tone(3.0), RATE, TONE) == ([], 0.0, [])


@pytest.mark.parametrize("rate", [0.99, 1.01])
def test_another_rate_is_no_flaw(rate: float) -> None:
    # Both parts meet where the tone passes through 0, with the phase going on.
    first = tone(1.0)
    phase = 2 * math.pi * TONE * len(first) / RATE
    assert flaws(first + tone(1.0, rate, phase), RATE, TONE).clicks == []


def test_a_gap_is_found_once_and_is_no_click() -> None:
    sound = tone(2.0)
    sound[RATE : RATE + 480] = [0] * 480
    found = flaws(sound, RATE, TONE)
    assert found.gaps == pytest.approx([1.0], abs=0.001)
    assert found.silent == pytest.approx(0.010, abs=0.001)
    assert found.clicks == []


@pytest.mark.parametrize("lost", [1, 7, 100])
def test_lost_samples_are_one_click(lost: int) -> None:
    sound = tone(2.0)
    del sound[70000 : 70000 + lost]
    found = flaws(sound, RATE, TONE)
    assert found.clicks == pytest.approx([70000 / RATE], abs=0.001)
    assert found.gaps == []


def test_two_clicks_are_two() -> None:
    sound = tone(3.0)
    sound[30000] += 300
    sound[90000] -= 300
    found = flaws(sound, RATE, TONE)
    assert found.clicks == pytest.approx([30000 / RATE, 90000 / RATE], abs=0.001)


def test_silence_from_the_beginning_to_the_end_is_one_gap() -> None:
    found = flaws([0] * RATE, RATE, TONE)
    assert found == ([0.0], 1.0, [])
