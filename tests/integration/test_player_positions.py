"""Where the player is in films whose pictures and sound do not run from end to end."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from player.backend.base import MediaOpened, Restarted, TimestampsRestarted
from player.media.local_file import open_file
from tests.integration.players import Watched, near, watched_player
from tests.timed_films import TimedFilms

if TYPE_CHECKING:
    from pathlib import Path

FRAME = 1 / 24
SOUND, PICTURES = 0.003, 0.025
"""Seconds by which positions may be off a straight line: told by sound, or by pictures."""

Make = Callable[[TimedFilms], "Path"]


@pytest.fixture(scope="module")
def timed_films(tmp_path_factory: pytest.TempPathFactory) -> TimedFilms:
    return TimedFilms(tmp_path_factory.mktemp("timed"))


KINDS: dict[str, tuple[Make, float, float]] = {
    "a picture each 10 s": (lambda films: films.sparse(), 12.0, SOUND),
    "a picture a second": (lambda films: films.sparse("1"), 12.5, SOUND),
    "a picture that stands": (lambda films: films.gaps(), 5.0, SOUND),
    "sound longer": (lambda films: films.apart("v20.mkv", (0, 20), (0, 30)), 25.0, SOUND),
    "sound first": (lambda films: films.apart("v5.mkv", (5, 30), (0, 30)), 2.0, SOUND),
    "sound first, mp4": (lambda films: films.apart("v5.mp4", (5, 30), (0, 30)), 2.0, SOUND),
    "one picture": (lambda films: films.apart("v1.mp4", (0, 1), (0, 30)), 20.0, SOUND),
    "one picture, mkv": (lambda films: films.apart("v1.mkv", (0, 1), (0, 30)), 20.0, SOUND),
    "no pictures": (lambda films: films.sound(), 10.0, SOUND),
    "pictures longer": (lambda films: films.apart("a20.mkv", (0, 30), (0, 20)), 25.0, PICTURES),
    "pictures first": (lambda films: films.apart("a5.mkv", (0, 30), (5, 30)), 2.0, PICTURES),
    "a picture each 10 s, mute": (lambda films: films.sparse(sound=False), 12.0, PICTURES),
    "10 a second, mute": (lambda films: films.sparse("10", sound=False), 12.0, PICTURES),
    "a picture that stands, mute": (lambda films: films.gaps(sound=False), 5.0, PICTURES),
}
"""Films, a place in each, and what tells the position there."""


def seek_off_line(it: Watched, place: float) -> tuple[float, float, float]:
    """Where a seek lands, how much later than a start the position moves, and how straight."""
    landed = it.seek(place).position
    assert it.player.resting_position() == pytest.approx(landed)
    at = time.monotonic()
    it.player.set_paused(False)
    late = [s.position - landed - (s.instant - at) for s in it.samples(1.2)[15:]]
    it.player.set_paused(True)
    assert len(late) > 10
    middle = statistics.median(late)
    off = sorted(abs(offset - middle) for offset in late)
    return landed, middle, off[len(off) * 8 // 10]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seek_goes_on_at_once_from_the_very_place(timed_films: TimedFilms, kind: str) -> None:
    make, place, told_by = KINDS[kind]
    with watched_player() as it:
        it.load(make(timed_films))
        landed, late, off = seek_off_line(it, place)
        assert near(landed, place, FRAME)
        assert near(late, 0.0, 0.06)
        assert off < told_by


def test_in_a_recording_a_seek_lands_on_the_frame_however_rare_whole_pictures_are(
    timed_films: TimedFilms,
) -> None:
    with watched_player() as it:
        it.load(timed_films.recording(25, group=240))
        for place in (15.0, 3.0, 19.99, 12.3):
            assert near(it.seek(place).position, place + FRAME / 2, FRAME)


def test_a_load_lands_as_a_seek_does_and_opens_once(timed_films: TimedFilms) -> None:
    with watched_player() as it:
        opened = it.load(timed_films.apart("v5.mkv", (5, 30), (0, 30)), 2.0)
        assert (opened.has_video, opened.has_audio) == (True, True)
        assert near(it.player.resting_position(), 2.0, 0.01)
        assert [type(event) for event in it.told].count(MediaOpened) == 1
        assert [type(event) for event in it.told].count(Restarted) == 1


def test_pictures_come_in_where_they_begin(timed_films: TimedFilms) -> None:
    with watched_player(video="terminal") as it:
        it.load(timed_films.apart("v5.mkv", (5, 30), (0, 30)), 4.0)
        it.drain()
        it.play_past(6.0)
        offsets = [sample.position - sample.instant for sample in it.samples(0.6)]
        assert max(offsets) - min(offsets) < 0.2
        # With pictures again, a place among them is one of theirs.
        assert near(it.seek(10.01).position, 10.02, FRAME)


def test_what_helps_one_film_is_not_done_to_the_next(timed_films: TimedFilms) -> None:
    with watched_player() as it:
        it.load(timed_films.sparse())
        it.seek(12.0)
        it.load(timed_films.recording(10, group=24))
        assert near(it.seek(5.01).position, 5.02, FRAME)


def test_a_seek_behind_the_end_rests_at_the_end(timed_films: TimedFilms) -> None:
    with watched_player() as it:
        it.load(timed_films.sound())
        assert near(it.seek(100.0).position, 30.0, 0.3)
        assert near(it.player.resting_position(), 30.0, 0.3)


def test_of_two_seeks_at_once_the_last_one_counts_even_where_landings_are_tried_again(
    timed_films: TimedFilms,
) -> None:
    with watched_player() as it:
        it.load(timed_films.recording(25, group=240))
        for place in (15.0, 4.0, 17.0, 6.0):
            it.player.seek(place)
            time.sleep(0.004)
        assert near(it.wait(Restarted, where=lambda e: near(e.position, 6.0, 0.1)).position, 6, 0.1)
        it.samples(0.3)
        assert near(it.player.resting_position(), 6.0, 0.1)


# Timestamps that begin anew ---------------------------------------------------------------


def joined(timed_films: TimedFilms, *spans: int) -> Path:
    """Pictures and sound; after each of so many seconds their timestamps begin anew."""
    parts = [timed_films.recording(seconds, group=24) for seconds in spans]
    film = timed_films.directory / f"joined-{'-'.join(map(str, spans))}.ts"
    film.write_bytes(b"".join(part.read_bytes() for part in parts))
    return film


def test_a_joined_recording_is_one_film_with_every_place_in_it(timed_films: TimedFilms) -> None:
    with watched_player() as it:
        opened = it.load(open_file(joined(timed_films, 9, 15)))
        assert near(opened.duration, 24.0, 0.1)
        for place in (4.0, 12.5, 20.0, 8.5):
            assert near(it.seek(place).position, place + FRAME, 2 * FRAME)
        it.player.set_paused(False)
        offsets = [sample.position - sample.instant for sample in it.samples(1.2)[15:]]
        assert max(offsets) - min(offsets) < 0.02


def test_where_a_film_is_joined_nobody_knows_its_position_goes_on(timed_films: TimedFilms) -> None:
    with watched_player() as it:
        it.load(joined(timed_films, 3, 5))
        it.player.set_paused(False)
        positions = [sample.position for sample in it.samples(5.0)]
        assert near(positions[-1], 4.8, 0.5)
        assert all(after - before < 0.5 for before, after in itertools.pairwise(positions))
        assert all(after > before - 0.3 for before, after in itertools.pairwise(positions))
        told = [event for event in it.drain() if isinstance(event, TimestampsRestarted)]
        assert len(told) == 1


def test_between_pictures_that_stand_no_position_is_told_that_is_wrong(
    timed_films: TimedFilms,
) -> None:
    with watched_player() as it:
        it.load(timed_films.gaps(sound=False), 1.5)
        at = time.monotonic()
        it.player.set_paused(False)
        off = [s.position - 1.5 - (s.instant - at) for s in it.samples(8.0)[10:]]
        # It is not seen at once that the picture at 3 s stands.
        assert -0.35 < min(off) <= max(off) < 0.05
        assert all(abs(each) < 0.03 for each in off[-10:])
