"""What follows a landing that is not where it was asked for."""

from __future__ import annotations

import pytest

from player.backend.mpv.position.landing import (
    LEADS,
    FillPictures,
    Landed,
    Landing,
    SeekEarlier,
    SoundFirst,
    Step,
    smooth_rate,
)


def step(
    landing: Landing,
    target: float,
    told: float,
    *,
    sound: bool = True,
    rate: float | None = 24.0,
    exact: bool = True,
) -> Step:
    return landing.step(target, told, has_sound=sound, frame_rate=rate, is_exact=exact)


@pytest.mark.parametrize("told", [15.0, 15.04, 15.2])
def test_the_next_picture_is_where_a_film_goes_on_from(told: float) -> None:
    assert step(Landing(), 15.0, told) == Landed(told)


def test_a_demuxer_that_went_too_far_is_sent_ever_earlier_and_what_helped_is_kept() -> None:
    landing = Landing()
    landing.begin()
    assert step(landing, 15.0, 20.0) == SeekEarlier(LEADS[0])
    assert step(landing, 15.0, 20.0) == SeekEarlier(LEADS[1])
    assert step(landing, 15.0, 15.0) == Landed(15.0)
    landing.begin()
    assert landing.lead == LEADS[1]
    assert step(landing, 35.0, 35.0) == Landed(35.0)


def test_a_lead_that_does_not_help_is_given_up_and_the_pictures_are_repeated() -> None:
    landing = Landing()
    landing.begin()
    steps = [step(landing, 15.0, 20.0) for _ in LEADS]
    assert steps == [SeekEarlier(lead) for lead in LEADS]
    assert step(landing, 15.0, 20.0) == FillPictures(24.0)
    assert (landing.lead, landing.fills) == (0.0, True)
    assert step(landing, 15.0, 15.0) == Landed(15.0)
    landing.begin()
    assert landing.fills


def test_nothing_lies_before_the_beginning() -> None:
    landing = Landing()
    landing.begin()
    assert step(landing, 0.0, 5.0) == FillPictures(24.0)
    landing.begin()
    assert step(landing, 1.0, 5.0) == SeekEarlier(LEADS[0])
    assert step(landing, 1.0, 5.0) == SoundFirst(5.0)


def test_where_there_is_no_picture_yet_the_sound_plays_first_from_the_very_place() -> None:
    landing = Landing()
    landing.begin()
    assert step(landing, 0.0, 5.0) == FillPictures(24.0)
    assert step(landing, 0.0, 5.0) == SoundFirst(5.0)
    assert not landing.fills
    assert step(landing, 0.0, -0.18, rate=None) == Landed(0.0)


def test_without_sound_the_first_picture_is_waited_for() -> None:
    landing = Landing()
    landing.begin()
    assert step(landing, 0.0, 5.0, sound=False) == FillPictures(24.0)
    assert step(landing, 0.0, 5.0, sound=False) == Landed(5.0)


def test_pictures_that_come_rarely_are_repeated_from_the_first_landing_on() -> None:
    landing = Landing()
    landing.begin()
    assert step(landing, 0.0, 0.0, rate=0.5) == FillPictures(20.0)
    assert step(landing, 0.0, 0.0, rate=0.5) == Landed(0.0)


@pytest.mark.parametrize(("sound", "step_told"), [(True, Landed(0.0)), (False, FillPictures(20.0))])
def test_slow_pictures_that_tell_the_position_are_repeated(sound: bool, step_told: Step) -> None:
    landing = Landing()
    landing.begin()
    assert step(landing, 0.0, 0.0, rate=10.0, sound=sound) == step_told


def test_sound_alone_rests_where_it_was_sought_and_not_where_its_buffer_is() -> None:
    assert step(Landing(), 10.0, 9.82, rate=None) == Landed(10.0)
    assert step(Landing(), 55.0, 54.8) == Landed(55.0)


def test_behind_the_end_the_last_place_is_told() -> None:
    assert step(Landing(), 70.0, 60.0) == Landed(60.0)
    assert step(Landing(), 60.3, 60.0, sound=False) == Landed(60.0)


def test_what_cannot_be_sought_in_is_where_it_is() -> None:
    assert step(Landing(), 15.0, 20.0, exact=False) == Landed(20.0)
    assert step(Landing(), 15.0, 14.9, exact=False) == Landed(14.9)


@pytest.mark.parametrize(
    ("rate", "smooth"),
    [
        *((0.0, 20.0), (0.1, 20.0), (1.0, 20.0), (15.0, 30.0)),
        *((23.976, 23.976), (25.0, 25.0), (60.0, 60.0), (1000.0, 60.0)),
    ],
)
def test_repeated_pictures_keep_their_places(rate: float, smooth: float) -> None:
    assert smooth_rate(rate) == pytest.approx(smooth)
