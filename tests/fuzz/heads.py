"""One function for each parser of the dialer, which stands between a player and the network.

Each takes any text, each character below 256 as a byte, and raises only when a promise is broken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from player.net.proxies import read_named, read_proxies
from player.net.request_head import parse_head
from player.net.response_head import for_player
from player.net.texts import Text, answer
from player.request_headers import headers_of
from protocol.exceptions import ProtocolError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TEXT: Final = Text(1, b"0123456789", "text/plain")
_LOST: Final = re.compile(r"[\0\udc80-\udcff]")
"""What no variable of an environment holds."""


def request_asked(text: str) -> None:
    """A request: what goes on is one head, and asks for nothing else."""
    try:
        head = parse_head(text.encode("latin-1", "replace"))
    except ProtocolError:
        return
    assert re.fullmatch(r"[!-~]+", head.host)
    assert not re.search(r"[/@?#]", head.host)
    assert 0 < head.port < 65536
    for sent in (head.origin_form(), head.absolute_form("Basic eA==")):
        lines = sent.split(b"\r\n")
        assert lines[-2:] == [b"", b""]
        assert all(lines[:-2])
        assert not [line for line in lines if b"\r" in line or b"\n" in line]
        assert head.is_tunnel or len(lines[0].split(b" ")) == 3
    told = answer(_TEXT, head.method, head.field("range"))
    size = int(told.partition(b"Content-Length: ")[2].partition(b"\r")[0])
    body = told.partition(b"\r\n\r\n")[2]
    assert len(body) == (0 if head.method == "HEAD" else size)


def response_told(text: str) -> None:
    """A server's head: as many lines as before, and nothing raw where it leads."""
    raw = text.encode("latin-1", "replace")
    told = for_player(raw, "films.example:80", "/a/film.mp4?x=1")
    assert told.count(b"\r\n") == raw.count(b"\r\n")
    for line in told.split(b"\r\n"):
        if line.lower().startswith(b"location:"):
            assert b" " not in line.partition(b": ")[2]


def proxies_named(text: str) -> None:
    """Variables, one a line, after a line with the host that is looked for."""
    host, *lines = _LOST.sub("", text).split("\n")
    environ = {name: value for name, _, value in (x.partition("=") for x in lines)}
    settings = read_proxies(environ)
    problems = [named.problem for named in read_named(environ) if named.problem]
    for scheme in ("http", "https"):
        try:
            proxy = settings.proxy_for(scheme, host)
        except SettingsError:
            assert problems
            continue
        if proxy is not None:
            assert proxy.host
            assert 0 < proxy.port < 65536
            assert proxy.shown.isprintable()


def headers_chosen(text: str) -> None:
    """Options of mpv, one a line: no field that would be two."""
    options = [(name, value) for name, _, value in (x.partition("=") for x in text.split("\n"))]
    headers = headers_of(options).as_mapping()
    for name, value in headers.items():
        assert not re.search(r"[\r\n\0]", name + value)


HEADS: Final[Mapping[str, Callable[[str], None]]] = {
    "request": request_asked,
    "response": response_told,
    "proxies": proxies_named,
    "headers": headers_chosen,
}
