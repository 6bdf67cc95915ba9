"""What a seat does about the film that is to be watched, opened or lost."""

from __future__ import annotations

import msgspec
import pytest

from player.api.views import MediaView, Notice
from player.backend.base import DurationChanged, Failed, MediaOpened, Source, Track, TracksChanged
from player.media.messages import (
    CancelSearch,
    FindMedia,
    MediaFound,
    MediaReady,
    OpenMedia,
    StopOpening,
)
from player.session.core.effects import UnloadMedia
from player.session.core.outage import LONGEST_DELAY
from player.session.core.telemetry import WAITING
from protocol.client import events as client_events
from protocol.timeline import Timeline
from protocol.wire.messages import LoadAct, Media
from tests.doubles.core_seat import FILM, CoreSeat

LINK = Media("film-0002", "url", title="A Clip", url="https://media.example/clip.mp4")
OPENED = MediaOpened(1, "The Film", 600.0, (Track("video", 1),), (), True, True)
EXPIRED = Failed(1, "the address is no longer good", http_status=403)


def notices(seat: CoreSeat) -> list[str]:
    return [view.message for view in seat.seen(Notice)]


def loads(seat: CoreSeat) -> list[LoadAct]:
    return [act for act in seat.acts if isinstance(act, LoadAct)]


# What the stream shows -------------------------------------------------------------------


def test_without_a_copy_of_the_host_s_file_the_viewer_is_told_what_to_do() -> None:
    seat = CoreSeat("viewer")
    seat.watch()
    assert seat.wanted(UnloadMedia)
    assert seat.wanted(StopOpening)
    (error,) = seat.errors
    assert error.code == "own_copy"
    assert "a file of his own, The Film" in error.message
    assert (error.remedy, error.remedy_code) == ("", "name_copy")
    assert seat.wanted(OpenMedia) == []
    assert seat.core.telemetry.state == "failed"


def test_a_film_is_looked_for_where_the_person_or_the_host_has_it() -> None:
    seat = CoreSeat("viewer", "mine.mkv")
    seat.watch()
    seat.watch(LINK)
    assert seat.wanted(OpenMedia) == [
        OpenMedia(FILM, "mine.mkv", is_named=True, compares=True),
        OpenMedia(LINK, LINK.url, is_named=False, compares=False),
    ]
    assert seat.core.telemetry.state == "loading"


def test_a_resync_of_a_broken_player_opens_the_film_again() -> None:
    seat = CoreSeat("viewer", "film.mkv")
    seat.watch()
    seat.player(Failed(1, "it broke"))
    seat.ask("resync")
    assert seat.core.telemetry.failure is None
    assert len(seat.wanted(OpenMedia)) == 2
    seat.ask("resync")
    assert len(seat.wanted(OpenMedia)) == 2, "a sound player only jumps"


def test_without_a_film_there_is_nothing_to_reopen_or_to_have_a_copy_of() -> None:
    seat = CoreSeat("viewer")
    seat.ask("reopen", "copy film.mkv")
    assert seat.said == ["there is no film yet to have a copy of"]


# What the player tells -------------------------------------------------------------------


@pytest.mark.parametrize(("duration", "is_told"), [(600.5, False), (640.0, True), (None, False)])
def test_another_cut_is_told(duration: float | None, is_told: bool) -> None:
    seat = CoreSeat("viewer", "own.mkv")
    seat.watch(Media("film-0003", "file", duration=duration))
    seat.player(OPENED)
    assert any("another cut" in notice for notice in notices(seat)) == is_told


def test_the_very_file_or_address_of_the_host_is_no_other_cut() -> None:
    same, linked = CoreSeat("viewer", "own.mkv"), CoreSeat("viewer")
    same.watch(Media("film-0003", "file", duration=60.0))
    same.loader(MediaReady(Source("own.mkv"), is_same=True))
    linked.watch(Media("film-0003", "url", url=LINK.url, duration=60.0))
    for seat in (same, linked):
        seat.player(OPENED)
        assert notices(seat) == []
    assert same.seen(MediaView)[0].duration == 60.0


def test_a_duration_that_becomes_known_is_shown_and_told_to_the_stream() -> None:
    seat = CoreSeat("host")
    seat.watch(LINK)
    seat.player(msgspec.structs.replace(OPENED, duration=None))
    seat.player(DurationChanged(1, 61.5))
    seat.player(DurationChanged(1, None))
    assert [view.duration for view in seat.seen(MediaView)] == [None, 61.5, None]
    assert [act.media.duration for act in loads(seat)] == [None, 61.5, None]


def test_before_the_film_is_open_a_duration_says_nothing() -> None:
    seat = CoreSeat("host")
    seat.watch(LINK)
    seat.player(DurationChanged(1, 61.5))
    assert (seat.seen(MediaView), seat.acts) == ([], [])


@pytest.mark.parametrize(
    ("own", "shown"), [(None, 60.0), (60.3, 60.0), (50.0, 50.0)], ids=["unknown", "same", "other"]
)
def test_a_viewer_shows_the_host_s_duration_of_what_may_be_the_same_film(
    own: float | None, shown: float
) -> None:
    seat = CoreSeat("viewer")
    seat.watch(LINK)
    seat.player(msgspec.structs.replace(OPENED, duration=own))
    seat.watch(msgspec.structs.replace(LINK, duration=60.0))
    assert seat.seen(MediaView)[-1].duration == shown
    assert seat.acts == []


def test_a_film_that_broke_off_is_opened_anew_once_the_party_is_before_that_place() -> None:
    seat = CoreSeat("viewer")
    seat.watch(LINK)
    seat.player(OPENED)
    seat.player(Failed(1, "the film breaks off at 1:00", position=60.0))
    seat.effects.clear()
    for position, opens in ((60.5, False), (59.5, False), (50.0, True), (40.0, False)):
        seat.at(Timeline(position), media=LINK)
        seat.server(client_events.StateChanged())
        assert (seat.core.telemetry.failure is None) == (opens or position < 50.0)
        assert any(isinstance(effect, OpenMedia) for effect in seat.effects) == opens
        seat.effects.clear()


def test_an_open_film_is_shown_and_told_with_what_the_player_knows() -> None:
    seat = CoreSeat("host", "one.mkv", "two.mkv", "three.mkv")
    seat.watch(LINK)
    seat.player(msgspec.structs.replace(OPENED, notice="no sound here"))
    (view,) = seat.seen(MediaView)
    assert (view.title, view.duration, view.kind, view.queue_left) == ("The Film", 600.0, "url", 2)
    assert notices(seat) == ["no sound here"]
    assert [(act.media.title, act.media.duration) for act in loads(seat)] == [("The Film", 600.0)]


def test_a_player_that_opens_what_nobody_shows_is_ignored() -> None:
    seat = CoreSeat("host")
    seat.player(OPENED)
    assert (seat.views, seat.acts) == ([], [])


def test_another_track_is_shown_once() -> None:
    seat = CoreSeat("host")
    seat.player(TracksChanged(1, (), 100.0, False, 0.0))
    seat.watch(LINK)
    seat.player(OPENED)
    count = len(seat.seen(MediaView))
    other = TracksChanged(1, (Track("video", 2),), 100.0, False, 0.0)
    seat.player(other, other)
    assert len(seat.seen(MediaView)) == count + 1


def test_tracks_that_go_while_a_film_is_opened_again_are_nobody_s_choice() -> None:
    seat = CoreSeat("host")
    seat.watch(LINK)
    seat.player(OPENED)
    count = len(seat.seen(MediaView))
    seat.ask("reopen")
    seat.player(TracksChanged(1, (), 100.0, False, 0.0))
    assert len(seat.seen(MediaView)) == count


def test_an_address_that_never_was_good_is_asked_for_anew_once() -> None:
    seat = CoreSeat("viewer")
    seat.watch(LINK)
    seat.player(EXPIRED)
    assert (len(seat.wanted(OpenMedia)), seat.errors) == (2, [])
    seat.player(EXPIRED)
    assert (len(seat.wanted(OpenMedia)), len(seat.errors)) == (2, 1)


def test_a_film_whose_address_expires_is_asked_for_anew_at_once_and_again() -> None:
    seat = CoreSeat("viewer")
    seat.watch(LINK)
    seat.player(OPENED, EXPIRED)
    assert seat.core.next_deadline() <= seat.now
    seat.tick()
    assert len(seat.wanted(OpenMedia)) == 2
    seat.player(EXPIRED)
    seat.tick(LONGEST_DELAY)
    assert (len(seat.wanted(OpenMedia)), seat.errors) == (3, [])


def test_a_file_that_breaks_is_not_looked_for_again() -> None:
    seat = CoreSeat("viewer", "film.mkv")
    seat.watch()
    seat.player(EXPIRED, Failed(1, "it broke"))
    assert len(seat.wanted(OpenMedia)) == 1


# What a host asks for --------------------------------------------------------------------


def test_the_next_film_is_the_next_of_those_named() -> None:
    seat = CoreSeat("host", "one.mkv", "two.mkv")
    assert seat.core.choices.queue_left == 1
    seat.ask("next")
    assert seat.wanted(FindMedia) == [FindMedia(1, "two.mkv")]
    assert seat.core.choices.queue_left == 0
    seat.ask("next")
    assert "no next film" in seat.said[0]


@pytest.mark.parametrize(
    ("playing", "state", "goes_on"),
    [(True, "playing", True), (False, "paused", False), (False, "ended", True)],
)
def test_the_next_film_goes_on_if_the_last_one_did(
    playing: bool, state: str, goes_on: bool
) -> None:
    seat = CoreSeat("host", "one.mkv", "two.mkv")
    seat.at(Timeline(5.0, 0.0, 1.0, playing))
    seat.player(msgspec.structs.replace(WAITING, state=state))
    seat.ask("next")
    seat.loader(MediaFound(1, LINK, Source(url="two.mkv")))
    (act,) = loads(seat)
    assert act.playing == goes_on


def test_a_film_that_was_found_after_its_search_was_ended_is_not_loaded() -> None:
    seat = CoreSeat("host")
    seat.ask("load one.mkv", "load two.mkv")
    assert seat.wanted(CancelSearch) == [CancelSearch(1)]
    seat.loader(MediaFound(1, LINK, Source(url="one.mkv")))
    assert seat.acts == []


def test_at_the_end_of_a_film_the_host_is_told_what_is_left() -> None:
    from player.sync.messages import Finished

    seat = CoreSeat("host", "one.mkv", "two.mkv")
    seat.player(Finished(600.0))
    assert seat.said == ["1 more to watch; next_film"]
