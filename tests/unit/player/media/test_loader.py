"""From what is watched to a film that is open, or a reason why not."""

from __future__ import annotations

import asyncio

import pytest

from player.api.views import MediaView, Notice, Progress
from player.backend.base import Failed, MediaOpened, Source, Track, TracksChanged
from protocol.exceptions import MediaError
from protocol.wire.messages import Media
from tests.doubles.surroundings import FILM, SeatAround

LINK = Media("film-0002", "url", title="A Clip", url="https://media.example/clip.mp4")
OPENED = MediaOpened(1, "The Film", 600.0, (Track("video", 1),), (), True, True)
EXPIRED = Failed(1, "the address is no longer good", http_status=403)


async def look(seat: SeatAround, media: Media | None, own: str = "") -> list[str]:
    """Show ``media`` until it is found; answers the notices."""
    seat.screening.show(media, own)
    for _ in range(4):
        await asyncio.sleep(0)
    seat.step()
    return [view.message for view in seat.views if isinstance(view, Notice)]


def loaded(seat: SeatAround) -> bool:
    """Whether the player was given something to open."""
    seat.step(0.2)
    seat.step()
    return any(isinstance(news, MediaOpened) for news in seat.news)


async def test_a_film_that_is_found_is_given_to_the_player() -> None:
    seat = SeatAround("host")
    assert await look(seat, FILM, "film.mkv") == []
    assert loaded(seat)
    assert [v.message for v in seat.views if isinstance(v, Progress)] == ["looking", ""]


async def test_the_same_film_again_changes_nothing() -> None:
    seat = SeatAround("host")
    await look(seat, FILM, "film.mkv")
    seat.screening.player_opened(OPENED)
    await look(seat, Media(FILM.media_id, "file", title="Better described"), "film.mkv")
    assert seat.screening.view is not None
    assert seat.screening.media is not None
    assert seat.screening.media.title == "Better described"


async def test_no_film_leaves_the_one_before() -> None:
    seat = SeatAround("host")
    await look(seat, FILM, "film.mkv")
    await look(seat, None)
    assert seat.screening.media == FILM


async def test_without_a_copy_of_the_host_s_file_the_viewer_is_told_what_to_do() -> None:
    seat = SeatAround("viewer")
    await look(seat, FILM)
    (error,) = seat.unopened
    assert "a file of his own, The Film" in error.message
    assert "matinee join" in error.remedy
    assert not loaded(seat)


async def test_what_cannot_be_found_is_told_with_its_reason() -> None:
    seat = SeatAround("viewer")
    seat.found[LINK.url] = MediaError("this page has no film", "try another address")
    await look(seat, LINK)
    assert [e.message for e in seat.unopened] == ["this page has no film"]


async def test_another_copy_is_told_once_with_what_differs() -> None:
    seat = SeatAround("viewer")
    theirs = Media("film-0003", "file", file_name="theirs.mkv", size=2_000_000)
    (notice,) = await look(seat, theirs, "mine.mkv")
    assert "name: yours mine.mkv, the host's theirs.mkv" in notice
    assert "size: yours 1.0 MB, the host's 2.0 MB" in notice
    assert loaded(seat)


async def test_the_same_name_and_size_with_other_content_is_told() -> None:
    seat = SeatAround("viewer")
    theirs = Media("film-0003", "file", file_name="a.mkv", size=1_000_000, fingerprint="ab")
    (notice,) = await look(seat, theirs, "a.mkv")
    assert "other content" in notice


async def test_a_host_is_not_compared_with_himself() -> None:
    seat = SeatAround("host")
    theirs = Media("film-0003", "file", file_name="theirs.mkv", size=2_000_000)
    assert await look(seat, theirs, "mine.mkv") == []


@pytest.mark.parametrize(("duration", "is_told"), [(600.5, False), (640.0, True), (None, False)])
async def test_another_cut_is_told(duration: float | None, is_told: bool) -> None:
    seat = SeatAround("viewer")
    await look(seat, Media("film-0003", "url", url=LINK.url, duration=duration))
    seat.screening.player_opened(OPENED)
    notices = [v.message for v in seat.views if isinstance(v, Notice)]
    assert any("another cut" in notice for notice in notices) == is_told


async def test_an_open_film_is_shown_and_told_with_what_the_player_knows() -> None:
    seat = SeatAround("host")
    await look(seat, LINK)
    seat.screening.queue_left = 2
    seat.screening.player_opened(OPENED)
    view = seat.views[-1]
    assert isinstance(view, MediaView)
    assert (view.title, view.duration, view.kind, view.queue_left) == ("The Film", 600.0, "url", 2)
    assert [(m.title, m.duration) for m in seat.opened] == [("The Film", 600.0)]
    assert seat.screening.ever_opened


def test_a_player_that_opens_what_nobody_shows_is_ignored() -> None:
    seat = SeatAround("host")
    seat.screening.player_opened(OPENED)
    assert seat.opened == []


async def test_another_track_is_shown_once() -> None:
    seat = SeatAround("host")
    seat.screening.tracks_changed(TracksChanged(1, (), 100.0, False, 0.0))
    await look(seat, LINK)
    seat.screening.player_opened(OPENED)
    count = len(seat.views)
    other = TracksChanged(1, (Track("video", 2),), 100.0, False, 0.0)
    seat.screening.tracks_changed(other)
    seat.screening.tracks_changed(other)
    assert len(seat.views) == count + 1


async def test_tracks_that_go_while_a_film_is_opened_again_are_nobody_s_choice() -> None:
    seat = SeatAround("host")
    await look(seat, LINK)
    seat.screening.player_opened(OPENED)
    count = len(seat.views)
    seat.screening.reopen()
    seat.screening.tracks_changed(TracksChanged(1, (), 100.0, False, 0.0))
    assert len(seat.views) == count
    # What is shown is still the film that plays on, whatever comes of it.
    assert seat.screening.view is not None
    seat.screening.close()


async def test_an_address_that_has_expired_is_asked_for_anew_but_not_for_ever() -> None:
    seat = SeatAround("viewer")
    await look(seat, LINK)
    assert seat.screening.player_failed(EXPIRED)
    assert not seat.screening.player_failed(EXPIRED)
    seat.screening.player_opened(OPENED)
    assert seat.screening.player_failed(EXPIRED)
    seat.screening.close()


async def test_a_file_that_breaks_is_not_looked_for_again() -> None:
    seat = SeatAround("viewer")
    await look(seat, FILM, "film.mkv")
    assert not seat.screening.player_failed(EXPIRED)
    assert not seat.screening.player_failed(Failed(1, "it broke"))


async def test_a_newer_film_ends_the_search_for_the_older() -> None:
    seat = SeatAround("viewer")
    seat.found["other.mkv"] = Source(url="other.mkv")
    seat.screening.show(FILM, "film.mkv")
    await look(seat, Media("film-0005", "file", title="Other"), "other.mkv")
    assert seat.screening.media is not None
    assert seat.screening.media.title == "Other"
    assert seat.unopened == []
    seat.screening.close()
    seat.screening.reopen()
    seat.screening.close()


def test_without_a_film_there_is_nothing_to_reopen() -> None:
    seat = SeatAround("viewer")
    seat.screening.reopen()
    seat.screening.close()
