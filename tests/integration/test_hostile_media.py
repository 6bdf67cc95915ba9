"""What a malicious host or server names is refused at the server and at each seat."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING, Final

import httpx
import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from player.api.config import SeatConfig
from player.media.describe import identify
from player.media.resolver import resolver_for
from player.media.resolver.address_check import AddressChecker
from player.media.resolver.probe import ContentProbe, ProbeResult
from player.media.resolver.resolver import Resolver
from player.media.resolver.web_client import WebClient
from protocol.exceptions import MatineeError, MediaRefused
from protocol.media.url_policy import STRICT
from protocol.server.limits.config import Limits
from protocol.timeline import Timeline
from protocol.wire.codec import encode
from protocol.wire.messages import (
    Command,
    Event,
    LoadAct,
    Media,
    Member,
    Pong,
    Refusal,
    Snapshot,
    Welcome,
)
from protocol.wire.rate_limit import RateLimit
from server_stub.app import ServeOptions, running
from tests.cast import SeatProcess
from tests.doubles.wire import Wire
from tests.films import Films
from tests.films import serve as serve_films
from tests.hostile_media import LOCAL_NETWORK, THIS_MACHINE, hostile_addresses, hostile_lists

if TYPE_CHECKING:
    from pathlib import Path

STREAM, YOU, HOST = "ab" * 16, "11" * 16, "22" * 16
UNHURRIED: Final = Limits(
    rates={Command: RateLimit(10_000, 10_000)}, characters=RateLimit(1e7, 1e7)
)


def _media(number: int, url: str) -> Media:
    return Media(f"film-{number:06d}", "url", title="A Film", url=url)


# At the server ---------------------------------------------------------------------------


async def test_a_server_takes_none_of_it_into_a_stream(tmp_path: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with (
        running(options, UNHURRIED) as server,
        await Wire.create(server.listening.url) as host,
    ):
        created = host.welcome.created
        assert created is not None
        url, stream_id = server.listening.url, host.welcome.stream_id
        base = host.snapshot.cursor
        async with await Wire.join(url, stream_id, created.invite_token) as viewer:
            for number, address in enumerate(hostile_addresses()):
                act = LoadAct(_media(number, address))
                await host.send(Command(f"event-{number:06d}", 1, 1, base, act))
                answer = await host.wait_for(Refusal)
                assert (answer.code, answer.event_id) == ("media_refused", f"event-{number:06d}")
            act = LoadAct(_media(0, "https://films.example.com/f.mp4"))
            await host.send(Command("event-good", 1, 1, base, act))
            heard = await viewer.wait_for(Event)
            assert heard.event_id == "event-good", "the first that was passed on"


# At the seat -----------------------------------------------------------------------------


class RulelessServer:
    """A server that passes on whatever it is told to, to one seat."""

    def __init__(self) -> None:
        self._seq = 1
        self._socket: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def handle(self, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await connection.recv()
            await connection.send(
                encode(Welcome(1, "clock-0001", STREAM, YOU, "viewer", host_term=1))
            )
            members = (Member(HOST, "Eve", "host"), Member(YOU, "Ben", "viewer"))
            line = Timeline(5.0, at=0.0)
            await connection.send(
                encode(
                    Snapshot(
                        stream_id=STREAM,
                        epoch=1,
                        seq=1,
                        timeline=line,
                        host_id=HOST,
                        host_term=1,
                        members=members,
                    )
                )
            )
            self._socket.set_result(connection)
            async for frame in connection:
                message = msgspec.json.decode(frame)
                if message["type"] == "ping":
                    now = time.monotonic() + 1000.0
                    await connection.send(encode(Pong(message["t0"], now, now)))

    async def show(self, media: Media) -> None:
        """Tell the seat that the host has chosen ``media``."""
        connection = await self._socket
        self._seq += 1
        event = Event(
            *(1, self._seq, f"event-{self._seq:06d}", "media", HOST, "Eve", 1), Timeline(), media
        )
        await connection.send(encode(event))


def _seat(port: int, transcript: Path) -> SeatConfig:
    return SeatConfig(
        role="viewer",
        name="Ben",
        instance_id="i" * 16,
        server=f"http://127.0.0.1:{port}",
        stream_id=STREAM,
        token="t" * 20,
        mpv=(("vo", "null"), ("ao", "null"), ("log-file", str(transcript))),
        video="none",
    )


@pytest.mark.slow
async def test_a_seat_refuses_it_and_never_asks_mpv(films: Films, tmp_path: Path) -> None:
    film, transcript = films.counter_film(20), tmp_path / "mpv.log"
    ruleless = RulelessServer()
    async with serve(ruleless.handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        seat = await SeatProcess().start(_seat(port, transcript))
        try:
            await seat.wait_for("ready")
            # Each kind of it; the rest is refused by the same resolver, in the next test.
            for number, address in enumerate(hostile_addresses()[::6]):
                mark = seat.mark
                await ruleless.show(_media(number, address))
                refused = await seat.wait_for("error", after=mark)
                assert refused["code"] in ("media", "own_copy"), address
            mark = seat.mark
            await ruleless.show(Media("film-by-path", "file", "A Film", url="/etc/passwd"))
            await seat.wait_for("error", after=mark)
            mark = seat.mark
            await ruleless.show(_media(999, "https://films.example.com/f.mp4"))
            assert (await seat.wait_for("consent"))["site"] == "films.example.com"
            seat.ask("consent no")
            await seat.wait_for("error", after=mark)
            # Only then mpv is sure to have begun with its transcript, which shows what it is asked.
            seat.ask(f"copy {film}")
            await seat.wait_for("media")
            asked = [line for line in transcript.read_text().splitlines() if "loadfile" in line]
            assert asked
            assert all(f'url="{film}"' in line for line in asked), asked
            seat.ask("quit")
            assert await seat.wait() == 0
        finally:
            await seat.end()


async def test_the_resolver_of_a_seat_refuses_every_one_of_them(tmp_path: Path) -> None:
    resolve = resolver_for(_seat(1, tmp_path))
    for address in hostile_addresses():
        with pytest.raises(MediaRefused):
            await resolve(address, print)


async def test_an_address_that_cannot_be_read_is_refused_where_it_is_typed() -> None:
    for media in ("https://[::1", "https://films.example.com:x/f.mp4", "http://[v1.x]/"):
        with pytest.raises(MatineeError):
            await Resolver(STRICT)(media, print, True)
    with pytest.raises(MatineeError):
        await identify("https://[::1")


async def test_what_was_not_named_here_is_no_path_even_for_a_host(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"film")
    config = SeatConfig(role="host", name="Ana", instance_id="i" * 8, server="http://127.0.0.1")
    with pytest.raises(MediaRefused):
        await resolver_for(config)(str(film), print)


# Where an allowed address leads ----------------------------------------------------------


class Public:
    """Hosts on the public internet; no name is looked up, nothing is sent."""

    def __init__(self) -> None:
        self.answers: dict[str, httpx.Response] = {}
        """By path."""
        checker = AddressChecker(self._look_up)
        transport = httpx.MockTransport(lambda request: self.answers[request.url.path])
        self._probe = ContentProbe(checker, WebClient(10.0, transport=transport))

    async def probe(self, url: str) -> ProbeResult:
        """What a seat sees there of what others have named."""
        return await self._probe.probe(url, STRICT)

    async def _look_up(self, host: str) -> list[str]:
        try:
            return [str(info[4][0]) for info in socket.getaddrinfo(host, None, flags=_NUMERIC)]
        except socket.gaierror:
            return ["127.0.0.1"] if host == "rebound.example.com" else ["93.184.216.34"]


@pytest.fixture
def public() -> Public:
    return Public()


_NUMERIC: Final = socket.AI_NUMERICHOST

LEADS: Final = (
    *(f"https://{host}/f.mp4" for host in (*THIS_MACHINE, *LOCAL_NETWORK)),
    *("file:///etc/passwd", "av://lavfi:testsrc", "edl:///etc/passwd"),
    *("http://films.example.com/f.mp4", "https://rebound.example.com/f.mp4"),
)


async def test_a_redirect_is_held_to_the_same_rules(public: Public) -> None:
    for target in LEADS:
        public.answers["/film.mp4"] = httpx.Response(302, headers=[(b"location", target.encode())])
        # The web client itself cannot read some of these.
        with pytest.raises(MatineeError):
            await public.probe("https://films.example.com/film.mp4")


async def test_a_list_that_cannot_be_read_is_refused(public: Public) -> None:
    for name, content in hostile_lists("https://[::1").items():
        if name.endswith(("m3u8", "mpd")):
            public.answers[f"/{name}"] = httpx.Response(200, content=content.encode())
            with pytest.raises(MediaRefused):
                await public.probe(f"https://films.example.com/{name}")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "https://192.168.1.1/f.ts"])
async def test_a_list_that_leads_elsewhere_is_refused(public: Public, target: str) -> None:
    for name, content in hostile_lists(target).items():
        for kind in ("video/mp4", "text/plain", "application/octet-stream"):
            headers = {"content-type": kind}
            public.answers[f"/{name}"] = httpx.Response(
                200, headers=headers, content=content.encode()
            )
            try:
                seen = await public.probe(f"https://films.example.com/{name}")
            except MediaRefused:
                continue
            assert seen.kind == "page", f"{name} as {kind} would be opened"


async def test_a_film_at_a_public_address_is_seen(public: Public) -> None:
    headers = {"content-type": "video/mp4"}
    public.answers["/film.mp4"] = httpx.Response(
        200, headers=headers, content=b"\0\0\0\x18ftypmp42"
    )
    assert (await public.probe("https://films.example.com/film.mp4")).kind == "film"


def test_mpv_itself_opens_no_list_from_the_network(films: Films, tmp_path: Path) -> None:
    """Nor does the second gate let it, should the first one ever fail."""
    from player.backend.base import Failed, MediaOpened
    from tests.integration.players import watched_player

    film = films.counter_film(20)
    with serve_films(tmp_path) as server, watched_player() as it:
        for name, content in hostile_lists(str(film)).items():
            if name == "net.sdp":
                continue
            (tmp_path / name).write_text(content)
            it.ask_to_load(server.url(tmp_path / name))
            it.wait(Failed)
        assert not [event for event in it.told if isinstance(event, MediaOpened)]


def test_a_list_over_https_goes_through_a_proxy_that_is_named() -> None:
    from tests.integration.players import watched_player

    playlist = hostile_lists("https://films.example.com/a.ts")["hls.m3u8"].encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n"
    answer += b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(playlist) + playlist
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(10.0)
        named = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        with watched_player(("http-proxy", named)) as it:
            it.ask_to_load("http://films.example.com/film.m3u8")
            asked = b""
            while not asked.startswith(b"CONNECT films.example.com:443 "):
                asking, _ = proxy.accept()
                with asking:
                    asked = asking.recv(4096)
                    if asked.startswith(b"GET "):
                        asking.sendall(answer)
