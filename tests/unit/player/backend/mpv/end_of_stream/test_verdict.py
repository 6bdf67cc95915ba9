"""Whether media has ended or breaks off, by where the player is and what the log says."""

from __future__ import annotations

import msgspec
import pytest

from player.backend.mpv.binding.events import LogLine
from player.backend.mpv.end_of_stream.verdict import (
    DECODER_TROUBLE,
    Arrival,
    breaking_point,
    says_missing,
)

PLAYED = Arrival(position=60.0, instant=1000.0, by_play=True, target=20.0, stated=60.0)
CORRUPT = LogLine("warn", "ffmpeg/demuxer", "mov,mp4: Packet corrupt (stream = 0, dts = 9).", 10.0)
DECODER = LogLine("error", "ffmpeg/audio", "flac: decode_frame() failed", 999.0)
REFUSED = LogLine("warn", "ffmpeg", "http: HTTP error 403 Forbidden", 10.0)
CUT = LogLine("error", "ffmpeg", "http: Stream ends prematurely at 108147, should be 180245", 10.0)
CLOSED = LogLine(
    "error", "ffmpeg", "http: Stream ends prematurely at 9, should be 18446744073709551615", 10.0
)
DEVICE = LogLine("error", "ao/alsa", "Playback open error: No such file or directory", 10.0)


def test_a_film_that_is_played_to_its_end_has_ended_whatever_the_log_says() -> None:
    assert breaking_point(PLAYED, (CORRUPT, REFUSED), is_incomplete=True) is None


@pytest.mark.parametrize(
    "complaint", [CORRUPT, DECODER, REFUSED, CUT], ids=["demuxer", "decoder", "server", "cut"]
)
def test_what_is_promised_and_complained_of_is_missing(complaint: LogLine) -> None:
    arrival = PLAYED._replace(position=20.0)
    assert breaking_point(arrival, (complaint,), is_incomplete=False) == 20.0


def test_what_is_promised_and_not_missed_was_never_there() -> None:
    arrival = PLAYED._replace(stated=302.0)
    assert breaking_point(arrival, (DEVICE, CLOSED), is_incomplete=False) is None
    assert breaking_point(arrival, (), is_incomplete=True) == 60.0


def test_what_a_decoder_has_said_long_ago_was_about_something_else() -> None:
    long_ago = msgspec.structs.replace(DECODER, instant=1000.0 - DECODER_TROUBLE)
    assert breaking_point(PLAYED._replace(stated=302.0), (long_ago,), is_incomplete=False) is None


@pytest.mark.parametrize(("is_network", "broken_at"), [(True, 60.0), (False, None)])
def test_without_a_promise_only_a_server_that_fails_breaks_a_film_off(
    is_network: bool, broken_at: float | None
) -> None:
    arrival = PLAYED._replace(stated=None, is_network=is_network)
    for complaint in (REFUSED, CUT):
        assert breaking_point(arrival, (complaint,), is_incomplete=False) == broken_at
    assert breaking_point(arrival, (CLOSED, DEVICE), is_incomplete=False) is None


def test_a_seek_to_what_is_missing_breaks_off_there() -> None:
    sought = PLAYED._replace(by_play=False, target=40.0)
    assert breaking_point(sought, (CORRUPT,), is_incomplete=False) == 40.0
    assert breaking_point(sought, (), is_incomplete=False) is None
    behind = sought._replace(target=100.0)
    assert breaking_point(behind, (CORRUPT,), is_incomplete=False) is None


def test_a_seek_that_has_shown_something_far_behind_for_a_reason_breaks_off_there() -> None:
    strayed = PLAYED._replace(has_strayed=True)
    assert breaking_point(strayed, (REFUSED,), is_incomplete=False) == 20.0
    assert breaking_point(strayed, (), is_incomplete=False) is None


def test_only_what_is_said_of_the_media_counts() -> None:
    assert says_missing(CORRUPT)
    assert says_missing(CUT)
    assert not says_missing(CLOSED)
    assert not says_missing(LogLine("warn", "cplayer", "Can not open external file: truncated"))
    assert not says_missing(LogLine("error", "ffmpeg/video", "h264: Invalid data found"))
