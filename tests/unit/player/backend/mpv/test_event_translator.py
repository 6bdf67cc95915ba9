"""What the teller makes of events that a real mpv tells in one order out of several.

The core is scripted: which order it is depends on how fast mpv's threads are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.backend.base import EndReached, Failed, PlayerEvent, Source
from player.backend.mpv.binding import events as ev
from player.backend.mpv.binding.libmpv import MpvCore
from player.backend.mpv.event_translator import EventTranslator
from player.backend.mpv.shared_state import LoadRecord, PlaybackState
from player.backend.mpv.translator_inputs import SeekAnswered, Stop, TranslatorInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from player.backend.base import Track

LENGTH = 60.0
REFUSED = (
    ev.LogLine("warn", "ffmpeg", "http: HTTP error 403 Forbidden"),
    ev.LogLine("error", "lavf", "...treating it as fatal error."),
)
RESTARTED = ev.PlaybackRestarted(1.0)
AT_END = ev.PropertyChanged("eof-reached", True, 1.0)


class ScriptedCore(MpvCore):
    """Answers each question for the picture's position with the next one of a list."""

    def __init__(self, positions: Iterable[float]) -> None:
        self._positions = iter(positions)

    def get(self, name: str) -> object:
        match name:
            case "time-pos":
                return next(self._positions)
            case "duration":
                return LENGTH
            case "pause" | "seekable":
                return True
            case _:
                return None


def told(
    sought: float, positions: Iterable[float], *happened: TranslatorInput
) -> list[PlayerEvent]:
    """What is told of a film that is loaded at 50 s and at once sought in, before ``happened``."""
    reports: list[PlayerEvent] = []
    playback = PlaybackState()
    source = Source(url="http://films.example/film.mp4", is_network=True)
    playback.loads[1] = LoadRecord(1, source, playback.next_ticket(50.0))

    def no_notice(core: MpvCore, source: Source, tracks: tuple[Track, ...]) -> tuple[str, None]:
        return "", None

    teller = EventTranslator(reports.append, playback, no_notice)
    before_seek = (ev.FileStarted(1), RESTARTED)
    ticket = playback.next_ticket(sought)
    for event in (*before_seek, SeekAnswered(ticket, True), ev.SeekBegun(), *happened, Stop()):
        teller.inbox.put(event)
    teller.start(ScriptedCore(positions), lambda: False).join(10.0)
    return reports


@pytest.mark.parametrize(
    ("positions", "jumps"),
    [([60.0, 60.0], [RESTARTED]), ([20.0, 60.0, 60.0], [RESTARTED, ev.SeekBegun(), RESTARTED])],
    ids=["at once", "after it was there"],
)
def test_mpv_that_shows_the_last_picture_for_want_of_data_has_failed(
    positions: list[float], jumps: list[TranslatorInput]
) -> None:
    last = told(20.0, positions, *REFUSED, *jumps, AT_END)[-1]
    assert isinstance(last, Failed)
    assert last.http_status == 403
    assert last.reason.startswith("the film breaks off at 0:20 of 1:00: the address answered 403")


def test_a_track_that_is_switched_near_the_end_leaves_it_an_end() -> None:
    reports = told(20.0, [20.0, 59.0, 60.0], RESTARTED, ev.SeekBegun(), RESTARTED, AT_END)
    assert isinstance(reports[-1], EndReached)


def test_a_seek_beyond_the_last_picture_shows_it_and_ends() -> None:
    reports = told(60.0, [60.0, 59.96, 60.0], *REFUSED, RESTARTED, RESTARTED, AT_END)
    assert isinstance(reports[-1], EndReached)
