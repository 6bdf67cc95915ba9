"""What may be odd about an answer that sends a file, one function for each behaviour."""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tests.films import content_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.doubles.odd_web.handler import Handler

REFERRER: Final = "http://site.example/"
LOGIN: Final = ("user", "password")
CHUNK: Final = 8192
REDIRECTS: Final = (301, 302, 303, 307, 308)
HOURS: Final = 3600.0
BURST: Final = 3.0
"""Seconds of a broadcast that a listener is sent at once."""


def file_of(handler: Handler, rest: str) -> Path | None:
    """The file that is asked for; refuses by itself where there is none."""
    folder = handler.odd.folder.resolve()
    path = (folder / rest).resolve()
    if path.is_relative_to(folder) and path.is_file():
        return path
    handler.no(404)
    return None


def send_file(
    handler: Handler, rest: str, *, kbps: float = 0.0, kind: str = "", written: int | None = None
) -> None:
    """The file, in byte ranges if asked for.

    Args:
        handler: whom to answer.
        rest: the file's name.
        kbps: kilobytes a second; 0 for as fast as may be.
        kind: another content type than the file's.
        written: how many bytes there are of it; None for all.
    """
    if (path := file_of(handler, rest)) is None:
        return
    size = path.stat().st_size if written is None else min(written, path.stat().st_size)
    span = byte_range(handler.header("Range"), size)
    if span is None:
        handler.no(416, ("Content-Range", f"bytes */{size}"))
        return
    start, end, is_part = span
    handler.send_response(206 if is_part else 200)
    handler.send_header("Accept-Ranges", "bytes")
    handler.send_header("Content-Length", str(end - start))
    if is_part:
        handler.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
    handler.send_header("Content-Type", kind or content_type(path))
    handler.end_headers()
    _send(handler, path, start, end, kbps=kbps)


def byte_range(asked: str, size: int) -> tuple[int, int, bool] | None:
    """First byte, end, and whether it is a part; None for one that there is not."""
    unit, _, span = asked.partition("=")
    first, dash, last = span.partition("-")
    if unit != "bytes" or not dash or not first.isdigit():
        return 0, size, False
    start = int(first)
    end = min(size, int(last) + 1) if last.isdigit() else size
    return (start, end, True) if start < size else None


def _send(handler: Handler, path: Path, start: int, end: int, *, kbps: float = 0.0) -> None:
    if handler.command == "HEAD":
        return
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (part := file.read(min(CHUNK, end - start))):
            if not handler.write(part):
                return
            start += len(part)
            if kbps:
                handler.odd.rest(len(part) / 1024 / kbps)


# Who may ------------------------------------------------------------------------------


def _agent(handler: Handler, rest: str) -> None:
    if handler.header("User-Agent").startswith("Mozilla"):
        send_file(handler, rest)
    else:
        handler.no(403)


def _agent_bound(handler: Handler, rest: str) -> None:
    handler.to(f"/agent-token/{_digest(handler)}/{quote(rest)}")


def _agent_token(handler: Handler, rest: str) -> None:
    token, _, name = rest.partition("/")
    if token == _digest(handler):
        send_file(handler, name)
    else:
        handler.no(403)


def _digest(handler: Handler) -> str:
    return hashlib.sha256(handler.header("User-Agent").encode()).hexdigest()[:12]


def _cookie(handler: Handler, rest: str) -> None:
    handler.to(f"/cookie-wanted/{quote(rest)}", ("Set-Cookie", "pass=1; Path=/"))


def _cookie_wanted(handler: Handler, rest: str) -> None:
    if "pass=1" in handler.header("Cookie"):
        send_file(handler, rest)
    else:
        handler.no(403)


def _referer(handler: Handler, rest: str) -> None:
    if handler.header("Referer") == REFERRER:
        send_file(handler, rest)
    else:
        handler.no(403)


def _login(handler: Handler, rest: str) -> None:
    wanted = base64.b64encode(":".join(LOGIN).encode()).decode()
    if handler.header("Authorization") == f"Basic {wanted}":
        send_file(handler, rest)
    else:
        handler.no(401, ("WWW-Authenticate", 'Basic realm="films"'))


# The way there ------------------------------------------------------------------------


def _space(handler: Handler, rest: str) -> None:
    handler.to(f"/spaced/My Film/{rest}")


def _spaced(handler: Handler, rest: str) -> None:
    send_file(handler, rest.removeprefix("My Film/"))


def _chain(handler: Handler, rest: str) -> None:
    count, _, name = rest.partition("/")
    left = int(count)
    # Relative, as many servers write it.
    where = f"../{left - 1}/{quote(name)}" if left else f"/plain/{quote(name)}"
    handler.to(where, status=REDIRECTS[left % len(REDIRECTS)])


def _once(handler: Handler, rest: str) -> None:
    handler.odd.times["once"] += 1
    handler.to(f"/once-token/{handler.odd.times['once']}/{quote(rest)}")


def _once_token(handler: Handler, rest: str) -> None:
    token, _, name = rest.partition("/")
    handler.odd.times[f"once {token}"] += 1
    if handler.odd.times[f"once {token}"] == 1:
        send_file(handler, name)
    else:
        handler.no(403)


def _expiring(handler: Handler, rest: str) -> None:
    seconds, _, name = rest.partition("/")
    until = handler.odd.now + float(seconds)
    handler.to(f"/until/{until:.3f}/{quote(name)}")


def _until(handler: Handler, rest: str) -> None:
    until, _, name = rest.partition("/")
    if handler.odd.now < float(until):
        send_file(handler, name)
    else:
        handler.no(403)


# What the network does ----------------------------------------------------------------


def _hang(handler: Handler, rest: str) -> None:
    handler.odd.rest(HOURS)
    handler.close_connection = True


def _slow(handler: Handler, rest: str) -> None:
    kbps, _, name = rest.partition("/")
    send_file(handler, name, kbps=float(kbps))


def _cut(handler: Handler, rest: str) -> None:
    kilobytes, _, name = rest.partition("/")
    handler.left = int(kilobytes) * 1024
    send_file(handler, name)


def _busy(handler: Handler, rest: str) -> None:
    seconds, _, name = rest.partition("/")
    first = min(at for path, at in handler.odd.first_asked.items() if path.endswith(rest))
    if handler.odd.now - first < float(seconds):
        handler.no(503, ("Retry-After", "1"))
    else:
        send_file(handler, name)


def _missing(handler: Handler, rest: str) -> None:
    end, _, name = rest.partition("/")
    if name.endswith(end):
        handler.no(404)
    else:
        send_file(handler, name)


# How it is written --------------------------------------------------------------------


def _no_ranges(handler: Handler, rest: str) -> None:
    if (path := file_of(handler, rest)) is None:
        return
    size = path.stat().st_size
    handler.send_response(200)
    handler.send_header("Content-Length", str(size))
    handler.send_header("Content-Type", content_type(path))
    handler.end_headers()
    _send(handler, path, 0, size)


def _no_length(handler: Handler, rest: str) -> None:
    if (path := file_of(handler, rest)) is None:
        return
    handler.send_response(200)
    handler.send_header("Content-Type", content_type(path))
    handler.send_header("Connection", "close")
    handler.end_headers()
    _send(handler, path, 0, path.stat().st_size)


def _chunked(handler: Handler, rest: str) -> None:
    if (path := file_of(handler, rest)) is None:
        return
    handler.send_response(200)
    handler.send_header("Content-Type", content_type(path))
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    if handler.command == "HEAD":
        return
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            if not handler.write(b"%x\r\n%s\r\n" % (len(part), part)):
                return
    handler.write(b"0\r\n\r\n")


def _type(handler: Handler, rest: str) -> None:
    kind, _, name = rest.partition("/")
    send_file(handler, name, kind=kind.replace("+", "/"))


def _gzip(handler: Handler, rest: str) -> None:
    if (path := file_of(handler, rest)) is not None:
        packed = gzip.compress(path.read_bytes())
        handler.content(packed, content_type(path), 200, ("Content-Encoding", "gzip"))


def _radio(handler: Handler, rest: str) -> None:
    kbps, _, name = rest.partition("/")
    if (path := file_of(handler, name)) is None:
        return
    handler.send_response(200)
    handler.send_header("Content-Type", content_type(path))
    handler.send_header("Connection", "close")
    handler.end_headers()
    whole, pace = path.read_bytes(), float(kbps) * 1024
    sent = at = round(handler.odd.now * pace)
    while handler.command != "HEAD":
        while sent < at + round(BURST * pace):
            place = sent % len(whole)
            part = whole[place : place + CHUNK]
            if not handler.write(part):
                return
            sent += len(part)
        if not handler.odd.rest(0.1):
            return
        at = round(handler.odd.now * pace)


def _growing(handler: Handler, rest: str) -> None:
    kbps, _, name = rest.partition("/")
    send_file(handler, name, written=round(handler.odd.now * float(kbps) * 1024))


FILES: Final[Mapping[str, Callable[[Handler, str], None]]] = {
    "plain": send_file,
    "agent": _agent,
    "agent-bound": _agent_bound,
    "agent-token": _agent_token,
    "cookie": _cookie,
    "cookie-wanted": _cookie_wanted,
    "space": _space,
    "spaced": _spaced,
    "referer": _referer,
    "login": _login,
    "chain": _chain,
    "once": _once,
    "once-token": _once_token,
    "expiring": _expiring,
    "until": _until,
    "hang": _hang,
    "slow": _slow,
    "cut": _cut,
    "busy": _busy,
    "missing": _missing,
    "no-ranges": _no_ranges,
    "no-length": _no_length,
    "chunked": _chunked,
    "type": _type,
    "gzip": _gzip,
    "growing": _growing,
    "radio": _radio,
}
