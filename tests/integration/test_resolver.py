"""Finding what to play: from disk, from a web server, from a page through the real yt-dlp."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from player.api.config import SeatConfig
from player.media.resolver import resolver_for
from player.media.resolver.resolver import Resolver, expiry_of
from player.media.resolver.timing import ResolverTiming
from player.media.resolver.ytdlp_client import ask_yt_dlp
from player.media.resolver.ytdlp_messages import (
    ExtractedMedia,
    ExtractionFailed,
    ExtractorLine,
    ExtractRequest,
)
from protocol.exceptions import MatineeError, MediaRefused, ResolveError
from protocol.media.url_policy import UrlPolicy
from tests.films import Films, FilmServer, serve
from tests.integration.dialers import dialing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

STRICT = UrlPolicy()
OPEN = UrlPolicy(allow_http=True, allow_lan=True)


@pytest.fixture
def film(films: Films) -> Path:
    return films.counter_film(60)


@pytest.fixture
def server(films: Films) -> Generator[FilmServer]:
    with serve(films.directory) as running:
        yield running


def _nobody(words: str) -> None:
    """Hears no progress."""


def _typed(_: str) -> bool:
    return True


async def _error(media: str, resolver: Resolver | None = None) -> MatineeError:
    with pytest.raises(MatineeError) as caught:
        await (resolver or Resolver(STRICT, typed=_typed))(media, _nobody)
    return caught.value


# Paths -----------------------------------------------------------------------------------


async def test_a_path_is_opened_for_the_person_who_typed_it_only(film: Path) -> None:
    source = await Resolver(STRICT, typed=_typed)(str(film), _nobody)
    assert (source.url, source.is_network) == (str(film), False)
    assert isinstance(await _error(str(film), Resolver(OPEN)), MediaRefused)


async def test_a_path_that_is_no_file_says_so(tmp_path: Path) -> None:
    assert "there is no file" in (await _error(str(tmp_path / "missing.mkv"))).message
    assert "is a directory" in (await _error(str(tmp_path))).message


# Addresses of films ----------------------------------------------------------------------


async def test_films_and_manifests_are_passed_on_as_they_are(
    films: Films, film: Path, server: FilmServer
) -> None:
    for path in (film, films.hls(film), films.dash(film)):
        source = await Resolver(OPEN)(server.url(path), _nobody)
        assert (source.url, source.audio_url) == (server.url(path), "")
        assert source.is_network
        assert not source.headers


async def test_a_film_without_a_telling_name_is_known_by_its_first_bytes(
    films: Films, film: Path, server: FilmServer
) -> None:
    nameless = films.directory / "watch"
    nameless.hardlink_to(film)
    source = await Resolver(OPEN)(server.url(nameless), _nobody)
    assert source.url == server.url(nameless)


async def test_an_address_that_answers_with_an_error_says_which(
    film: Path, server: FilmServer
) -> None:
    resolver = Resolver(OPEN)
    missing = await _error(server.url(film) + ".mp4", resolver)
    assert missing.message == "the address answered 404: there is nothing at this address"
    assert missing.remedy
    assert "refuses the connection" in (await _error("http://127.0.0.1:1/f.mp4", resolver)).message
    assert "there is no host" in (await _error("http://no.invalid/f.mp4", resolver)).message


async def test_a_server_that_keeps_silent_is_given_up() -> None:
    resolver = Resolver(OPEN, timing=ResolverTiming(probe_timeout=0.2))
    async with _silence() as url:
        error = await _error(url, resolver)
    assert error.message == "127.0.0.1 does not answer"


# What may not be opened ------------------------------------------------------------------


@pytest.mark.parametrize(
    "media",
    [
        "file:///etc/passwd",
        "av://lavfi:testsrc",
        "edl:///etc/passwd",
        "https://127.0.0.1/film.mp4",
        "https://127.1/film.mp4",
        "https://0x7f.1/film.mp4",
        "https://2130706433/film.mp4",
        "https://[::1]/film.mp4",
        "https://[::ffff:10.0.0.1]/film.mp4",
        "https://localhost/film.mp4",
        "https://user:secret@example.com/film.mp4",
        "http://example.com/film.mp4",
    ],
)
async def test_what_comes_from_the_wire_leads_neither_to_files_nor_to_the_lan(media: str) -> None:
    assert isinstance(await _error(media, Resolver(STRICT)), MediaRefused)


async def test_a_name_that_means_this_machine_is_refused() -> None:
    async def look_up(host: str) -> list[str]:
        return ["93.184.216.34", "192.168.1.1"]

    resolver = Resolver(STRICT, look_up=look_up)
    error = await _error("https://rebind.example/film.mp4", resolver)
    assert error.message == "192.168.1.1 is not on the public internet"


async def test_a_person_who_types_his_own_network_may_go_there(
    film: Path, server: FilmServer
) -> None:
    source = await Resolver(STRICT, typed=_typed)(server.url(film), _nobody)
    assert source.url == server.url(film)
    assert isinstance(await _error(server.url(film), Resolver(STRICT)), MediaRefused)


async def test_a_redirect_is_followed_only_where_its_target_is_allowed() -> None:
    async with _answering(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n") as url:
        assert "file:" in (await _error(url, Resolver(OPEN))).message
    async with _answering(b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n") as url:
        assert "again and again" in (await _error(url, Resolver(OPEN))).message


@pytest.mark.parametrize(
    "manifest",
    [
        "#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n",
        '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"\n#EXTINF:4,\na.ts\n',
        "<?xml version='1.0'?><MPD><BaseURL>ftp://example.com/</BaseURL></MPD>",
    ],
)
async def test_a_manifest_that_leads_elsewhere_is_refused(
    films: Films, server: FilmServer, manifest: str
) -> None:
    path = films.directory / ("bad.m3u8" if manifest.startswith("#") else "bad.mpd")
    path.write_text(manifest)
    assert isinstance(await _error(server.url(path), Resolver(OPEN)), MediaRefused)


def test_a_seats_rules_come_from_its_configuration() -> None:
    config = SeatConfig(role="viewer", name="Bo", instance_id="i" * 8, server="http://127.0.0.1")
    assert isinstance(resolver_for(config), Resolver)


# Pages -----------------------------------------------------------------------------------


async def test_a_page_is_resolved_by_yt_dlp_to_its_film(
    films: Films, film: Path, server: FilmServer
) -> None:
    said: list[str] = []
    source = await Resolver(OPEN)(server.url(films.page(film, "Two & a Film")), said.append)
    assert (source.url, source.title) == (server.url(film), "Two & a Film")
    assert source.headers["Referer"].endswith("page.html")
    assert any(words.startswith("asking yt-dlp") for words in said)


@pytest.mark.parametrize(("most", "chosen"), [(1080, "1080.mp4"), (720, "480.mp4")])
async def test_of_a_page_with_several_qualities_no_larger_one_than_wished_is_loaded(
    films: Films, film: Path, server: FilmServer, most: int, chosen: str
) -> None:
    for rows in (480, 1080):
        shutil.copy(film, film.with_name(f"{rows}.mp4"))
    page = film.with_name("qualities.html")
    page.write_text(
        "<!DOCTYPE html><html><head><title>Two</title></head><body><video>"
        '<source src="480.mp4" label="480p" type="video/mp4">'
        '<source src="1080.mp4" label="1080p" type="video/mp4"></video></body></html>'
    )
    config = SeatConfig(
        role="host",
        name="Ana",
        instance_id="i" * 8,
        server="http://127.0.0.1",
        allow_lan_media=True,
        max_height=most,
    )
    source = await resolver_for(config)(server.url(page), _nobody)
    assert source.url.endswith(chosen)


async def test_a_page_without_a_film_says_so_in_yt_dlps_words(
    films: Films, server: FilmServer
) -> None:
    page = films.directory / "nothing.html"
    page.write_text("<html><body>Nothing here</body></html>")
    error = await _error(server.url(page), Resolver(OPEN))
    assert error.message.startswith("yt-dlp finds no film on this page (Unsupported URL: http")
    assert "\x1b" not in error.message
    assert "report" not in error.message
    assert error.remedy


async def test_a_page_that_is_refused_has_yt_dlps_error(server: FilmServer) -> None:
    error = await _error(f"http://127.0.0.1:{server.port}/nowhere", Resolver(OPEN))
    assert "404" in error.message
    assert "ERROR" not in error.message


async def test_a_page_cannot_lead_the_child_into_the_local_network(
    films: Films, film: Path, server: FilmServer
) -> None:
    with dialing() as dialer:
        way = dialer.route(UrlPolicy(allow_http=True), for_player=False).proxy
        question = ExtractRequest(server.url(films.page(film)), 1080, way)
        with pytest.raises(ResolveError, match="not on the public internet"):
            await ask_yt_dlp(question, _nobody, 45.0)


async def test_asking_takes_no_longer_than_its_limit() -> None:
    async with _silence() as url:
        began = time.monotonic()
        with pytest.raises(ResolveError, match="did not finish within 1 s"):
            await ask_yt_dlp(ExtractRequest(url, 1080), _nobody, 1.0)
        assert time.monotonic() - began < 4.0
    assert not _children()


async def test_giving_up_ends_the_child() -> None:
    begun = asyncio.Event()

    def begin(_: str) -> None:
        begun.set()

    async with _silence() as url:
        asking = asyncio.create_task(ask_yt_dlp(ExtractRequest(url, 1080), begin, 45.0))
        await begun.wait()
        assert _children()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert not _children()


async def test_the_child_ends_when_its_standard_input_does() -> None:
    async with _silence() as url:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "player.media.resolver.ytdlp_worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        assert child.stdin is not None
        child.stdin.write(msgspec.json.encode(ExtractRequest(url, 1080)) + b"\n")
        await child.stdin.drain()
        child.stdin.close()
        async with asyncio.timeout(15.0):
            await child.wait()


def test_what_the_child_says_is_bounded() -> None:
    line = msgspec.json.encode(ExtractedMedia(url="https://example.com/" + "a" * 100_000))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(line, type=ExtractorLine)
    good: ExtractorLine = msgspec.json.decode(
        msgspec.json.encode(ExtractionFailed("no")), type=ExtractorLine
    )
    assert good == ExtractionFailed("no")


# The end of an address -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/v?expire=1000500&x=1", 1000500.0),
        ("https://a.example/v?Expires=1000900&expire=1000500", 1000500.0),
        ("https://a.example/expire/1000500123/v.m3u8", None),
        ("https://a.example/v?expires=3600", None),
        ("https://a.example/v?e=never", None),
        ("https://a.example/v.mp4", None),
    ],
)
def test_an_address_says_when_it_ends(url: str, expected: float | None) -> None:
    assert expiry_of(url, now=1_000_000.0) == expected


def test_an_end_in_the_path_is_seen() -> None:
    assert expiry_of("https://a.example/expire/1700003600/v.m3u8", 1_700_000_000.0) == 1700003600.0


@contextlib.asynccontextmanager
async def _answering(answer: bytes) -> AsyncGenerator[str]:
    """A web server that says the same to everybody."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/film.mp4"


@contextlib.asynccontextmanager
async def _silence() -> AsyncGenerator[str]:
    """A web server that never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/page"


def _children() -> list[int]:
    """Resolver children of this process."""
    own: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = status.with_name("cmdline").read_bytes()
            if parent == os.getpid() and b"player.media.resolver.ytdlp_worker" in command:
                own.append(int(status.parent.name))
    return own
