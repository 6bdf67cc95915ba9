"""Films whose length is unknown, wrong or growing: what a real mpv makes of them."""

from __future__ import annotations

import struct
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from player.backend.base import DurationChanged, EndReached, Failed, MediaGrown
from tests.films import Chapter, serve
from tests.integration.players import near, watched_player

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.films import Films
    from tests.integration.players import Watched

LENGTH = 12
SLACK = 0.35
"""Seconds by which the streams of one film end apart, and containers begin."""
LATE = "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:05:00,000 --> 00:05:02,000\nBy someone\n"
RISING = f"aevalsrc='if(lt(t,{LENGTH / 2}),0.01*sin(2765*t),random(0)-0.5)':s=44100"
FALLING = f"aevalsrc='if(gt(t,{LENGTH / 2}),0.01*sin(2765*t),random(0)-0.5)':s=44100"


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    return films.counter_film(LENGTH, chapters=[Chapter(0, "One"), Chapter(5, "Two")])


def ffmpeg(*arguments: str | Path) -> bytes:
    """What ffmpeg writes to a pipe, which it cannot go back in."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def copied(film: Path, to: Path, *arguments: str | Path) -> Path:
    ffmpeg("-i", film, *arguments, "-c", "copy", to)
    return to


def piped(film: Path, to: Path, kind: str, *arguments: str) -> Path:
    to.write_bytes(ffmpeg("-i", film, "-c", "copy", *arguments, "-f", kind, "-"))
    return to


def sound(source: str, to: Path, *arguments: str) -> Path:
    ffmpeg("-f", "lavfi", "-i", source, "-t", str(LENGTH), *arguments, to)
    return to


def with_late_subtitle(film: Path, folder: Path) -> Path:
    text = folder / "late.srt"
    text.write_text(LATE)
    to = folder / "late.mkv"
    streams = ("-map", "0:v", "-map", "0:a", "-map", "1")
    ffmpeg("-i", film, "-i", text, *streams, "-c", "copy", "-c:s", "srt", to)
    return to


def claiming(film: Path, to: Path, milliseconds: float) -> Path:
    """A Matroska file whose header names that length."""
    content = bytearray(copied(film, to).read_bytes())
    at = content.index(b"\x44\x89\x88") + 3
    content[at : at + 8] = struct.pack(">d", milliseconds)
    to.write_bytes(content)
    return to


def endless_wav(to: Path) -> Path:
    sound("sine=f=440:r=8000", to, "-c:a", "pcm_s16le")
    content = bytearray(to.read_bytes())
    at = content.index(b"data") + 4
    content[4:8] = content[at : at + 4] = b"\xff\xff\xff\xff"
    to.write_bytes(content)
    return to


MAKERS: dict[str, tuple[Callable[[Path, Path], Path], bool]] = {
    "mkv from a pipe": (lambda film, to: piped(film, to / "pipe.mkv", "matroska"), False),
    "ts": (lambda film, to: copied(film, to / "film.ts"), True),
    "flv from a pipe": (
        lambda film, to: piped(film, to / "pipe.flv", "flv", "-an"),
        True,
    ),
    "mp4 in fragments": (
        lambda film, to: piped(film, to / "f.mp4", "mp4", "-movflags", "empty_moov+frag_keyframe"),
        True,
    ),
    "mp3 that seems too long": (
        lambda _, to: sound(RISING, to / "rising.mp3", "-q:a", "2", "-write_xing", "0"),
        False,
    ),
    "mp3 that seems too short": (
        lambda _, to: sound(FALLING, to / "falling.mp3", "-q:a", "2", "-write_xing", "0"),
        False,
    ),
    "aac": (lambda _, to: sound(RISING, to / "rising.aac", "-c:a", "aac"), False),
    "flac from a pipe": (
        lambda _, to: piped(sound(RISING, to / "s.wav"), to / "pipe.flac", "flac", "-c", "flac"),
        False,
    ),
    "wav without an end": (lambda _, to: endless_wav(to / "endless.wav"), False),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_length_is_known_or_it_is_not_and_the_end_is_where_the_film_ends(
    film: Path, tmp_path: Path, name: str
) -> None:
    make, is_known = MAKERS[name]
    with watched_player() as it:
        opened = it.load(make(film, tmp_path))
        assert near(opened.duration, LENGTH, SLACK) if is_known else opened.duration is None
        assert near(it.seek(8.0).position, 8.0, SLACK)
        assert near(play_out(it).position, LENGTH, SLACK)
        told = [event.duration for event in it.told if isinstance(event, DurationChanged)]
        assert [near(duration, LENGTH, SLACK) for duration in told] == [True] * (not is_known)
        assert_goes_back(it)


@pytest.mark.parametrize("seconds", [302.0, 60.0, 6.0], ids=["subtitle", "too long", "too short"])
def test_a_length_that_is_wrong_is_put_right_at_the_end(
    film: Path, tmp_path: Path, seconds: float
) -> None:
    made = (
        with_late_subtitle(film, tmp_path)
        if seconds == 302.0
        else claiming(film, tmp_path / "claims.mkv", seconds * 1000)
    )
    with watched_player() as it:
        assert near(it.load(made).duration, seconds, SLACK)
        assert near(it.seek(10.0).position, 10.0, SLACK)
        assert near(play_out(it).position, LENGTH, SLACK)
        last = [event.duration for event in it.told if isinstance(event, DurationChanged)][-1]
        assert near(last, LENGTH, SLACK)
        assert not [event for event in it.told if isinstance(event, Failed)]
        assert_goes_back(it)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "flac"])
def test_what_is_really_cut_off_breaks_off(film: Path, tmp_path: Path, kind: str) -> None:
    whole = tmp_path / f"whole.{kind}"
    if kind == "flac":
        sound(RISING, whole)
    else:
        copied(film, whole, "-movflags", "+faststart")
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) * 6 // 10])
    with watched_player() as it:
        it.load(whole)
        it.seek(3.0)
        it.player.set_rate(4.0)
        it.player.set_paused(False)
        failed = it.wait(Failed)
        assert failed.reason.startswith("the film breaks off at 0:0")
        assert failed.position is not None
        assert failed.position < LENGTH - 2
        it.load(whole, 2.0)
        it.play_past(2.2)


def test_a_recording_that_was_cut_off_ends_where_it_was_cut(film: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mkv"
    content = piped(film, tmp_path / "pipe.mkv", "matroska").read_bytes()
    cut.write_bytes(content[: len(content) * 6 // 10])
    with watched_player() as it:
        it.load(cut, 4.0)
        assert play_out(it).position < LENGTH - 2


@pytest.mark.parametrize(("longer", "shorter"), [("v", "a"), ("a", "v")])
def test_the_longer_stream_is_the_film(tmp_path: Path, longer: str, shorter: str) -> None:
    lengths = {longer: LENGTH, shorter: 2}
    pictures = f"testsrc=s=160x90:r=5:d={lengths['v']}"
    tone = f"sine=f=440:r=8000:d={lengths['a']}"
    film = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", tone, "-preset", "ultrafast", film)
    with watched_player() as it:
        assert near(it.load(film).duration, LENGTH, SLACK)
        assert near(play_out(it).position, LENGTH, SLACK)


@pytest.mark.parametrize("start", ["seek", "load"])
def test_what_lies_behind_the_end_is_the_end(film: Path, tmp_path: Path, start: str) -> None:
    unknown = piped(film, tmp_path / "pipe.mkv", "matroska")
    for made in (film, unknown, copied(film, tmp_path / "film.ts")):
        with watched_player() as it:
            if start == "seek":
                it.load(made)
                it.seek(1000.0)
            else:
                it.load(made, 1000.0)
            assert near(it.wait(EndReached).position, LENGTH, SLACK)
            time.sleep(0.4)
            assert not [event for event in it.drain() if isinstance(event, EndReached)]
            it.player.set_paused(False)
            assert_goes_back(it)


def test_a_file_that_grows_is_played_on_and_one_that_has_grown_is_told(
    film: Path, tmp_path: Path
) -> None:
    content = copied(film, tmp_path / "whole.ts").read_bytes()
    half, more = (len(content) * part // 12 // 188 * 188 for part in (6, 9))
    growing = tmp_path / "growing.ts"
    growing.write_bytes(content[:half])
    with watched_player() as it:
        it.load(growing)
        first = play_out(it).position
        assert first < LENGTH - 4
        with growing.open("ab") as file:
            file.write(content[half:more])
        it.wait(MediaGrown)
        it.load(growing, first)
        with growing.open("ab") as file:
            file.write(content[more:])
        assert near(play_out(it).position, LENGTH, SLACK)
        assert it.told.count(MediaGrown(1)) == 1


def test_all_of_a_film_that_was_loaded_tells_its_length_before_its_end(
    film: Path, tmp_path: Path
) -> None:
    made = piped(film, tmp_path / "pipe.mkv", "matroska")
    with serve(tmp_path) as server, watched_player() as it:
        opened = it.load(server.url(made))
        known = opened.duration or it.wait(DurationChanged).duration
        assert near(known, LENGTH, SLACK)


def play_out(it: Watched) -> EndReached:
    it.player.set_rate(4.0)
    it.player.set_paused(False)
    ended = it.wait(EndReached)
    it.player.set_rate(1.0)
    return ended


def assert_goes_back(it: Watched) -> None:
    """After its end a film plays from wherever it is sent."""
    it.player.set_paused(True)
    assert near(it.seek(3.0).position, 3.0, SLACK)
    it.play_past(3.2)
