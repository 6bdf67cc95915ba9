"""What a person asks of a seat is done, asked of the server, or answered."""

from __future__ import annotations

import msgspec
import pytest

from player.api.intents import PictureSize
from player.backend.base import MediaOpened, Track
from player.media.messages import OpenMedia
from player.session.core.effects import (
    AdjustPlayer,
    Finish,
    HoldPlayer,
    JumpToTimeline,
    ResizePicture,
    RetryNow,
    ShowText,
)
from player.session.core.resync import BURST_TAKES
from player.session.core.telemetry import WAITING
from protocol.timeline import Timeline
from protocol.wire.messages import Media, PauseAct, PlayAct, RateAct, SeekAct
from tests.doubles.core_seat import CoreSeat

# The host -------------------------------------------------------------------------------


def test_a_host_s_wishes_become_acts() -> None:
    seat = CoreSeat("host")
    seat.ask("play", "seek 240", "rate 1.25")
    assert seat.acts == [PlayAct(), SeekAct(240.0), RateAct(1.25)]


def test_a_host_s_pause_stops_his_own_player_first() -> None:
    seat = CoreSeat("host")
    seat.at(Timeline(5.0, 0.0, 1.0, True))
    seat.ask("pause")
    assert seat.effects == [HoldPlayer()]
    assert PauseAct(5.0) not in seat.acts


def test_before_there_is_a_stream_nothing_can_be_asked() -> None:
    seat = CoreSeat("host")
    seat.outside()
    seat.ask("play", "load other.mkv", "kick Ben")
    assert seat.sent == []
    assert seat.said == ["not in the stream yet"] * 3


# The viewer -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["play", "pause", "toggle", "seek 5", "seek_by 5", "rate 2", "next", "load x"]
)
def test_a_viewer_may_move_nothing_and_is_told(line: str) -> None:
    seat = CoreSeat("viewer")
    seat.ask(line)
    assert seat.sent == []
    assert seat.refused == [line.split()[0]]
    assert seat.wanted(ShowText) == [ShowText("View Only: Ana is hosting")]


# Everybody ------------------------------------------------------------------------------


def test_a_resync_measures_and_jumps() -> None:
    seat = CoreSeat("viewer")
    seat.tick()
    seat.ask("resync")
    assert seat.wanted(RetryNow)
    seat.tick(BURST_TAKES - 0.01)
    assert not seat.wanted(JumpToTimeline)
    assert seat.core.next_deadline() <= seat.now + 0.02
    seat.tick(0.02)
    assert seat.wanted(JumpToTimeline) == [JumpToTimeline()]


def test_a_resync_at_the_end_opens_the_film_anew() -> None:
    seat = CoreSeat()
    seat.watch(Media("film-0002", "url", url="https://media.example/clip.mp4"))
    for state, opens in (("paused", 0), ("ended", 1)):
        seat.effects.clear()
        seat.player(msgspec.structs.replace(WAITING, state=state))
        seat.ask("resync")
        assert len(seat.wanted(OpenMedia)) == opens


def test_two_resyncs_are_two_jumps() -> None:
    seat = CoreSeat("viewer")
    seat.ask("resync")
    seat.now += 0.5
    seat.ask("resync")
    seat.tick(BURST_TAKES)
    assert len(seat.wanted(JumpToTimeline)) == 2


def test_without_a_server_nobody_would_read_chat() -> None:
    seat = CoreSeat("viewer")
    seat.core.protocol.connection_lost()
    seat.ask("say hello", "say \u200b")
    assert seat.said == [
        "the server is out of reach; nobody would read this now",
        "nothing to say",
    ]


def test_the_seat_s_own_things_go_to_its_player() -> None:
    seat = CoreSeat("viewer")
    seat.ask("volume -30", "mute", "trim 10", "subtitle_delay -100", "subtitle_size 10")
    seat.core.intent(PictureSize(80, 45), seat.clocks)
    assert [*seat.effects, *seat.core.effects()] == [
        AdjustPlayer("volume", -30.0),
        AdjustPlayer("mute", 0),
        AdjustPlayer("trim", 0.01),
        AdjustPlayer("subtitle_delay", -0.1),
        AdjustPlayer("subtitle_scale", 0.1),
        ResizePicture(80, 45),
    ]
    assert seat.sent == []


def test_quit_leaves() -> None:
    seat = CoreSeat("viewer")
    seat.ask("quit")
    assert seat.effects == [Finish()]


def test_a_line_that_is_no_wish_is_refused() -> None:
    seat = CoreSeat("host")
    seat.ask("dance", "seek soon")
    assert [(error.code, error.field) for error in seat.errors] == [
        ("bad_message", "intent"),
        ("invalid_field", "position"),
    ]
    assert seat.sent == []


def test_a_key_for_tracks_that_are_not_there_is_answered() -> None:
    seat = CoreSeat("viewer", "mine.mkv")
    seat.ask("subtitles film.srt")
    seat.watch()
    seat.ask("subtitles", "audio")
    seat.player(MediaOpened(1, "The Film", 600.0, (Track("audio", 1),), (), True, True))
    seat.ask("subtitles", "audio")
    assert seat.said == [
        "there is no film yet to have subtitles for",
        *["the film is not open yet"] * 2,
        "this film has no subtitles",
        "this film has no other sound track",
    ]
