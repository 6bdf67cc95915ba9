from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.timeline import MAX_POSITION, MAX_RATE, MIN_RATE, Timeline, clamp_position

positions = st.floats(0.0, 80_000.0)
instants = st.floats(-1e6, 1e6)
rates = st.floats(MIN_RATE, MAX_RATE)
waits = st.floats(0.0, 10_000.0)


def test_a_playing_timeline_moves_at_its_rate_from_its_instant_on() -> None:
    timeline = Timeline(100.0, at=50.0, rate=1.5, playing=True)
    assert timeline.position_at(60.0) == 115.0


def test_it_waits_for_a_start_that_lies_in_the_future() -> None:
    assert Timeline(100.0, at=50.0, playing=True).position_at(49.0) == 100.0


def test_a_paused_timeline_stays_where_it_is() -> None:
    assert Timeline(100.0, at=50.0).position_at(1e9) == 100.0


def test_no_position_lies_beyond_the_longest_film() -> None:
    assert Timeline(MAX_POSITION - 1, playing=True).position_at(1e9) == MAX_POSITION


@given(positions, instants, rates, waits)
def test_an_instant_of_a_position_is_when_it_is_due(
    position: float, at: float, rate: float, wait: float
) -> None:
    timeline = Timeline(position, at, rate, playing=True)
    due = timeline.position_at(at + wait)
    assert timeline.instant_of(due) == pytest.approx(at + wait, abs=1e-6)


@given(positions, instants, rates, waits, waits)
def test_a_playing_timeline_never_runs_backwards(
    position: float, at: float, rate: float, first: float, more: float
) -> None:
    timeline = Timeline(position, at, rate, playing=True)
    assert timeline.position_at(at + first) <= timeline.position_at(at + first + more)


def test_play_starts_where_a_pause_has_stopped() -> None:
    paused = Timeline(10.0, at=0.0, rate=2.0, playing=True).pause(14.2, at=2.0)
    assert paused == Timeline(14.2, at=2.0, rate=2.0, playing=False)
    assert paused.play(at=7.0) == Timeline(14.2, at=7.0, rate=2.0, playing=True)


def test_a_start_that_is_agreed_is_brought_forward_and_never_put_off() -> None:
    agreed = Timeline(10.0, at=5.0, playing=True)
    assert agreed.play(at=4.0) == Timeline(10.0, at=4.0, playing=True)
    assert agreed.play(at=6.0) == agreed


@pytest.mark.parametrize("playing", [True, False])
def test_a_seek_keeps_playing_or_paused(playing: bool) -> None:
    there = Timeline(10.0, at=5.0, rate=1.25, playing=playing).seek(99.0, at=8.0)
    assert there == Timeline(99.0, at=8.0, rate=1.25, playing=playing)


@given(positions, instants, rates, rates, waits)
def test_a_new_rate_makes_no_jump(
    position: float, at: float, old: float, new: float, wait: float
) -> None:
    before = Timeline(position, at, old, playing=True)
    after = before.at_rate(new, at + wait)
    assert after.position_at(at + wait) == before.position_at(at + wait)
    assert after.rate == new


def test_a_new_rate_brings_an_agreed_start_no_nearer() -> None:
    assert Timeline(10.0, at=5.0, playing=True).at_rate(2.0, at=4.0).at == 5.0
    assert Timeline(10.0, at=5.0, playing=False).at_rate(2.0, at=4.0).at == 4.0


@pytest.mark.parametrize(
    ("given_position", "becomes"),
    [
        (-0.001, 0.0),
        (-math.inf, 0.0),
        (math.inf, MAX_POSITION),
        (MAX_POSITION + 1, MAX_POSITION),
        (math.nan, 0.0),
        (12.5, 12.5),
    ],
)
def test_a_position_is_clamped_to_what_a_film_can_have(
    given_position: float, becomes: float
) -> None:
    assert clamp_position(given_position) == becomes
    assert Timeline().pause(given_position, at=0.0).position == becomes
    assert Timeline().seek(given_position, at=0.0).position == becomes


def test_there_is_no_negative_zero() -> None:
    assert math.copysign(1.0, clamp_position(-0.0)) == 1.0


@pytest.mark.parametrize(
    "fields",
    [
        '{"position":-1}',
        '{"position":1e9}',
        '{"rate":0}',
        '{"rate":-1}',
        '{"rate":4.1}',
        '{"at":1e13}',
    ],
)
def test_what_no_film_can_do_is_not_read_from_the_wire(fields: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(fields, type=Timeline)
