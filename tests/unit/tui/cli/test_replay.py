"""What a log asks of the player that walks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from player.media.local_file import describe_file
from protocol.exceptions import SettingsError
from protocol.timeline import Timeline
from protocol.wire.codec import encode
from protocol.wire.messages import Event, EventType, Media
from tui.cli.replay import Reached, events_of, films_of, line_of, ordered, steps_of

if TYPE_CHECKING:
    from pathlib import Path

FIRST = Media("film-0001", "file", title="First")
SECOND = Media("film-0002", "file", title="Second")


def event(seq: int, kind: EventType, timeline: Timeline, media: Media | None = None) -> Event:
    return Event(1, seq, f"event-{seq:05}", kind, "a" * 32, "Ana", seq * 1000, timeline, media)


PAUSED = Timeline(0.0, 5.0, 1.0, playing=False)
PLAYING = Timeline(0.0, 10.0, 1.25, playing=True)
LATER = Timeline(60.0, 14.0, 1.0, playing=True)
EVENING = [
    event(1, "media", PAUSED, FIRST),
    event(2, "media", PAUSED, Media("film-0001", "file", title="First", duration=90.0)),
    event(3, "play", PLAYING),
    event(4, "buffer_start", PLAYING),
    event(5, "seek", LATER),
    event(6, "media", PAUSED, SECOND),
]


def test_what_becomes_known_of_a_film_is_no_other_film() -> None:
    assert films_of(EVENING) == [FIRST, SECOND]
    steps = steps_of(EVENING)
    assert [step.is_load for step in steps] == [True, False, False, False, False, True]
    assert [step.film for step in steps] == [0, 0, 0, 0, 0, 1]


def test_only_what_moves_the_timeline_moves_the_player() -> None:
    steps = steps_of(EVENING)
    assert [step.is_move for step in steps] == [True, False, True, False, True, True]


def test_a_film_plays_on_until_the_timeline_is_another_one() -> None:
    steps = steps_of(EVENING)
    assert (steps[2].plays_for, steps[2].until) == (4.0, 5.0)
    assert [step.plays_for for step in steps[:2]] == [0.0, 0.0]
    # The next film's timeline was agreed with an earlier instant: that takes no time.
    assert steps[4].plays_for == 0.0


def test_an_empty_log_has_no_steps() -> None:
    assert steps_of([]) == []


def test_a_start_before_any_film_moves_nothing() -> None:
    (step,) = steps_of([event(1, "play", PLAYING)])
    assert step.film == -1


def test_files_go_where_their_content_fits(tmp_path: Path) -> None:
    one, two = tmp_path / "one.mkv", tmp_path / "two.mkv"
    one.write_bytes(b"one")
    two.write_bytes(b"two")
    watched = [
        Media("film-0001", "file", title="One", fingerprint=describe_file(one).fingerprint),
        SECOND,
    ]
    assert ordered([str(two), str(one)], watched) == [str(one), str(two)]
    assert ordered(["https://films.example.com/x", str(one)], watched) == [
        str(one),
        "https://films.example.com/x",
    ]


def test_a_film_that_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match="Second was watched too"):
        ordered(["https://films.example.com/x"], [FIRST, SECOND])


def test_for_people_it_is_a_line_for_each_event() -> None:
    seek = steps_of(EVENING)[4]
    assert line_of(Reached(seek, 60.0, 60.0235)) == (
        "0:01:00.000  0:01:00.024    +23.5 ms  seek         Ana"
    )
    assert line_of(Reached(seek, 64.0, 63.9)).endswith(" -100.0 ms  seek, played on Ana")
    assert line_of(Reached(seek, 60.0, None)).split() == ["0:01:00.000", "seek", "Ana"]


def test_a_list_of_streams_is_no_log() -> None:
    for lines in (b"", b'{"event": "stream", "stream_id": "x"}\n'):
        with pytest.raises(SettingsError, match="none is named, or none with events"):
            events_of(lines)


def test_a_type_that_a_newer_server_has_written_is_walked_over() -> None:
    known = Event(1, 1, "event-01", "play", "a" * 32, "Ana", 0, Timeline(2.0))
    newer = encode(msgspec.structs.replace(known, seq=2)).replace('"play"', '"queue_add"')
    told = events_of(f"{encode(known)}\n{newer}\n".encode())
    assert told == [known, msgspec.structs.replace(known, seq=2, event_type="unknown")]
