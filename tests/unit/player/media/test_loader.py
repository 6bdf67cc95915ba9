"""From what is watched to what a player can open, or a reason why not."""

from __future__ import annotations

import pytest

from player.api.views import Notice, Progress
from player.backend.base import Source
from player.media.messages import OpenMedia
from player.session.core.effects import LoadSource, UnloadMedia
from protocol.exceptions import MediaError
from protocol.wire.messages import LoadAct, Media
from tests.doubles.core_seat import FILM, LoadingSeat

LINK = Media("film-0002", "url", title="A Clip", url="https://media.example/clip.mp4")


async def probe(seat: LoadingSeat, media: Media | None, own: str = "") -> list[str]:
    """The stream shows ``media`` until it is found; answers the notices."""
    if media is not None and own:
        seat.core.choices.remember(media, own)
    seat.watch(media)
    await seat.turn()
    return [view.message for view in seat.seen(Notice)]


def loaded(seat: LoadingSeat) -> list[str]:
    """What the player was given to open."""
    return [effect.source.url for effect in seat.wanted(LoadSource)]


async def test_a_film_that_is_found_is_given_to_the_player() -> None:
    seat = LoadingSeat("host")
    assert await probe(seat, FILM, "film.mkv") == []
    assert loaded(seat) == ["film.mkv"]
    assert [view.message for view in seat.seen(Progress)] == ["looking", ""]


async def test_the_same_film_again_changes_nothing() -> None:
    seat = LoadingSeat("host")
    await probe(seat, FILM, "film.mkv")
    await probe(seat, Media(FILM.media_id, "file", title="Better described"), "film.mkv")
    assert loaded(seat) == ["film.mkv"]


async def test_no_film_leaves_the_one_before() -> None:
    seat = LoadingSeat("host")
    await probe(seat, FILM, "film.mkv")
    await probe(seat, None)
    assert len(seat.wanted(UnloadMedia)) == 1


async def test_what_cannot_be_found_is_told_with_its_reason() -> None:
    seat = LoadingSeat("viewer")
    seat.found[LINK.url] = MediaError("this page has no film", "try another address")
    await probe(seat, LINK)
    assert seat.said == ["this page has no film; try another address"]
    assert loaded(seat) == []


async def test_another_copy_is_told_once_with_what_differs() -> None:
    seat = LoadingSeat("viewer")
    theirs = Media("film-0003", "file", file_name="theirs.mkv", size=2_000_000)
    (notice,) = await probe(seat, theirs, "mine.mkv")
    assert "name: yours mine.mkv, the host's theirs.mkv" in notice
    assert "size: yours 1.0 MB, the host's 2.0 MB" in notice
    assert loaded(seat) == ["mine.mkv"]


async def test_the_same_name_and_size_with_other_content_is_told() -> None:
    seat = LoadingSeat("viewer")
    theirs = Media("film-0003", "file", file_name="a.mkv", size=1_000_000, fingerprint="ab")
    (notice,) = await probe(seat, theirs, "a.mkv")
    assert "other content" in notice


async def test_a_host_is_not_compared_with_himself() -> None:
    seat = LoadingSeat("host")
    theirs = Media("film-0003", "file", file_name="theirs.mkv", size=2_000_000)
    assert await probe(seat, theirs, "mine.mkv") == []


async def test_a_newer_film_ends_the_search_for_the_older() -> None:
    seat = LoadingSeat("viewer")
    seat.core.choices.remember(FILM, "film.mkv")
    seat.watch(FILM)
    await probe(seat, Media("film-0005", "file", title="Other"), "other.mkv")
    assert loaded(seat) == ["other.mkv"]
    assert seat.errors == []


async def test_a_film_that_nobody_has_a_copy_of_ends_the_search_for_the_older() -> None:
    seat = LoadingSeat("viewer")
    seat.core.choices.remember(FILM, "film.mkv")
    seat.watch(FILM)
    await probe(seat, Media("film-0005", "file", title="Other"))
    assert loaded(seat) == []


# What a host asks for --------------------------------------------------------------------


async def test_loading_names_the_film_and_remembers_where_it_is() -> None:
    seat = LoadingSeat("host")
    seat.ask("load other.mkv")
    await seat.turn()
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert act.media.title == "other.mkv"
    assert act.media.media_id != "film-0009"
    assert seat.core.choices.own_copy(act.media) == "other.mkv"


@pytest.mark.parametrize("media", ["gone.mkv", "https://films.example.com/gone.mp4"])
async def test_a_film_that_is_not_found_is_said_and_loaded_for_nobody(media: str) -> None:
    seat = LoadingSeat("host")
    seat.found[media] = MediaError("there is no such film", "check it")
    seat.ask(f"load {media}")
    await seat.turn()
    assert seat.acts == []
    assert seat.said == ["there is no such film; check it"]
    assert seat.wanted(UnloadMedia) == []


async def test_what_was_found_before_the_load_is_opened_without_asking_again() -> None:
    seat = LoadingSeat("host")
    seat.ask("load other.mkv")
    await seat.turn()
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert seat.resolved == ["other.mkv"]
    await probe(seat, act.media)
    assert seat.resolved == ["other.mkv"]
    assert loaded(seat) == ["other.mkv"]
    # An address that is opened again later may have expired.
    seat.ask("reopen")
    await seat.turn()
    assert seat.resolved == ["other.mkv"] * 2
    assert seat.named_by_person


async def test_a_search_takes_no_longer_than_its_limit() -> None:
    seat = LoadingSeat("host", find_timeout=0.0)
    seat.is_slow = True
    seat.ask("load slow.mkv")
    await seat.turn()
    assert seat.acts == []
    assert seat.said == ["nothing was found within 0 s; try again, or another address"]


async def test_a_search_can_be_stopped() -> None:
    seat = LoadingSeat("host")
    seat.is_slow = True
    seat.ask("load slow.mkv")
    await seat.turn()
    seat.ask("cancel")
    await seat.turn()
    assert (seat.acts, seat.said) == ([], ["stopped: the film stays"])
    assert [view.message for view in seat.seen(Progress)] == ["looking", ""]
    seat.ask("cancel")
    assert seat.said[1] == "there is nothing to stop"


async def test_another_load_ends_the_search_before() -> None:
    seat = LoadingSeat("host")
    seat.is_slow = True
    seat.ask("load slow.mkv")
    await seat.turn()
    seat.is_slow = False
    seat.ask("load other.mkv")
    await seat.turn()
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert act.media.title == "other.mkv"
    assert seat.said == []


# A copy of one's own ---------------------------------------------------------------------


async def test_a_copy_named_in_the_course_of_the_evening_is_opened_as_its_persons_own() -> None:
    seat = LoadingSeat("viewer")
    await probe(seat, FILM)
    assert [error.code for error in seat.errors] == ["own_copy"]
    seat.ask("copy my film.mkv")
    await seat.turn()
    assert loaded(seat) == ["my film.mkv"]
    assert seat.wanted(OpenMedia)[-1].is_named, "a path from elsewhere would be refused"
    assert seat.named_by_person
    assert seat.core.choices.own_copy(FILM) == "my film.mkv"


async def test_a_copy_that_cannot_be_read_is_said() -> None:
    seat = LoadingSeat("viewer")
    await probe(seat, FILM)
    seat.found["gone.mkv"] = MediaError("there is no file gone.mkv", "check the path")
    seat.ask("copy gone.mkv")
    await seat.turn()
    assert (seat.errors[-1].code, seat.said[-1]) == (
        "copy",
        "there is no file gone.mkv; check the path",
    )
    assert seat.core.choices.own_copy(FILM) == ""


async def test_a_source_that_knows_its_title_is_called_by_it() -> None:
    seat = LoadingSeat("host")
    seat.found["clip"] = Source(url="clip", title="A \u200bClip")
    seat.ask("load clip")
    await seat.turn()
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert act.media.title == "A Clip"
