"""The odd web server is as odd as the tests that use it believe."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.doubles.odd_web.answers import LOGIN, REFERRER
from tests.doubles.odd_web.server import odd_web_server

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.doubles.odd_web.handler import OddWebServer

FILM = bytes(range(256)) * 256
LIST = "#EXTM3U\n" + "".join(f"#EXTINF:2.0,\nseg{i}.ts\n" for i in range(4)) + "#EXT-X-ENDLIST\n"
BROWSER = {"User-Agent": "Mozilla/5.0"}


@pytest.fixture
def odd(tmp_path: Path) -> Generator[OddWebServer]:
    (tmp_path / "film.mp4").write_bytes(FILM)
    (tmp_path / "film.m3u8").write_text(LIST, encoding="utf-8")
    with odd_web_server(tmp_path) as server:
        yield server


@pytest.fixture
def client() -> Generator[httpx.Client]:
    with httpx.Client(follow_redirects=True, timeout=5.0, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        *("/plain/film.mp4", "/agent/film.mp4", "/agent-bound/film.mp4", "/cookie/film.mp4"),
        *("/space/film.mp4", "/chain/6/film.mp4", "/once/film.mp4", "/expiring/5/film.mp4"),
        *("/missing/4.ts/film.mp4", "/no-ranges/film.mp4", "/no-length/film.mp4"),
        *("/chunked/film.mp4", "/type/text+plain/film.mp4", "/gzip/film.mp4"),
        *("/slow/4000/film.mp4", "/cut/100/film.mp4"),
    ],
)
def test_whoever_does_as_a_browser_gets_the_film(
    odd: OddWebServer, client: httpx.Client, path: str
) -> None:
    answer = client.get(odd.url(path), headers=BROWSER)
    assert answer.status_code == 200
    assert answer.content == FILM


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("/agent/film.mp4", 403), ("/cookie-wanted/film.mp4", 403), ("/referer/film.mp4", 403)),
        *(("/login/film.mp4", 401), ("/agent-token/0/film.mp4", 403), ("/busy/9/film.mp4", 503)),
        *(("/missing/m.mp4/film.mp4", 404), ("/plain/../../etc/passwd", 404), ("/none/x", 404)),
        ("/expiring/0/film.mp4", 403),
    ],
)
def test_whoever_does_not_is_refused(
    odd: OddWebServer, client: httpx.Client, path: str, status: int
) -> None:
    assert client.get(odd.url(path)).status_code == status


def test_a_referrer_and_a_login_open_the_way(odd: OddWebServer, client: httpx.Client) -> None:
    assert client.get(odd.url("/referer/film.mp4"), headers={"Referer": REFERRER}).content == FILM
    assert client.get(odd.url("/login/film.mp4"), auth=LOGIN).content == FILM


def test_a_token_that_is_good_once_is_refused_the_second_time(
    odd: OddWebServer, client: httpx.Client
) -> None:
    final = client.get(odd.url("/once/film.mp4")).url
    assert client.get(final).status_code == 403
    assert client.get(odd.url("/once/film.mp4")).status_code == 200


def test_parts_are_sent_where_they_are_known(odd: OddWebServer, client: httpx.Client) -> None:
    part = {"Range": "bytes=100-199"}
    answer = client.get(odd.url("/plain/film.mp4"), headers=part)
    assert (answer.status_code, answer.content) == (206, FILM[100:200])
    beyond = client.get(odd.url("/plain/film.mp4"), headers={"Range": f"bytes={len(FILM)}-"})
    assert beyond.status_code == 416
    for path in ("/no-ranges/film.mp4", "/no-length/film.mp4", "/chunked/film.mp4"):
        assert client.get(odd.url(path), headers=part).content == FILM


def test_a_connection_that_is_cut_ends_before_what_it_promised(
    odd: OddWebServer, client: httpx.Client
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(odd.url("/cut/10/film.mp4"))
    later = client.get(odd.url("/cut/10/film.mp4"), headers={"Range": f"bytes={len(FILM) - 9}-"})
    assert later.content == FILM[-9:]


def test_a_server_that_is_down_says_nothing_and_cuts_what_is_under_way(
    odd: OddWebServer, client: httpx.Client
) -> None:
    threading.Timer(0.2, lambda: setattr(odd, "down", True)).start()
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(odd.url("/slow/16/film.mp4"))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(odd.url("/plain/film.mp4"))
    odd.down = False
    assert client.get(odd.url("/plain/film.mp4")).content == FILM


def test_a_server_that_is_silent_goes_on_later(odd: OddWebServer, client: httpx.Client) -> None:
    odd.silent = True
    threading.Timer(0.3, lambda: setattr(odd, "silent", False)).start()
    begun = time.monotonic()
    assert client.get(odd.url("/plain/film.mp4")).content == FILM
    assert time.monotonic() - begun > 0.25


def test_a_captive_portal_and_a_refusal_stand_before_everything(
    odd: OddWebServer, client: httpx.Client
) -> None:
    odd.portal = True
    assert "Sign in" in client.get(odd.url("/plain/film.mp4")).text
    odd.portal, odd.refuses = False, 403
    refused = client.get(odd.url("/plain/film.mp4"))
    assert (refused.status_code, refused.text) == (403, "no\n")


def test_a_big_list_is_cut_in_a_host_where_a_part_ends(
    odd: OddWebServer, client: httpx.Client
) -> None:
    url = odd.url("/big/64/film.m3u8")
    whole = client.get(url).text
    assert whole.count("http://localhost:") == 4
    part = client.get(url, headers={"Range": f"bytes=0-{64 * 1024 - 1}"})
    assert part.status_code == 206
    assert part.text.endswith("http://localh")


def test_a_live_list_slides_on_and_tells_its_seams_and_dates(
    odd: OddWebServer, client: httpx.Client
) -> None:
    url = odd.url("/dated/3/film.m3u8")
    first = client.get(url).text
    assert "ENDLIST" not in first
    assert [line for line in first.split("\n") if line.startswith("/")] == [
        f"/plain/seg{i}.ts" for i in range(3)
    ]
    odd.started -= 5.0
    later = client.get(url).text.split("\n")
    assert "#EXT-X-MEDIA-SEQUENCE:2" in later
    assert [line for line in later if line.startswith("/")] == [
        f"/plain/seg{i}.ts" for i in (2, 3, 0)
    ]
    assert later[later.index("/plain/seg3.ts") + 1] == "#EXT-X-DISCONTINUITY"
    assert "#EXT-X-PROGRAM-DATE-TIME:2024-01-01T12:00:08.000+00:00" in later
    odd.started -= 2.0
    later = client.get(odd.url("/live/3/film.m3u8")).text.split("\n")
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:0" in later
    assert "DISCONTINUITY\n" not in client.get(odd.url("/untold/3/film.m3u8")).text


def test_a_growing_file_is_longer_each_time(odd: OddWebServer, client: httpx.Client) -> None:
    odd.started = time.monotonic() - 1.0
    short = client.get(odd.url("/growing/10/film.mp4")).content
    odd.started -= 60.0
    assert client.get(odd.url("/growing/10/film.mp4")).content == FILM
    assert 10 * 1024 <= len(short) < len(FILM)
