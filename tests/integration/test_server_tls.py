"""The server's own TLS: what it refuses to start with, who accepts it, how it is renewed."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Literal

import httpx
import pytest
from websockets.exceptions import InvalidHandshake

from player.session.link import describe
from protocol.exceptions import SettingsError
from server_stub.app import Running, ServeOptions, checked_listen, running
from server_stub.capacity import Capacity
from server_stub.net.listen.tls import ReloadableTls
from server_stub.timing import ServerTiming
from tests.certificates import Authority, Pair, encrypted
from tests.doubles.wire import Wire
from tui.doctor import hosting

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


USUAL, AS_MANY_AS_MAY_BE = ServerTiming(), Capacity()


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.pair("server")


def over_tls(
    tmp_path: Path,
    pair: Pair,
    timing: ServerTiming = USUAL,
    capacity: Capacity = AS_MANY_AS_MAY_BE,
) -> AbstractAsyncContextManager[Running]:
    return running(
        ServeOptions(
            listen="127.0.0.1:0",
            database=str(tmp_path / "party.db"),
            tls_cert=pair.cert,
            tls_key=pair.key,
        ),
        timing=timing,
        capacity=capacity,
    )


async def test_seats_meet_over_tls_where_its_authority_is_trusted(
    tmp_path: Path, authority: Authority, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.cert))
    async with over_tls(tmp_path, pair) as server:
        url = server.listening.url
        assert url.startswith("https://localhost:")
        async with await Wire.create(url) as host:
            created = host.welcome.created
            assert created is not None
            async with await Wire.join(url, host.welcome.stream_id, created.invite_token) as guest:
                assert guest.welcome.role == "viewer"
        trusting = ssl.create_default_context()
        async with httpx.AsyncClient(trust_env=False, verify=trusting) as http:
            assert (await http.get(f"{url}/healthz")).status_code == 200


async def test_a_seat_refuses_a_certificate_that_it_does_not_trust(
    tmp_path: Path, authority: Authority, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with over_tls(tmp_path, pair) as server:
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            await Wire.create(server.listening.url)
        assert describe(refused.value).reason.startswith("its certificate is not trusted here (")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.cert))
    other = authority.pair("elsewhere", "DNS:films.example.com")
    async with over_tls(tmp_path, other) as server:
        url = server.listening.url.replace("films.example.com", "127.0.0.1")
        with pytest.raises(ssl.SSLCertVerificationError, match="not valid for '127"):
            await Wire.create(url)


async def test_the_doctor_tries_a_server_as_a_seat_would(
    tmp_path: Path, authority: Authority, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with over_tls(tmp_path, pair) as server:
        url = server.listening.url
        (refused,) = await asyncio.to_thread(lambda: list(hosting.server(url)))
        assert (refused.grade, "SSL_CERT_FILE" in refused.remedy) == ("fail", True)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.cert))
        found = await asyncio.to_thread(lambda: list(hosting.server(url)))
    assert [(finding.subject, finding.grade) for finding in found] == [
        ("server", "ok"),
        ("websocket", "ok"),
        ("certificate", "warn"),
    ]


async def test_plain_http_gets_nowhere(tmp_path: Path, pair: Pair) -> None:
    async with over_tls(tmp_path, pair) as server:
        url = server.listening.url.replace("https://localhost", "http://127.0.0.1")
        with pytest.raises((InvalidHandshake, OSError, EOFError)):
            await Wire.create(url)
        async with httpx.AsyncClient(trust_env=False) as http:
            with pytest.raises(httpx.HTTPError):
                await http.get(f"{url}/healthz")


async def test_who_never_shakes_hands_makes_room_for_who_does(tmp_path: Path, pair: Pair) -> None:
    timing, capacity = ServerTiming(handshake_timeout=60.0), Capacity(connections=4)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(over_tls(tmp_path, pair, timing, capacity))
        port = int(server.listening.url.rpartition(":")[2])
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3)
        ]
        silent[0].setblocking(False)
        assert await asyncio.get_running_loop().sock_recv(silent[0], 1) == b""


async def test_a_server_without_tls_is_told_in_words(tmp_path: Path) -> None:
    options = ServeOptions(listen="127.0.0.1:0", database=str(tmp_path / "party.db"))
    async with running(options) as server:
        with pytest.raises(ConnectionResetError) as refused:
            await Wire.create(server.listening.url.replace("http:", "https:"))
    assert describe(refused.value).reason == "it closed the connection at once"


async def test_a_renewed_certificate_is_taken_up_and_a_broken_one_left(
    tmp_path: Path, authority: Authority, pair: Pair
) -> None:
    used = Pair(tmp_path / "cert.pem", tmp_path / "key.pem")
    put(pair, used)
    async with over_tls(tmp_path, used) as server:
        tls = server.tls
        assert tls is not None
        assert not tls.renew()
        put(authority.pair("renewed", "DNS:localhost,DNS:renewed.test"), used)
        assert tls.renew()
        trusting = ssl.create_default_context(cafile=str(authority.cert))
        async with httpx.AsyncClient(trust_env=False, verify=trusting) as http:
            host = {"Host": "renewed.test"}
            reply = await http.get(f"{server.listening.url}/healthz", headers=host)
            assert reply.status_code == 200
            # The key of another certificate: whoever connects still gets the good pair.
            shutil.copy(pair.key, used.key)
            os.utime(used.key, (1, 1))
            assert not tls.renew()
            used.cert.unlink()
            assert not tls.renew()
        async with httpx.AsyncClient(trust_env=False, verify=trusting) as http:
            assert (await http.get(f"{server.listening.url}/healthz")).status_code == 200


def put(pair: Pair, where: Pair) -> None:
    for source, target in zip(pair, where, strict=True):
        shutil.copyfile(source, target)
        os.utime(target, (source.stat().st_mtime, source.stat().st_mtime))


def test_what_cannot_be_used_is_told_by_its_option(
    tmp_path: Path, authority: Authority, pair: Pair
) -> None:
    notes, folder = tmp_path / "notes", tmp_path / "folder"
    notes.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    folder.mkdir()
    ended = authority.pair("ended", days=-1)
    for cert, key, words in (
        (tmp_path / "none", pair.key, "tls-cert: .*none cannot be read .no such file"),
        (pair.cert, tmp_path / "none", "tls-key: .*none cannot be read .no such file"),
        (pair.cert, folder, "tls-key: .*folder cannot be read"),
        (pair.key, pair.key, "tls-cert: .*holds no certificate"),
        (pair.cert, pair.cert, "tls-key: .*holds no private key"),
        (notes, pair.key, "tls-cert: .*cannot be used"),
        (pair.cert, ended.key, "tls-key: .*is not the key of"),
        (pair.cert, encrypted(pair.key), "tls-key: .*is encrypted"),
        (ended.cert, ended.key, "tls-cert: .*certificate has expired"),
    ):
        with pytest.raises(SettingsError, match=words):
            ReloadableTls(cert, key)


@pytest.mark.parametrize("given", ["tls_cert", "tls_key"])
async def test_one_without_the_other_names_what_is_missing(
    tmp_path: Path, pair: Pair, given: Literal["tls_cert", "tls_key"]
) -> None:
    other = "tls-key" if given == "tls_cert" else "tls-cert"
    options = ServeOptions(
        listen="127.0.0.1:0",
        database=str(tmp_path / "party.db"),
        tls_cert=pair.cert if given == "tls_cert" else None,
        tls_key=pair.key if given == "tls_key" else None,
    )
    words = f"^{other}: is missing: --{given.replace('_', '-')} needs "
    with pytest.raises(SettingsError, match=words):
        async with running(options):
            raise AssertionError("it runs")


def test_with_tls_the_whole_network_may_be_listened_to(pair: Pair) -> None:
    options = ServeOptions(listen="0.0.0.0:8765", tls_cert=pair.cert, tls_key=pair.key)
    assert checked_listen(options)[0].is_wildcard
