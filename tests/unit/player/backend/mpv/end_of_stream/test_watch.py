"""What is told of an item's end and length, by a core that says what the test says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from player.backend.base import DurationChanged, EndReached, MediaGrown, PlayerEvent, Source
from player.backend.mpv.binding.events import LogLine
from player.backend.mpv.binding.libmpv import MpvCore
from player.backend.mpv.end_of_stream.watch import EndWatch, file_size

if TYPE_CHECKING:
    from pathlib import Path

ESTIMATE = LogLine("warn", "ffmpeg/demuxer", "mp3: Estimating duration from bitrate, this may")


class SaidCore(MpvCore):
    """Answers what it was told to."""

    def __init__(self, duration: float, cache_end: float, *, eof: bool = False) -> None:
        self.said: dict[str, object] = {}
        self.says(duration, cache_end, eof=eof)

    def says(self, duration: float, cache_end: float | None, *, eof: bool) -> None:
        cache = {"eof": eof} | ({} if cache_end is None else {"cache-end": cache_end})
        self.said |= {"duration": duration, "demuxer-cache-state": cache}

    def at_end(self, position: float) -> None:
        self.said |= {"time-pos": position, "eof-reached": True}

    def get(self, name: str) -> object:
        return self.said.get(name)


@dataclass
class Stand:
    """A watch over a film, whose file has as many bytes as the test says."""

    core: SaidCore
    source: Source = field(default_factory=lambda: Source("film.mkv"))
    size: int | None = 60_000
    told: list[PlayerEvent] = field(default_factory=list[PlayerEvent])
    broken: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    def __post_init__(self) -> None:
        self.watch = EndWatch(
            self.told.append,
            lambda why, at: self.broken.append((why, at)),
            lambda path: self.size,
        )
        self.watch.begin(self.source, 7)
        self.watch.opened(self.core, 1000.0)

    def end(self, position: float, *, by_play: bool = True, target: float = 0.0) -> None:
        """mpv comes to its end."""
        self.core.at_end(position)
        self.watch.moved(1001.0, by_play=by_play)
        assert self.watch.look(self.core, 1001.05)
        self.watch.judge(self.watch.arrive(self.core, target, 1001.05), ())


def test_it_is_looked_soon_after_a_seek_and_then_each_second() -> None:
    watch = Stand(SaidCore(60.0, 1.7)).watch
    looks: list[float | None] = []
    for _ in range(4):
        looks.append(watch.next_look)
        watch.look(SaidCore(60.0, 1.7), watch.next_look or 0.0)
    assert looks == [1000.05, 1000.3, 1001.3, 1002.3]
    watch.close()
    assert watch.next_look is None
    watch.moved(1003.0, by_play=True)
    assert watch.next_look is None


def test_an_end_is_news_once() -> None:
    stand = Stand(SaidCore(60.0, 1.7))
    assert not stand.watch.look(stand.core, 1000.05)
    stand.end(60.07)
    assert stand.told == [EndReached(7, 60.0, 1001.05)]
    assert not stand.watch.look(stand.core, 1002.0)
    stand.watch.moved(1003.0, by_play=False)
    assert stand.watch.look(stand.core, 1003.05)


def test_a_length_that_the_end_shows_is_told_before_it() -> None:
    stand = Stand(SaidCore(302.0, 1.7))
    stand.end(60.07)
    assert stand.told == [DurationChanged(7, 60.07), EndReached(7, 60.07, 1001.05)]


def test_a_guess_is_taken_back_and_what_was_read_is_told() -> None:
    stand = Stand(SaidCore(35.5, 1.7))
    stand.watch.take_log(ESTIMATE)
    assert stand.told == [DurationChanged(7, None)]
    stand.core.says(35.5, 20.0, eof=True)
    stand.watch.look(stand.core, 1001.0)
    assert stand.told[1:] == [DurationChanged(7, 20.0)]
    stand.watch.begin(stand.source, 8)
    stand.watch.take_log(ESTIMATE)
    stand.watch.opened(SaidCore(35.5, 1.7), 1002.0)
    assert stand.watch.duration is None


def test_what_could_not_be_read_is_no_end_of_what_was() -> None:
    stand = Stand(SaidCore(1.7, 1.7))
    stand.watch.take_log(LogLine("error", "ffmpeg", "http: Input/output error"))
    stand.core.says(20.0, 20.0, eof=True)
    stand.watch.look(stand.core, 1001.0)
    assert stand.watch.duration is None


def test_what_is_live_has_no_duration_and_ends_where_it_is() -> None:
    live = Source("http://live.example/x.m3u8", is_network=True, is_live=True)
    stand = Stand(SaidCore(30.0, 12.0), live)
    assert stand.watch.duration is None
    stand.end(33.0)
    assert stand.told == [EndReached(7, 33.0, 1001.05)]


def test_a_seek_behind_the_end_ends_where_the_film_does() -> None:
    stand = Stand(SaidCore(60.0, 1.7))
    stand.end(59.8, by_play=False, target=100.0)
    assert stand.told == [EndReached(7, 60.0, 1001.05)]


def test_a_container_that_lacks_its_end_breaks_off() -> None:
    stand = Stand(SaidCore(60.0, 1.7))
    stand.watch.take_log(
        LogLine("warn", "mkv", "mkv metadata beyond end of file - incomplete file?")
    )
    stand.end(20.0)
    why = "the film breaks off at 0:20 of 1:00: the file is incomplete"
    assert stand.broken == [(why, 20.0)]
    assert stand.told == []


@pytest.mark.parametrize(
    ("sizes", "grown"),
    [
        ([60_000, 60_500, 60_500], False),
        ([60_000, 64_000, 64_500], False),
        ([60_000, 64_000, 64_000], True),
        ([60_000, 66_000], True),
        ([None, None], False),
    ],
    ids=["a tag", "a little, and more to come", "a little, and no more", "enough", "gone"],
)
def test_a_file_that_grows_behind_the_end_is_told_once(
    sizes: list[int | None], grown: bool
) -> None:
    stand = Stand(SaidCore(60.0, 1.7))
    stand.end(60.0)
    stand.told.clear()
    for number, size in enumerate([*sizes, 200_000] if grown else sizes):
        stand.size = size
        stand.watch.look(stand.core, 1002.0 + number)
    assert stand.told == ([MediaGrown(7)] if grown else [])


def test_a_file_that_has_grown_before_an_end_as_it_was_when_it_was_opened_goes_on() -> None:
    stand = Stand(SaidCore(60.0, 1.7))
    stand.size = 90_000
    stand.end(60.0)
    stand.watch.look(stand.core, 1002.0)
    assert stand.told[1:] == [MediaGrown(7)]


def test_a_file_that_was_played_on_while_it_grew_ends_where_it_does() -> None:
    stand = Stand(SaidCore(60.0, 1.7))
    stand.size = 90_000
    stand.core.says(90.0, 90.0, eof=False)
    stand.watch.look(stand.core, 1000.5)
    stand.end(90.0)
    stand.watch.look(stand.core, 1002.0)
    assert not any(isinstance(event, MediaGrown) for event in stand.told)


def test_the_size_of_a_file_that_is_not_there_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(b"abc")
    assert file_size(str(tmp_path / "film")) == 3
    assert file_size(str(tmp_path / "none")) is None
    assert file_size("a\0b") is None
