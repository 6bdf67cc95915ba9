"""A web server's state, its sockets, and one request of a client."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

LOOK: Final = 0.02
"""Seconds between two looks at whether to go on."""
PORTAL_PATH = "/sign-in-here"
PORTAL_PAGE = b"<!DOCTYPE html><html><head><title>Wi-Fi</title></head><body>Sign in</body></html>\n"


class Asked(NamedTuple):
    """What a client asked for."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: float
    """Seconds since the server started."""


@dataclass
class OddWebServer:
    """A running server and what is the matter with it."""

    folder: Path
    port: int = 0
    scheme: str = "http"
    down: bool = False
    """Each connection is closed without a word, those under way too."""
    silent: bool = False
    """Nothing more is sent, and no connection is closed, as where packets are lost."""
    portal: bool = False
    """Everything leads to a captive portal's page; a transfer under way is cut."""
    refuses: int = 0
    """Answer everything with this status; a transfer under way is cut."""
    asked: list[Asked] = field(default_factory=list[Asked])
    sent: int = 0
    """Bytes of content."""
    started: float = field(default_factory=time.monotonic)
    first_asked: dict[str, float] = field(default_factory=dict[str, float])
    """When each path was first asked for, in seconds since the start."""
    times: Counter[str] = field(default_factory=Counter[str])
    """How often each token was used."""
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        """The address of ``/BEHAVIOUR/.../FILE``."""
        return f"{self.scheme}://127.0.0.1:{self.port}{quote(path)}"

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def stops(self) -> bool:
        """A transfer under way goes no further."""
        return self.down or self.portal or bool(self.refuses) or self.over.is_set()

    def rest(self, seconds: float) -> bool:
        """Wait; whether the transfer may go on."""
        until = time.monotonic() + seconds
        while not self.stops and (self.silent or time.monotonic() < until):
            left = LOOK if self.silent else min(LOOK, max(0.0, until - time.monotonic()))
            self.over.wait(left)
        return not self.stops


class Server(ThreadingHTTPServer):
    """Its sockets; each request is answered by a thread."""

    odd: OddWebServer
    behaviours: Mapping[str, Callable[[Handler, str], None]]
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        # Threads are joined on close, so that no test inherits another's sockets.
        self.daemon_threads = False
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Keep the connection, to end it later."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Players hang up whenever they like."""

    def hang_up(self) -> None:
        """End every connection."""
        for connection in self._connections.copy():
            with contextlib.suppress(OSError):
                connection.shutdown(2)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    left: int | None = None
    """How many bytes of content are still sent before the connection ends; None for all."""

    @property
    def odd(self) -> OddWebServer:
        """Whose connection it is."""
        return self.server.odd

    def do_HEAD(self) -> None:
        """Answer without content."""
        self._answer()

    def do_GET(self) -> None:
        """Answer with content."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""

    def header(self, name: str) -> str:
        """What the client said; "" for nothing."""
        return str(self.headers.get(name, ""))

    def no(self, status: int, *more: tuple[str, str]) -> None:
        """Refuse."""
        self.content(b"no\n", "text/plain", status, *more)

    def to(self, location: str, *more: tuple[str, str], status: int = 302) -> None:
        """Lead elsewhere; ``location`` is written as it is."""
        self.content(b"", "text/plain", status, ("Location", location), *more)

    def content(self, body: bytes, kind: str, status: int = 200, *more: tuple[str, str]) -> None:
        """Answer with bytes that are at hand."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", kind)
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.odd.sent += len(body)

    def write(self, part: bytes) -> bool:
        """Send a part of the content; whether more may follow."""
        if not self.odd.rest(0.0):
            self.close_connection = True
            return False
        if self.left is not None:
            part = part[: self.left]
            self.left -= len(part)
        self.wfile.write(part)
        self.odd.sent += len(part)
        if self.left == 0:
            self.close_connection = True
        return self.left != 0

    def _answer(self) -> None:
        odd = self.odd
        if not odd.rest(0.0) and not odd.refuses and not odd.portal:
            self.close_connection = True
            return
        path = unquote(urlsplit(self.path).path)
        odd.asked.append(Asked(self.command, self.path, dict(self.headers.items()), odd.now))
        odd.first_asked.setdefault(path, odd.now)
        if odd.refuses:
            self.no(odd.refuses)
        elif path == PORTAL_PATH:
            self.content(PORTAL_PAGE, "text/html")
        elif odd.portal:
            self.to(PORTAL_PATH)
        else:
            name, _, rest = path[1:].partition("/")
            answer = self.server.behaviours.get(name)
            if answer is None:
                self.no(404)
            else:
                answer(self, rest)
