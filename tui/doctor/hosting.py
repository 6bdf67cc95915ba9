"""What this machine needs to host, and whether a server can be reached as seats do."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import ssl
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

from player.api.capabilities import proxy_to
from protocol.exceptions import MatineeError
from protocol.wire.addresses import DEFAULT_LISTEN, parse_listen
from protocol.wire.invite import parse_server, socket_url
from tui.doctor.report import Check
from tui.storage import paths as places
from tui.text.remedies import remedy_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TIMEOUT: Final = 5.0
_MIN_SQLITE: Final = (3, 35)
_MIN_ROOM: Final = 100 * 1024 * 1024
"""Bytes; a log of a whole party takes less than one of them in a hundred."""
_MIN_FILES: Final = 1024
_RENEW_DAYS: Final = 14.0
_DAY: Final = 86400.0


def hosting() -> Iterator[Check]:
    """What a host's own server needs, or one that stays."""
    yield _port()
    yield _network()
    yield _database(places.data_folder())
    yield _postgres()
    yield _files()
    yield _trust()


def _port() -> Check:
    address = parse_listen(DEFAULT_LISTEN)
    port = address.port
    try:
        with socket.create_server((address.host, port)):
            return Check("port", "ok", f"{port} is free")
    except OSError as error:
        return Check(
            "port",
            "warn",
            f"{port} cannot be used ({(error.strerror or 'busy').lower()})",
            "a host takes the next free one; serve needs --listen",
        )


def _network() -> Check:
    address = _lan_address()
    if address.startswith("127."):
        return Check("network", "warn", "no local network", "only seats on this machine can join")
    return Check("network", "ok", f"reached as {address} with --lan")


def _lan_address() -> str:
    """This machine's address on its local network; the loopback's when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: this only asks which of our addresses would be used.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _database(folder: Path) -> Check:
    if sqlite3.sqlite_version_info[:2] < _MIN_SQLITE:
        wanted = ".".join(map(str, _MIN_SQLITE))
        return Check(
            "database", "fail", f"SQLite {sqlite3.sqlite_version}", f"{wanted} or newer is needed"
        )
    room = shutil.disk_usage(folder).free
    told = f"SQLite {sqlite3.sqlite_version}, {room / 1024**3:.1f} GiB free"
    if room < _MIN_ROOM:
        return Check("database", "warn", told, "make room, or the log stops growing")
    return Check("database", "ok", told)


def _postgres() -> Check:
    if find_spec("psycopg") is not None:
        return Check("postgresql", "ok", "its driver is here")
    return Check("postgresql", "ok", "no driver; only serve --database postgresql://… needs it")


def _files() -> Check:
    try:
        import resource
    except ImportError:
        return Check("files", "ok", "not limited here")
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return Check("files", "ok", "not limited")
    told = f"{limit} at once, so about {max(0, limit - 64)} seats on one server"
    if limit < _MIN_FILES:
        return Check("files", "warn", told, f"ulimit -n {most if most > 0 else 65536}")
    return Check("files", "ok", told)


def _trust() -> Check:
    paths = ssl.get_default_verify_paths()
    found = ssl.create_default_context().cert_store_stats()["x509_ca"]
    where = paths.cafile or paths.capath
    if not found and not paths.capath:
        return Check(
            "trust", "fail", "no authority is trusted, so no https", "install ca-certificates"
        )
    return Check("trust", "ok", f"authorities of {where}")


# A server ---------------------------------------------------------------------------------


def server(address: str) -> Iterator[Check]:
    """Whether ``address`` is a server that seats can use."""
    import httpx

    try:
        url = parse_server(address)
        began = time.monotonic()
        # Trusted is what seats trust: the system's authorities and SSL_CERT_FILE.
        trusting = ssl.create_default_context()
        proxy = proxy_to(url, os.environ)
        if proxy is not None and proxy.scheme not in ("http", "https"):
            # httpx speaks no SOCKS without a package of its own.
            yield from _websocket(url, proxy.url)
            return
        way = proxy.url if proxy is not None else None
        answer = httpx.get(
            f"{url}/healthz", timeout=_TIMEOUT, verify=trusting, proxy=way, trust_env=False
        )
        took = (time.monotonic() - began) * 1000
    except MatineeError as error:
        yield Check("server", "fail", error.message, remedy_text(error))
        return
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        remedy = "is it running, is the address right?"
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            remedy = "trust its authority: SSL_CERT_FILE=ca.pem matinee …"
        yield Check("server", "fail", f"{address}: {reason}", remedy)
        return
    if answer.status_code != 200:
        what = f"{url} answers {answer.status_code}"
        remedy = "is it a matinee server?"
        if answer.status_code == 421:
            remedy = "name it: matinee serve --public-url; a proxy must pass the Host header"
        yield Check("server", "fail", what, remedy)
        return
    yield Check("server", "ok", f"{url} answers in {took:.0f} ms")
    yield from _websocket(url, way)


def _websocket(url: str, proxy: str | None) -> Iterator[Check]:
    from websockets.exceptions import InvalidHandshake, ProxyError
    from websockets.sync.client import connect

    certificate: dict[str, Any] = {}
    try:
        with connect(
            socket_url(url), open_timeout=_TIMEOUT, close_timeout=1.0, proxy=proxy
        ) as opened:
            if isinstance(opened.socket, ssl.SSLSocket):
                certificate = cast("dict[str, Any]", opened.socket.getpeercert() or {})
    except (OSError, InvalidHandshake, ProxyError, TimeoutError) as error:
        yield Check(
            "websocket", "fail", f"does not open ({error})", "does a proxy pass on Upgrade?"
        )
        return
    yield Check("websocket", "ok", "opens")
    if "notAfter" in certificate:
        yield _validity(ssl.cert_time_to_seconds(str(certificate["notAfter"])), time.time())


def _validity(ends: float, now: float) -> Check:
    days = (ends - now) / _DAY
    told = f"trusted for {days:.0f} more days"
    if days < _RENEW_DAYS:
        return Check("certificate", "warn", told, "have it renewed")
    return Check("certificate", "ok", told)
