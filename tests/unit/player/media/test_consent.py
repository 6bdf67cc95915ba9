"""A site that others name is opened only when this seat's person agrees, asked once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from player.api.views import ConsentAsked
from player.media.consent import SiteConsent
from protocol.exceptions import MediaRefused
from protocol.wire.messages import Media
from tests.doubles.core_seat import LoadingSeat

if TYPE_CHECKING:
    from pathlib import Path

CLIP = Media("film-0002", "url", title="A Clip", url="https://films.example.com/clip.mp4")
OTHER = Media("film-0003", "url", title="Other", url="https://films.example.com/other.mp4")


class Asked:
    """A `SiteConsent` and the sites that it asked about."""

    def __init__(self, *trusted: str, file: Path | None = None) -> None:
        self.sites: list[str] = []
        self.consent = SiteConsent(trusted, file, self.sites.append)

    async def open(self, url: str, answer: str = "") -> bool:
        """Whether ``url`` may be opened; ``answer`` is the person's, if there is a question."""
        needed = asyncio.create_task(self.consent.need(url))
        await asyncio.sleep(0)
        if self.sites and self.sites[-1]:
            assert answer, f"asked about {self.sites[-1]}"
            assert self.consent.answer(answer)  # pyright: ignore[reportArgumentType]
        try:
            await needed
        except MediaRefused:
            return False
        return True


async def test_a_site_is_asked_about_once() -> None:
    it = Asked()
    assert await it.open("https://films.example.com/a", "once")
    assert await it.open("https://www.films.example.com/b")
    assert await it.open("https://cdn.films.example.com/c")
    assert it.sites == ["films.example.com", ""]
    assert not await it.open("https://example.com/d", "no")
    assert not await it.open("https://notfilms.example.com/e", "no")


async def test_a_no_is_asked_again_the_next_time() -> None:
    it = Asked()
    assert not await it.open("https://films.example.com/a", "no")
    assert await it.open("https://films.example.com/a", "once")


async def test_always_is_kept_and_once_is_not(tmp_path: Path) -> None:
    file = tmp_path / "config" / "trusted-domains"
    it = Asked(file=file)
    await it.open("https://films.example.com/a", "always")
    await it.open("https://clips.example.com/a", "once")
    assert file.read_text() == "films.example.com\n"
    again = Asked(file=file)
    assert await again.open("https://films.example.com/b")
    assert not await again.open("https://clips.example.com/b", "no")


async def test_a_file_that_cannot_be_read_trusts_nobody(tmp_path: Path) -> None:
    file = tmp_path / "trusted-domains"
    file.write_bytes(b"\xff\xfe")
    assert not await Asked(file=file).open("https://films.example.com/", "no")
    assert not await Asked(file=tmp_path).open("https://films.example.com/", "no")


async def test_what_is_trusted_from_the_start_is_not_asked_about() -> None:
    it = Asked("Example.com.", "", "127.0.0.1")
    for url in ("https://example.com/", "https://a.b.example.com/", "http://127.0.0.1:99/"):
        assert await it.open(url)
    assert not await it.open("https://example.org/", "no")
    assert not it.consent.answer("once"), "nothing is asked any more"


# In a seat -------------------------------------------------------------------------------


def questions(seat: LoadingSeat) -> list[str]:
    return [view.site for view in seat.seen(ConsentAsked)]


async def watched(seat: LoadingSeat, media: Media) -> None:
    seat.watch(media)
    await seat.turn()


@pytest.mark.parametrize("answer", ["once", "no"])
async def test_a_seat_asks_before_anything_is_looked_at(answer: str) -> None:
    seat = LoadingSeat("viewer")
    await watched(seat, CLIP)
    assert [(view.site, view.title) for view in seat.seen(ConsentAsked)] == [
        ("films.example.com", "A Clip")
    ]
    assert not seat.resolved
    seat.ask(f"consent {answer}")
    await seat.turn()
    assert questions(seat) == ["films.example.com", ""]
    assert seat.resolved == ([CLIP.url] if answer == "once" else [])
    assert bool(seat.errors) == (answer == "no")


async def test_another_film_takes_the_question_back() -> None:
    seat = LoadingSeat("viewer")
    await watched(seat, CLIP)
    await watched(seat, OTHER)
    assert questions(seat) == ["films.example.com", "", "films.example.com"]
    seat.media_loader.close()


async def test_nobody_is_asked_about_what_is_refused_or_typed() -> None:
    seat = LoadingSeat("viewer")
    await watched(seat, Media("film-0004", "url", url="https://192.168.1.1/f.mp4"))
    assert len(seat.errors) == 1
    seat.core.choices.remember(CLIP, CLIP.url)
    await watched(seat, CLIP)
    assert questions(seat) == []
    assert seat.resolved == [CLIP.url]


async def test_an_answer_without_a_question_is_said_and_one_counts_once() -> None:
    seat = LoadingSeat("viewer")
    seat.ask("consent always")
    assert seat.said == ["nothing is asked just now"]
    await watched(seat, CLIP)
    seat.ask("consent once", "consent no")
    assert seat.said == ["nothing is asked just now"] * 2
    await seat.turn()
    assert seat.resolved == [CLIP.url]
    seat.ask("consent maybe")
    assert seat.errors[0].field == "answer"
