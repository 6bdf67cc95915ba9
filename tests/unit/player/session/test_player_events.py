"""What a seat does about what its player says."""

from __future__ import annotations

import msgspec
import pytest

from player.api.views import Corrected
from player.backend.base import Failed, KeyPressed, MediaOpened, Track, TracksChanged
from player.session.core.telemetry import WAITING
from player.session.player_events import PlayerEventHandler
from player.sync.messages import (
    Acted,
    Buffered,
    Finished,
    InStep,
    Jumped,
    NoPlayer,
    Stalled,
    Widened,
)
from protocol.exceptions import MediaError, PlayerUnavailable
from protocol.timeline import Timeline
from protocol.wire.messages import LoadAct, PauseAct, PlayAct
from tests.doubles.surroundings import FILM, SeatAround

OPENED = MediaOpened(1, "The Film", 600.0, (), (), True, True)
PLAYING = Timeline(5.0, 0.0, 1.0, True)


def pair(seat: SeatAround) -> PlayerEventHandler:
    return PlayerEventHandler(seat)


def test_a_view_is_kept_and_a_new_state_told_soon() -> None:
    seat = SeatAround()
    reactions = pair(seat)
    for _ in range(2):
        reactions.take(msgspec.structs.replace(WAITING, at=1.0, state="playing", position=5.0))
    assert seat.gauges.view.position == 5.0
    assert seat.reports == 1
    reactions.take(Buffered(12.0))
    assert seat.gauges.buffered_until == 12.0


# The player's own acts ------------------------------------------------------------------


def test_a_host_s_own_pause_and_start_move_the_timeline() -> None:
    seat = SeatAround("host")
    reactions = pair(seat)
    reactions.take(Acted(True, -0.01))
    reactions.take(Acted(False, 5.0))
    assert seat.acts == [PauseAct(0.0), PlayAct()]


def test_a_viewer_s_pause_moves_nothing_is_undone_and_answered() -> None:
    seat = SeatAround("viewer")
    seat.driver.hold()
    pair(seat).take(Acted(True, 5.0))
    assert seat.acts == []
    assert seat.refused == ["pause"]


def test_a_key_in_the_player_s_window_is_a_line_like_any_other() -> None:
    seat = SeatAround()
    pair(seat).take(KeyPressed("seek_by 5"))
    assert seat.lines == ["seek_by 5"]


# Stalls and the end ---------------------------------------------------------------------


def test_a_stalled_host_pauses_the_party_and_starts_it_again() -> None:
    seat = SeatAround("host")
    reactions = pair(seat)
    seat.at(PLAYING)
    reactions.take(Stalled(True, 42.0))
    seat.at(Timeline(42.0, 0.0))
    reactions.take(Stalled(False, 42.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana"), PlayAct()]
    assert [(kind, position) for kind, position, _, _ in seat.notes] == [
        ("buffer_start", 42.0),
        ("buffer_end", 42.0),
    ]


def test_a_host_who_has_gone_elsewhere_meanwhile_is_not_started() -> None:
    seat = SeatAround("host")
    reactions = pair(seat)
    seat.at(PLAYING)
    reactions.take(Stalled(True, 42.0))
    seat.at(Timeline(300.0, 0.0))
    reactions.take(Stalled(False, 300.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana")]


def test_a_stall_that_ends_before_its_pause_is_answered_is_started_again() -> None:
    seat = SeatAround("host")
    reactions = pair(seat)
    seat.at(PLAYING)
    reactions.take(Stalled(True, 42.0))
    reactions.take(Stalled(False, 42.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana"), PlayAct()]


def test_a_host_whose_start_waits_for_others_does_not_go_on_without_them() -> None:
    seat = SeatAround("host")
    reactions = pair(seat)
    seat.at(PLAYING)
    reactions.take(Stalled(True, 42.0))
    seat.controls.waits = True
    reactions.take(Stalled(False, 42.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana")]


def test_a_stalled_viewer_is_only_logged() -> None:
    seat = SeatAround("viewer")
    reactions = pair(seat)
    reactions.take(Stalled(True, 42.0))
    reactions.take(Stalled(False, 42.0))
    assert seat.acts == []
    assert len(seat.notes) == 2


def test_at_the_end_only_the_host_pauses_and_only_once() -> None:
    host, viewer = SeatAround("host"), SeatAround("viewer")
    for seat in (host, viewer):
        seat.at(PLAYING)
        pair(seat).take(Finished(600.0))
    assert host.acts == [PauseAct(600.0, "end of the film")]
    assert viewer.acts == []
    host.at(Timeline(600.0, 0.0))
    pair(host).take(Finished(600.0))
    assert len(host.acts) == 1


# Corrections ----------------------------------------------------------------------------


def test_a_jump_is_shown_with_what_it_mends() -> None:
    seat = SeatAround()
    reactions = pair(seat)
    reactions.take(Jumped(-0.7512, "beyond tolerance"))
    reactions.take(InStep(0.002))
    (shown,) = seat.views
    assert isinstance(shown, Corrected)
    assert (shown.drift_ms, shown.reason) == (-751.2, "beyond tolerance")
    assert seat.notes == []


def test_a_jump_of_unknown_size_is_not_shown() -> None:
    seat = SeatAround()
    pair(seat).take(Jumped(None, "beyond tolerance"))
    assert seat.views == []


def test_a_resync_is_logged_once_with_before_and_after() -> None:
    seat = SeatAround()
    reactions = pair(seat)
    seat.gauges.view = msgspec.structs.replace(WAITING, drift=-0.3, position=9.0)
    reactions.resync_asked()
    reactions.take(Jumped(-0.3, "asked"))
    reactions.take(InStep(0.001))
    reactions.take(InStep(0.001))
    assert seat.notes == [("sync_request", 9.0, -0.3, 0.001)]
    assert seat.views == []


def test_a_wider_tolerance_is_told() -> None:
    seat = SeatAround()
    pair(seat).take(Widened(1.0))
    assert "1.0 s" in seat.said[0]


# Films and players ----------------------------------------------------------------------


async def test_an_open_film_ends_the_trouble_and_the_host_describes_it() -> None:
    seat = SeatAround("host")
    reactions = pair(seat)
    seat.gauges.reason = "its window was closed"
    seat.screening.media = FILM
    seat.screening.view = None
    reactions.take(OPENED)
    assert seat.gauges.reason == ""
    (media,) = seat.opened
    reactions.film_opened(media)
    assert seat.controls.duration == 600.0
    assert seat.acts == [LoadAct(media)]


def test_a_film_that_is_described_already_is_not_described_again() -> None:
    seat = SeatAround("host")
    pair(seat).film_opened(FILM)
    assert seat.acts == []


@pytest.mark.parametrize(("lost", "remedy"), [(True, "reopen"), (False, "resync")])
def test_a_broken_player_says_why_and_what_helps(lost: bool, remedy: str) -> None:
    seat = SeatAround("viewer")
    pair(seat).take(Failed(1, "it broke", lost=lost))
    assert seat.gauges.reason == "it broke"
    assert seat.said[0].startswith("it broke; ")
    assert remedy in seat.said[0]
    assert "load" not in seat.said[0]


def test_a_host_whose_film_cannot_be_played_is_told_how_to_take_another() -> None:
    seat = SeatAround("host")
    pair(seat).take(Failed(1, "it broke"))
    assert seat.said == ["it broke; say resync (r) to try again, or load (l) for another film"]


def test_without_any_player_the_seat_ends() -> None:
    seat = SeatAround()
    pair(seat).take(NoPlayer(PlayerUnavailable("libmpv is not installed", "install it")))
    assert seat.fatal == "libmpv is not installed"


def test_a_host_who_never_had_a_film_leaves_and_others_stay() -> None:
    error = MediaError("there is no such file", "check the path")
    host, back, viewer = (
        SeatAround("host"),
        SeatAround("host", returning=True),
        SeatAround("viewer"),
    )
    for seat in (host, back, viewer):
        pair(seat).film_failed(error)
    assert host.fatal == "there is no such file"
    for seat in (back, viewer):
        assert seat.fatal is None
        assert seat.gauges.reason == "there is no such file"


def test_the_seat_s_own_sound_is_taken_over() -> None:
    seat = SeatAround()
    pair(seat).take(TracksChanged(1, (Track("audio", 1),), 70.0, True, 0.01))
    assert (seat.gauges.volume, seat.gauges.muted, seat.gauges.trim) == (70.0, True, 0.01)
