"""What a seat does about what its player says."""

from __future__ import annotations

import msgspec
import pytest

from player.api.views import Corrected
from player.backend.base import (
    Failed,
    KeyPressed,
    MediaGrown,
    MediaOpened,
    Track,
    TracksChanged,
)
from player.media.messages import MediaUnavailable, OpenMedia
from player.session.core.effects import ReleasePlayer
from player.session.core.handlers.host_commands import END_MARGIN
from player.session.core.schedule import NEWS_INTERVAL
from player.session.core.telemetry import WAITING
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
from protocol.client.events import StartWaiting
from protocol.exceptions import MediaError, PlayerUnavailable
from protocol.timeline import Timeline
from protocol.wire.messages import LoadAct, Media, PauseAct, PlayAct, SeekAct
from tests.doubles.core_seat import FILM, CoreSeat

LINK = Media("film-0002", "url", title="A Clip", url="https://media.example/clip.mp4")

OPENED = MediaOpened(1, "The Film", 600.0, (), (), True, True)
PLAYING = Timeline(5.0, 0.0, 1.0, True)


def test_a_view_is_kept_and_a_new_state_told_soon() -> None:
    seat = CoreSeat()
    seat.tick()
    regular = seat.core.next_deadline()
    seat.now += NEWS_INTERVAL - 0.01
    view = msgspec.structs.replace(WAITING, at=1.0, position=5.0)
    seat.player(view)
    assert seat.core.next_deadline() == regular
    seat.tick(0.1)
    seat.now += 0.05
    seat.player(msgspec.structs.replace(view, state="playing"))
    assert seat.core.next_deadline() <= seat.now
    assert seat.core.telemetry.view.position == 5.0
    seat.player(Buffered(12.0))
    assert seat.core.telemetry.buffered_until == 12.0


# The player's own acts ------------------------------------------------------------------


def test_a_host_s_own_pause_and_start_move_the_timeline() -> None:
    seat = CoreSeat("host")
    seat.player(Acted(True, -0.01))
    seat.player(Acted(False, 5.0))
    assert seat.acts == [PauseAct(0.0), PlayAct()]


def test_a_viewer_s_pause_moves_nothing_is_undone_and_answered() -> None:
    seat = CoreSeat("viewer")
    seat.player(Acted(True, 5.0))
    assert seat.acts == []
    assert seat.effects[0] == ReleasePlayer()
    assert seat.refused == ["pause"]


def test_a_key_in_the_player_s_window_is_a_line_like_any_other() -> None:
    seat = CoreSeat()
    seat.player(KeyPressed("seek_by 5"))
    assert seat.acts == [SeekAct(5.0)]


# Stalls and the end ---------------------------------------------------------------------


def test_a_stalled_host_pauses_the_party_and_starts_it_again() -> None:
    seat = CoreSeat("host")
    seat.at(PLAYING)
    seat.player(Stalled(True, 42.0))
    seat.at(Timeline(42.0, 0.0))
    seat.player(Stalled(False, 42.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana", "waiting_for_member"), PlayAct()]
    assert [(note.event_type, note.position) for note in seat.notes] == [
        ("buffer_start", 42.0),
        ("buffer_end", 42.0),
    ]


def test_a_host_who_has_gone_elsewhere_meanwhile_is_not_started() -> None:
    seat = CoreSeat("host")
    seat.at(PLAYING)
    seat.player(Stalled(True, 42.0))
    seat.at(Timeline(300.0, 0.0))
    seat.player(Stalled(False, 300.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana", "waiting_for_member")]


def test_a_stall_that_ends_before_its_pause_is_answered_is_started_again() -> None:
    seat = CoreSeat("host")
    seat.at(PLAYING)
    seat.player(Stalled(True, 42.0))
    seat.player(Stalled(False, 42.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana", "waiting_for_member"), PlayAct()]


def test_a_host_whose_start_waits_for_others_does_not_go_on_without_them() -> None:
    seat = CoreSeat("host")
    seat.at(PLAYING)
    seat.player(Stalled(True, 42.0))
    seat.server(StartWaiting(("member-b",), 20.0))
    seat.player(Stalled(False, 42.0))
    assert seat.acts == [PauseAct(42.0, "waiting for Ana", "waiting_for_member")]


def test_a_stalled_viewer_is_only_logged() -> None:
    seat = CoreSeat("viewer")
    seat.player(Stalled(True, 42.0))
    seat.player(Stalled(False, 42.0))
    assert seat.acts == []
    assert len(seat.notes) == 2


def test_at_the_end_only_the_host_pauses_and_only_once() -> None:
    host, viewer = CoreSeat("host"), CoreSeat("viewer")
    for seat in (host, viewer):
        seat.at(PLAYING)
        seat.player(Finished(600.0))
    assert host.acts == [PauseAct(600.0, "end of the film", "end_of_film")]
    assert viewer.acts == []
    host.at(Timeline(600.0, 0.0))
    host.player(Finished(600.0))
    assert len(host.acts) == 1


def test_a_place_behind_the_end_becomes_the_end() -> None:
    host = CoreSeat("host")
    host.at(Timeline(700.0, 0.0))
    host.player(Finished(600.0))
    assert host.acts == [PauseAct(600.0, "end of the film", "end_of_film")]


def test_a_film_that_grows_goes_on_where_its_end_has_stopped_the_party() -> None:
    seats = host, moved, _ = CoreSeat("host"), CoreSeat("host"), CoreSeat("viewer")
    for seat in seats:
        seat.watch(LINK)
        seat.at(PLAYING, media=LINK)
        seat.player(Finished(600.0))
        seat.at(Timeline(20.0 if seat is moved else 600.0, 0.0), media=LINK)
        before = len(seat.acts)
        seat.player(MediaGrown(1))
        assert any(isinstance(effect, OpenMedia) for effect in seat.effects)
        assert "has grown" in seat.said[-1]
        assert seat.acts[before:] == ([PlayAct()] if seat is host else [])


# Corrections ----------------------------------------------------------------------------


def test_a_jump_is_shown_with_what_it_mends() -> None:
    seat = CoreSeat()
    seat.player(Jumped(-0.7512, "beyond tolerance"))
    seat.player(InStep(0.002))
    (shown,) = seat.seen(Corrected)
    assert (shown.drift_ms, shown.reason) == (-751.2, "beyond tolerance")
    assert seat.notes == []


def test_a_jump_of_unknown_size_is_not_shown() -> None:
    seat = CoreSeat()
    seat.player(Jumped(None, "beyond tolerance"))
    assert seat.views == []


def test_a_resync_is_logged_once_with_before_and_after() -> None:
    seat = CoreSeat()
    seat.core.telemetry.view = msgspec.structs.replace(WAITING, drift=-0.3, position=9.0)
    seat.ask("resync")
    seat.player(Jumped(-0.3, "asked"))
    seat.player(InStep(0.001))
    seat.player(InStep(0.001))
    (note,) = seat.notes
    assert (note.event_type, note.position) == ("sync_request", 9.0)
    assert (note.before_ms, note.after_ms) == (-300.0, 1.0)
    assert seat.views == []


def test_a_wider_tolerance_is_told() -> None:
    seat = CoreSeat()
    seat.player(Widened(1.0))
    assert "1.0 s" in seat.said[0]


# Films and players ----------------------------------------------------------------------


def test_an_open_film_ends_the_trouble_and_the_host_describes_it() -> None:
    seat = CoreSeat("host")
    seat.core.choices.remember(FILM, "film.mkv")
    seat.watch()
    seat.player(Failed(1, "its window was closed"))
    assert seat.core.telemetry.failure
    seat.player(OPENED)
    assert seat.core.telemetry.failure is None
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert (act.media.media_id, act.media.duration) == (FILM.media_id, 600.0)
    # What a container says of its length is no bound; an end that was reached is one.
    seat.ask("seek 700")
    assert seat.acts[1] == SeekAct(700.0)
    seat.player(Finished(600.0))
    seat.tick(2.0)
    seat.ask("seek 700")
    assert seat.acts[2] == SeekAct(600.0 - END_MARGIN)


def test_a_film_that_is_described_already_is_not_described_again() -> None:
    seat = CoreSeat("host")
    described = msgspec.structs.replace(FILM, duration=600.0)
    seat.core.choices.remember(described, "film.mkv")
    seat.watch(described)
    seat.player(OPENED)
    assert seat.acts == []


@pytest.mark.parametrize(("lost", "remedy"), [(True, "reopen"), (False, "try_again")])
def test_a_broken_player_says_why_and_what_helps(lost: bool, remedy: str) -> None:
    seat = CoreSeat("viewer")
    seat.player(Failed(1, "it broke", lost=lost))
    assert seat.core.telemetry.failure == "it broke"
    assert seat.said == [f"it broke; {remedy}"]


def test_a_host_whose_film_cannot_be_played_is_told_how_to_take_another() -> None:
    seat = CoreSeat("host")
    seat.player(Failed(1, "it broke"))
    assert seat.said == ["it broke; try_again_or_load"]


def test_without_any_player_the_seat_ends() -> None:
    seat = CoreSeat()
    seat.player(NoPlayer(PlayerUnavailable("libmpv is not installed", "install it")))
    assert seat.ended == "libmpv is not installed"


def test_a_host_who_never_had_a_film_leaves_and_others_stay() -> None:
    error = MediaError("there is no such file", "check the path")
    host, back, viewer = (
        CoreSeat("host"),
        CoreSeat("host", returning=True),
        CoreSeat("viewer"),
    )
    for seat in (host, back, viewer):
        seat.core.choices.remember(FILM, "film.mkv")
        seat.watch()
        seat.loader(MediaUnavailable(error))
    assert host.ended == "there is no such file"
    for seat in (back, viewer):
        assert seat.ended is None
        assert seat.core.telemetry.failure == "there is no such file"


def test_the_seat_s_own_sound_is_taken_over() -> None:
    seat = CoreSeat()
    seat.player(TracksChanged(1, (Track("audio", 1),), 70.0, True, 0.01))
    assert (seat.core.telemetry.volume, seat.core.telemetry.muted, seat.core.telemetry.trim) == (
        70.0,
        True,
        0.01,
    )
