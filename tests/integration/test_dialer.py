"""The seat's own proxy: what goes through it, what it refuses, holds and tells."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from player.backend.base import Failed, Route, Source
from player.net.items import Item
from player.net.messages import (
    DialGivenUp,
    DialHeld,
    DialRefused,
    DialResumed,
    TrafficMeasured,
    UpstreamBroken,
)
from player.net.proxies import NO_PROXIES, read_proxies
from player.net.request_head import parse_head
from player.net.upstream import Connector
from protocol.exceptions import MediaRefused
from protocol.media.url_policy import STRICT, UrlPolicy
from tests.doubles.socks_server import socks_server
from tests.films import Films, serve
from tests.hostile_media import LOCAL_NETWORK, THIS_MACHINE
from tests.integration.dialers import WatchedDialer, dialing
from tests.integration.players import watched_player

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

OPEN = UrlPolicy(allow_http=True, allow_lan=True)


@pytest.fixture
def dialer() -> Generator[WatchedDialer]:
    with dialing() as running:
        yield running


def ask(route: Route, url: str) -> httpx.Response:
    """What a client hears at ``url`` by ``route``."""
    with httpx.Client(proxy=route.proxy, trust_env=False, timeout=20.0) as client:
        return client.get(url)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_a_film_plays_through_it_and_what_came_is_told(films: Films, dialer: WatchedDialer) -> None:
    film = films.counter_film(20)
    with serve(films.directory) as server, watched_player() as it:
        for path in (film, films.hls(film), films.dash(film)):
            route = dialer.route(OPEN, for_player=True)
            it.load(Source(server.url(path), is_network=True, route=route))
            assert abs(it.seek(10.0).position - 10.0) < 0.1
            traffic = dialer.wait(TrafficMeasured)
            assert traffic.item == route.item
            assert traffic.received > 1000
        assert not [r for r in server.requests if "proxy" in str(r.headers).lower()]


def test_a_part_that_begins_within_a_file_plays_through_it(
    films: Films, dialer: WatchedDialer
) -> None:
    manifest = films.dash_of_ranges(films.counter_film(20))
    with serve(films.directory) as server, watched_player() as it:
        route = dialer.route(OPEN, for_player=True)
        opened = it.load(Source(server.url(manifest), is_network=True, route=route))
        assert {track.kind for track in opened.tracks} == {"video", "audio"}


def test_who_does_not_know_the_secret_gets_nothing(dialer: WatchedDialer) -> None:
    route = dialer.route(OPEN, for_player=False)
    host, port = "127.0.0.1", urlsplit(route.proxy).port
    for login in ("", "1-xhl:wrong@", f"{route.item}-xhl:@"):
        said = ask(Route(1, f"http://{login}{host}:{port}"), f"http://{host}:{port}/")
        assert said.status_code == 407, login


def test_rules_hold_where_the_connection_is_made(films: Films, dialer: WatchedDialer) -> None:
    route = dialer.route(UrlPolicy(allow_http=True), for_player=False)
    for host in (*THIS_MACHINE, *LOCAL_NETWORK)[::3]:
        try:
            said = ask(route, f"http://{host}:1/film.mp4")
        except httpx.InvalidURL:
            continue
        assert said.status_code in (400, 470), host
        assert said.reason_phrase.startswith("Dialer: "), host
    assert ask(dialer.route(STRICT, for_player=False), "http://a.example/").status_code == 470
    assert dialer.wait(DialRefused).item == route.item


def test_a_tunnel_is_held_to_the_same_rules(dialer: WatchedDialer) -> None:
    route = dialer.route(STRICT, for_player=False)
    for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.1"):
        with pytest.raises(httpx.ProxyError, match="470 Dialer: "):
            ask(route, f"https://{host}/film.mp4")


def test_a_redirect_that_only_the_player_gets_is_refused(
    films: Films, dialer: WatchedDialer, tmp_path: Path
) -> None:
    """The look saw another answer, or the name meant another machine then."""
    (tmp_path / "list.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttps://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n"
    )
    route = dialer.route(STRICT, for_player=True)
    text = (tmp_path / "list.m3u8").read_bytes()
    url = dialer.serve(route, "list.m3u8", text, "application/vnd.apple.mpegurl")
    with watched_player() as it:
        it.ask_to_load(Source(url, is_network=True, route=route))
        it.wait(Failed)
    assert dialer.wait(DialRefused).reason == "127.0.0.1 is not on the public internet"


async def test_a_name_that_means_another_machine_by_then_is_not_connected_to() -> None:
    """It was public when the look asked."""

    async def rebound(host: str) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    head = parse_head(b"CONNECT films.example.com:443 HTTP/1.1\r\n\r\n")
    with pytest.raises(MediaRefused, match="not on the public internet"):
        await Connector(NO_PROXIES, rebound).open(head, Item(1))


def test_why_there_is_no_connection_is_said_by_the_player(dialer: WatchedDialer) -> None:
    url = f"http://127.0.0.1:{free_port()}/film.mp4"
    with watched_player() as it:
        route = dialer.route(OPEN, for_player=True)
        it.ask_to_load(Source(url, is_network=True, route=route))
        failed = it.wait(Failed)
    assert failed.reason == "127.0.0.1 refuses the connection"
    assert failed.http_status is None


def test_a_text_is_answered_to_its_own_item_only(dialer: WatchedDialer) -> None:
    route, other = (dialer.route(STRICT, for_player=False) for _ in range(2))
    url = dialer.serve(route, "a film.vtt", b"WEBVTT", "text/vtt")
    said = ask(route, url)
    assert (said.content, said.headers["content-type"]) == (b"WEBVTT", "text/vtt")
    assert ask(other, url).status_code == 404
    dialer.replace(url, b"WEBVTT 2")
    assert ask(route, url).content == b"WEBVTT 2"
    dialer.withdraw(route)
    assert ask(route, url).status_code == 404


def test_a_child_that_dies_is_followed_by_another_that_knows_the_same(
    films: Films, dialer: WatchedDialer
) -> None:
    film = films.counter_film(20)
    route = dialer.route(OPEN, for_player=True)
    text = dialer.serve(route, "a.vtt", b"WEBVTT", "text/vtt")
    with serve(films.directory) as server, watched_player() as it:
        it.load(Source(server.url(film), is_network=True, route=route))
        before = dialer.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        it.load(Source(server.url(film), is_network=True, route=route))
        assert dialer.pid not in (before, None)
        assert ask(route, text).content == b"WEBVTT"


def test_the_child_ends_with_its_seat() -> None:
    with dialing() as dialer:
        ask(dialer.route(STRICT, for_player=False), "http://127.0.0.1/")
        child = dialer.pid
    assert child is not None
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_connection_is_held_while_nobody_listens_where_somebody_did(
    films: Films, dialer: WatchedDialer
) -> None:
    film = films.counter_film(20)
    port = free_port()
    url = f"http://127.0.0.1:{port}/{film.relative_to(films.directory)}"
    route = dialer.route(OPEN, for_player=True)
    with serve(films.directory, port=port):
        assert ask(route, url).status_code == 200
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(ask(route, url)))
    asking.start()
    held = dialer.wait(DialHeld)
    assert (held.item, held.host, held.cause) == (route.item, "127.0.0.1", "refused")
    with serve(films.directory, port=port):
        assert dialer.wait(DialResumed).item == route.item
        asking.join()
    assert answers[0].status_code == 200


@pytest.mark.slow
def test_a_hold_ends_before_the_player_gives_up(films: Films, dialer: WatchedDialer) -> None:
    film = films.counter_film(20)
    route = dialer.route(OPEN, for_player=True)
    with serve(films.directory) as server:
        url = server.url(film)
        assert ask(route, url).status_code == 200
    began = time.monotonic()
    said = ask(route, url)
    assert (said.status_code, said.reason_phrase) == (
        504,
        "Dialer: 127.0.0.1 refuses the connection",
    )
    assert 14.0 < time.monotonic() - began < 19.0
    assert dialer.wait(DialGivenUp).cause == "refused"


def test_a_connection_that_breaks_is_told(dialer: WatchedDialer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        route = dialer.route(OPEN, for_player=True)

        def break_off() -> None:
            made, _ = server.accept()
            made.recv(1000)
            made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            time.sleep(0.1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            made.close()

        thread = threading.Thread(target=break_off)
        thread.start()
        with pytest.raises(httpx.HTTPError):
            ask(route, f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
        broken = dialer.wait(UpstreamBroken)
    assert broken.item == route.item
    assert broken.received > 3


@pytest.mark.parametrize("scheme", ["http", "socks4", "socks5h"])
def test_a_proxy_that_cannot_be_reached_is_named_by_its_variable(scheme: str) -> None:
    proxies = read_proxies({"ALL_PROXY": f"{scheme}://127.0.0.1:{free_port()}"})
    with dialing(proxies) as dialer:
        began = time.monotonic()
        said = ask(dialer.route(OPEN, for_player=False), "http://93.184.216.34/film.mp4")
        assert time.monotonic() - began < 2.0
    assert said.status_code == 502
    assert said.reason_phrase.startswith(f"Dialer: ALL_PROXY ({scheme}://127.0.0.1:")
    assert said.reason_phrase.endswith("refuses the connection")


def test_a_persons_proxy_is_asked_for_names_and_this_machine_is_not(films: Films) -> None:
    film = films.counter_film(20)
    with dialing() as outer, serve(films.directory) as server:
        # Another dialer is a proxy as good as any.
        theirs = outer.route(UrlPolicy(allow_http=True), for_player=False).proxy
        with dialing(read_proxies({"ALL_PROXY": theirs})) as dialer:
            route = dialer.route(OPEN, for_player=False)
            assert ask(route, server.url(film)).status_code == 200
            said = ask(route, "http://no.invalid/film.mp4")
            assert said.reason_phrase == "Dialer: there is no host no.invalid"
            assert outer.wait(DialRefused).host == "no.invalid"
            with pytest.raises(httpx.ProxyError, match="ALL_PROXY"):
                ask(route, "https://no.invalid/film.mp4")


@pytest.mark.parametrize("scheme", ["socks5h", "socks5"])
def test_a_film_plays_through_a_socks_proxy(films: Films, scheme: str) -> None:
    film = films.counter_film(20)
    # A name is the proxy's to look up with socks5h, and an address is checked before with both.
    host = "films.example.com" if scheme == "socks5h" else "93.184.216.34"
    with serve(films.directory) as server, socks_server(server.port) as socks:
        proxies = read_proxies({"ALL_PROXY": f"{scheme}://127.0.0.1:{socks.port}"})
        with dialing(proxies) as dialer, watched_player() as it:
            route = dialer.route(UrlPolicy(allow_http=True), for_player=True)
            url = f"http://{host}/{film.relative_to(films.directory)}"
            it.load(Source(url, is_network=True, route=route))
            refused = ask(route, "http://10.0.0.1/film.mp4")
            assert refused.reason_phrase.startswith("Dialer: 10.0.0.1 is not on the public")
        assert set(socks.asked) == {(host, 80)}
