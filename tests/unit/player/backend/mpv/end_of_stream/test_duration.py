"""Which of the durations that mpv names can be believed."""

from __future__ import annotations

import pytest

from player.backend.mpv.end_of_stream.duration import DurationReading, DurationTracker, ends_like


def opened(
    duration: float | None,
    read_until: float | None = 1.7,
    *,
    is_drained: bool = False,
    by_bit_rate: bool = False,
    told: float | None = None,
) -> DurationTracker:
    tracker = DurationTracker(told)
    tracker.opened(DurationReading(duration, read_until, is_drained), by_bit_rate=by_bit_rate)
    return tracker


def at(
    duration: float | None, read_until: float | None = None, *, is_drained: bool = True
) -> DurationReading:
    return DurationReading(duration, read_until, is_drained)


def test_what_the_container_names_is_known() -> None:
    assert opened(60.0).known == 60.0


@pytest.mark.parametrize("told", [None, 60.0])
def test_how_far_was_read_is_no_duration_and_the_source_s_word_is(told: float | None) -> None:
    assert opened(1.7, told=told).known == told
    assert opened(None, told=told).known == told


def test_all_of_a_film_that_was_read_is_its_duration() -> None:
    assert opened(1.7, is_drained=True).known == 1.7


def test_a_guess_by_the_bit_rate_is_none_whenever_it_is_owned_up() -> None:
    assert opened(35.5, by_bit_rate=True).known is None
    late = opened(35.5)
    late.doubt()
    assert (late.known, late.stated) == (None, None)


def test_a_duration_is_known_once_everything_was_read() -> None:
    tracker = opened(1.7)
    tracker.read_on(at(20.0, is_drained=False), is_whole=True)
    assert tracker.known is None
    tracker.read_on(at(20.0), is_whole=False)
    assert tracker.known is None
    tracker.read_on(at(20.0), is_whole=True)
    assert tracker.known == 20.0


@pytest.mark.parametrize(
    ("duration", "until", "known"), [(35.5, 20.0, 20.0), (20.1, 20.1, 20.1), (35.5, None, None)]
)
def test_a_guess_that_was_too_long_gives_way_to_what_was_read(
    duration: float, until: float | None, known: float | None
) -> None:
    tracker = opened(35.5, by_bit_rate=True)
    tracker.read_on(at(duration, until), is_whole=True)
    assert tracker.known == known


def test_a_file_that_outgrows_its_duration_has_none_until_it_is_read() -> None:
    tracker = opened(20.0)
    tracker.read_on(at(20.4, is_drained=False), is_whole=True)
    assert tracker.known == 20.0
    tracker.read_on(at(21.0, is_drained=False), is_whole=True)
    assert (tracker.known, tracker.stated) == (None, None)
    tracker.read_on(at(60.0), is_whole=True)
    assert tracker.known == 60.0
    tracker.read_on(at(70.0, is_drained=False), is_whole=True)
    assert tracker.known is None


@pytest.mark.parametrize(
    ("stated", "position", "end"),
    [(60.0, 60.07, 60.0), (60.0, 59.6, 60.0), (60.0, 58.5, 58.5), (302.0, 60.07, 60.07)],
    ids=["as it says", "a picture sooner", "sooner", "a stray subtitle"],
)
def test_the_container_s_end_stands_where_the_film_was_played_out_near_it(
    stated: float, position: float, end: float
) -> None:
    tracker = opened(stated)
    assert tracker.played_out(position, at(stated)) == end
    assert tracker.known == end
    tracker.read_on(at(stated), is_whole=True)
    assert tracker.known == end


def test_without_a_container_s_word_the_end_is_where_the_data_ends() -> None:
    assert opened(1.7).played_out(60.07, at(60.03)) == 60.03
    assert opened(35.5, by_bit_rate=True).played_out(20.1, at(35.5)) == 20.1


def test_a_seek_past_the_stated_end_leaves_it() -> None:
    tracker = opened(60.0)
    assert tracker.sought_past(10.0, 100.0, at(60.0)) == 60.0
    assert tracker.known == 60.0


def test_where_nothing_is_before_the_stated_end_the_film_is_shorter() -> None:
    tracker = opened(302.0)
    assert tracker.sought_past(59.9, 100.0, at(302.0)) == 59.9
    assert (tracker.known, tracker.stated) == (59.9, None)


def test_a_seek_past_an_unknown_end_takes_it_to_be_what_was_read() -> None:
    tracker = opened(1.7)
    assert tracker.sought_past(59.9, 100.0, at(60.0)) == 59.9
    assert tracker.sought_past(35.5, 25.0, at(35.5)) == 25.0
    tracker.read_on(at(60.0), is_whole=True)
    assert tracker.sought_past(59.9, 100.0, at(60.0)) == 60.0


@pytest.mark.parametrize(
    ("position", "duration", "likely"),
    [(58.1, 60.0, True), (57.9, 60.0, False), (7100.0, 7200.0, False), (7175.0, 7200.0, True)],
)
def test_the_streams_of_a_film_may_end_a_little_apart(
    position: float, duration: float, likely: bool
) -> None:
    assert ends_like(position, duration) is likely
