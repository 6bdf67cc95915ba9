"""What a seat does while the network keeps its film away."""

from __future__ import annotations

import msgspec
import pytest

from player.api.views import Progress, Status
from player.backend.base import Failed, MediaOpened, Source, Track
from player.media.messages import (
    MediaReady,
    MediaUnavailable,
    OpenMedia,
    SearchProgress,
    StopOpening,
)
from player.session.core.effects import LoadSource
from player.session.core.outage import LONGEST_DELAY, QUIET
from player.session.core.telemetry import WAITING
from player.sync.messages import Buffered, Stalled
from protocol.exceptions import MatineeError, ResolveError
from protocol.timeline import Timeline
from protocol.wire.messages import Media, PauseAct, PlayAct, Report, Role
from tests.doubles.core_seat import CoreSeat

LINK = Media("film-0002", "url", title="A Clip", url="https://media.example/clip.mp4")
SOURCE = Source(url=LINK.url, is_network=True)
OPENED = MediaOpened(1, "The Film", 600.0, (Track("video", 1),), (), True, True)
BROKE = Failed(1, "its server broke off", is_transient=True)
AWAY = MediaUnavailable(ResolveError("no answer", is_transient=True))
PAGE = MediaUnavailable(MatineeError("there is no film on the page"))
PLAYING = Timeline(40.0, 0.0, 1.0, True)
STALLED = msgspec.structs.replace(WAITING, state="buffering", phase="stalled", is_stalled=True)
RUNNING = msgspec.structs.replace(WAITING, state="playing", phase="running", position=40.0)


def watching(role: Role = "viewer") -> CoreSeat:
    """A seat that has the film open, and the party plays it."""
    seat = CoreSeat(role)
    seat.watch(LINK)
    seat.loader(MediaReady(SOURCE))
    seat.at(PLAYING, media=LINK)
    seat.player(OPENED, RUNNING)
    seat.effects.clear()
    seat.sent.clear()
    return seat


def status(seat: CoreSeat) -> Status:
    seat.core.telemetry.take(seat.core.telemetry.view)
    return seat.core.telemetry.status(seat.core.protocol, "viewer", seat.now)


def next_try(seat: CoreSeat) -> None:
    seat.tick(LONGEST_DELAY)


def test_a_film_that_breaks_off_is_buffering_with_a_reason_and_no_error() -> None:
    seat = watching()
    seat.player(BROKE)
    assert status(seat).state == "buffering"
    assert "its server broke off" in status(seat).reason
    assert (status(seat).position, seat.errors) == (None, [])
    next_try(seat)
    (report, *_) = [message for message in seat.sent if isinstance(message, Report)]
    assert report.state == "buffering"


def test_it_is_opened_again_by_itself_whatever_stands_in_its_place_meanwhile() -> None:
    seat = watching()
    seat.player(BROKE)
    for answer in (AWAY, PAGE, AWAY):
        next_try(seat)
        seat.loader(SearchProgress("looking at the address"))
        seat.loader(answer)
    assert (len(seat.wanted(OpenMedia)), seat.errors, seat.seen(Progress)) == (3, [], [])
    next_try(seat)
    seat.loader(MediaReady(SOURCE))
    assert seat.wanted(LoadSource) == [LoadSource(SOURCE)]
    assert status(seat).state == "buffering"
    seat.player(OPENED, RUNNING)
    assert (status(seat).state, status(seat).reason) == ("playing", "")
    assert [said.partition(":")[0] for said in seat.said] == [
        "the film does not come",
        f"the film is back after {4 * LONGEST_DELAY:.0f} s",
    ]


def test_a_quick_reopening_is_nothing_to_speak_of() -> None:
    seat = watching()
    seat.player(BROKE)
    next_try(seat)
    seat.loader(MediaReady(SOURCE))
    seat.player(OPENED)
    assert seat.said == []


def test_a_player_that_hears_nothing_is_told_apart_from_a_slow_line() -> None:
    seat = watching()
    seat.player(STALLED, Buffered(41.0))
    seat.now += QUIET
    seat.player(Buffered(41.0))
    assert "no data comes" in status(seat).reason
    seat.tick()
    seat.loader(AWAY)
    assert "no answer" in status(seat).reason
    seat.player(RUNNING, Buffered(60.0))
    assert status(seat).reason == ""
    assert seat.wanted(StopOpening)


def test_a_server_that_answers_is_not_opened_anew_while_the_player_may_still_hear() -> None:
    seat = watching()
    seat.player(STALLED, Buffered(41.0))
    seat.now += QUIET
    seat.player(Buffered(41.0))
    seat.tick()
    seat.loader(MediaReady(SOURCE))
    assert seat.wanted(LoadSource) == []


def test_a_file_of_one_s_own_has_no_outages() -> None:
    seat = CoreSeat("viewer", "film.mkv")
    seat.watch()
    seat.loader(MediaReady(Source(url="film.mkv")))
    seat.player(OPENED, STALLED, Buffered(41.0))
    seat.now += QUIET
    seat.player(Buffered(41.0))
    assert status(seat).reason == ""


@pytest.mark.parametrize("reason", ["there is no film", "that is not a film"])
def test_what_would_fail_again_fails_at_once(reason: str) -> None:
    seat = watching()
    seat.player(Failed(1, reason))
    assert status(seat).state == "failed"
    assert len(seat.errors) == 1


def test_a_window_that_is_closed_meanwhile_ends_the_tries() -> None:
    seat = watching()
    seat.player(BROKE, Failed(1, "its window was closed", lost=True))
    assert status(seat).state == "failed"
    assert seat.core.next_deadline() < float("inf")
    next_try(seat)
    assert seat.wanted(OpenMedia) == []


def test_a_viewer_who_comes_during_an_outage_waits_for_the_film() -> None:
    seat = CoreSeat("viewer")
    seat.watch(LINK)
    seat.loader(AWAY)
    assert (status(seat).state, seat.errors) == ("buffering", [])
    next_try(seat)
    assert len(seat.wanted(OpenMedia)) == 2


def test_a_host_whose_first_film_is_out_of_reach_is_told_and_leaves() -> None:
    seat = CoreSeat("host")
    seat.watch(LINK)
    seat.loader(AWAY)
    assert seat.ended == "no answer"


@pytest.mark.parametrize("line", ["resync", "reopen"])
def test_a_person_need_not_wait_for_the_next_try(line: str) -> None:
    seat = watching()
    seat.player(BROKE)
    for _ in range(6):
        next_try(seat)
        seat.loader(AWAY)
    tries = len(seat.wanted(OpenMedia))
    seat.ask(line)
    seat.tick(0.01)
    assert len(seat.wanted(OpenMedia)) == tries + 1


def test_another_film_ends_the_outage_of_the_one_before() -> None:
    seat = watching()
    seat.player(BROKE)
    seat.watch(Media("film-0003", "url", url="https://media.example/other.mp4"))
    assert status(seat).reason == ""
    seat.effects.clear()
    next_try(seat)
    assert seat.wanted(OpenMedia) == []


def test_a_host_s_loss_pauses_the_party_and_starts_it_again_as_his_stall_does() -> None:
    seat = watching("host")
    seat.player(BROKE, Stalled(True, 42.0))
    seat.at(Timeline(42.0, 0.0), media=LINK)
    seat.player(OPENED, Stalled(False, 42.0))
    moves = [act for act in seat.acts if isinstance(act, PauseAct | PlayAct)]
    assert moves == [PauseAct(42.0, "waiting for Ana", "waiting_for_member"), PlayAct()]


def test_a_host_without_a_link_does_not_take_the_party_back_to_where_he_stopped() -> None:
    seat = watching("host")
    seat.core.protocol.connection_lost()
    seat.player(BROKE, Stalled(True, 42.0), OPENED, Stalled(False, 42.0))
    seat.connect("host")
    assert [act for act in seat.acts if isinstance(act, PauseAct | PlayAct)] == []


def test_a_viewer_whose_film_is_gone_for_good_waits_for_no_data() -> None:
    seat = watching()
    seat.player(Failed(1, "that is not a film"), Stalled(True, 42.0), Stalled(False, 42.0))
    assert seat.notes == []
