"""The look and the player come to an address by one way: what plays in a browser plays here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.api.config import SeatConfig
from player.backend.base import TracksChanged
from player.media.describe import identify
from player.media.resolver import resolver_for
from player.net.proxies import read_proxies
from protocol.exceptions import MediaRefused, ResolveError
from tests.certificates import Authority
from tests.doubles.odd_web.server import odd_web_server
from tests.integration.dialers import dialing
from tests.integration.players import watched_player

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from player.backend.base import Source
    from tests.doubles.odd_web.handler import OddWebServer
    from tests.films import Films
    from tests.integration.dialers import WatchedDialer


@pytest.fixture
def film(films: Films) -> Path:
    return films.counter_film(20)


@pytest.fixture
def web(film: Path, films: Films) -> Generator[OddWebServer]:
    films.hls(film)
    with odd_web_server(film.parent) as running:
        yield running


@pytest.fixture
def dialer() -> Generator[WatchedDialer]:
    with dialing() as running:
        yield running


def seat(*mpv: tuple[str, str], lan: bool = True) -> SeatConfig:
    return SeatConfig(
        role="host",
        name="Ana",
        instance_id="i" * 8,
        server="http://127.0.0.1",
        mpv=mpv,
        allow_lan_media=lan,
    )


async def look(
    dialer: WatchedDialer, url: str, *mpv: tuple[str, str], named: bool = True
) -> Source:
    return await resolver_for(seat(*mpv), dialer)(url, lambda _: None, named)


def plays(source: Source, *mpv: tuple[str, str]) -> None:
    with watched_player(*mpv) as it:
        assert it.load(source).duration == pytest.approx(20.0, abs=0.2)
        assert it.seek(12.0).position == pytest.approx(12.0, abs=0.3)


@pytest.mark.parametrize(
    "path",
    [
        "/agent/film.mp4",
        "/agent-bound/film.mp4",
        "/cookie/film.mp4",
        "/space/film.mp4",
        "/chain/7/film.mp4",
        "/once/film.mp4",
        "/expiring/1/film.mp4",
        "/big/1024/hls/film.m3u8",
        "/big/5000/hls/film.m3u8",
    ],
)
async def test_what_a_server_wants_to_see_the_player_shows_too(
    web: OddWebServer, dialer: WatchedDialer, path: str
) -> None:
    plays(await look(dialer, web.url(path)))


async def test_a_persons_referrer_is_said_by_the_look_too(
    web: OddWebServer, dialer: WatchedDialer
) -> None:
    url, option = web.url("/referer/film.mp4"), ("referrer", "http://site.example/")
    with pytest.raises(ResolveError, match="403"):
        await look(dialer, url)
    plays(await look(dialer, url, option), option)
    field = ("http-header-fields", "Referer: http://site.example/")
    plays(await look(dialer, url, field), field)


async def test_a_login_in_an_address_opens_it_here_and_is_told_to_nobody(
    web: OddWebServer, dialer: WatchedDialer
) -> None:
    bare = web.url("/login/film.mp4")
    typed = bare.replace("://", "://user:password@")
    plays(await look(dialer, typed))
    media = await identify(typed)
    assert media.url == bare
    assert "password" not in repr(media)
    with pytest.raises(ResolveError, match="wants a login") as wanted:
        await look(dialer, bare)
    assert wanted.value.remedy_code == "name_login"
    with pytest.raises(MediaRefused, match="user name"):
        await look(dialer, typed, named=False)


async def test_a_login_is_shown_to_its_own_site_only(
    web: OddWebServer, dialer: WatchedDialer, film: Path
) -> None:
    with odd_web_server(film.parent) as other:
        target = other.url("/plain/film.mp4")
        (film.parent / "lead.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n{target}\n#EXT-X-ENDLIST\n"
        )
        typed = web.url("/login/lead.m3u8").replace("://", "://user:password@")
        with watched_player() as it:
            it.load(await look(dialer, typed))
        assert other.asked
        assert not [ask for ask in other.asked if "Authorization" in ask.headers]


async def test_an_address_may_be_typed_with_a_space_and_comes_from_others_without(
    web: OddWebServer, dialer: WatchedDialer, film: Path
) -> None:
    (film.parent / "My Film.mp4").hardlink_to(film)
    url = web.url("/plain/My Film.mp4").replace("%20", " ")
    assert " " in url
    plays(await look(dialer, url))
    assert "My%20Film.mp4" in (await identify(url)).url
    with pytest.raises(MediaRefused):
        await look(dialer, url, named=False)


async def test_a_long_address_plays(web: OddWebServer, dialer: WatchedDialer) -> None:
    url = web.url("/plain/film.mp4")
    plays(await look(dialer, f"{url}?signature={'x' * (8192 - len(url) - 11)}"))
    with pytest.raises(MediaRefused, match="longer than 8192"):
        await look(dialer, f"{url}?signature={'x' * 8192}")


async def test_every_address_of_a_large_list_is_checked(
    web: OddWebServer, dialer: WatchedDialer, film: Path
) -> None:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:9", *["#" + "x" * 1000] * 3000]
    for target in ("file:///etc/passwd", "httpproxy://127.0.0.1:1/a.ts", "https://[::1"):
        text = "\n".join([*lines, "#EXTINF:9,", target, "#EXT-X-ENDLIST"])
        (film.parent / "bad.m3u8").write_text(text)
        with pytest.raises(MediaRefused):
            await look(dialer, web.url("/plain/bad.m3u8"))


async def test_subtitles_that_never_answer_hold_no_film_up_and_are_told_as_missing(
    web: OddWebServer, dialer: WatchedDialer, film: Path
) -> None:
    (film.parent / "good.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n")
    (film.parent / "page.html").write_text(
        f"<html><title>A page</title><video><source src='{web.url('/plain/film.mp4')}'"
        f" type='video/mp4'><track kind='subtitles' srclang='de' src='{web.url('/hang/de.vtt')}'>"
        f"<track kind='subtitles' srclang='en' src='{web.url('/plain/good.vtt')}'></video></html>"
    )
    source = await look(dialer, web.url("/plain/page.html"))
    assert source.notice == "subtitles that do not come are left out: de"
    with watched_player() as it:
        it.ask_to_load(source)
        told = it.wait(TracksChanged, where=lambda event: event.is_complete)
    assert [track.language for track in told.tracks if track.kind == "subtitle"] == ["en"]


async def test_one_trust_store_is_for_the_look_and_the_player(
    film: Path, dialer: WatchedDialer, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    trusted = ("tls-ca-file", str(authority.cert))
    with odd_web_server(film.parent, pair=authority.pair("good")) as web:
        for path in ("/plain/film.mp4", "/cookie/film.mp4", "/space/film.mp4"):
            plays(await look(dialer, web.url(path), trusted), trusted)
        with pytest.raises(ResolveError, match=r"certificate of 127\.0\.0\.1 is not trusted"):
            await look(dialer, web.url("/plain/film.mp4"))
    with (
        odd_web_server(film.parent, pair=authority.pair("old", days=-1)) as web,
        pytest.raises(ResolveError, match="it has expired"),
    ):
        await look(dialer, web.url("/plain/film.mp4"), trusted)


async def test_a_proxy_that_makes_no_sense_is_named_at_once(web: OddWebServer) -> None:
    with dialing(read_proxies({"ALL_PROXY": "gopher://x"})) as dialer:
        with pytest.raises(Exception, match="ALL_PROXY: gopher: is no proxy's scheme"):
            await look(dialer, "https://93.184.216.34/film.mp4")
        plays(await look(dialer, web.url("/plain/film.mp4")))
