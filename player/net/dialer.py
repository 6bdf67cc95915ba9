"""Dialer: the seat's side of its forwarding proxy: has the child run, and speaks with it."""

from __future__ import annotations

import contextlib
import itertools
import logging
import secrets
import socket
import subprocess
import sys
import threading
import time
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from player.backend.base import Route
from player.net import texts
from player.net.items import Item, password_of, user_of
from player.net.messages import (
    DialerEvent,
    DialerLine,
    ItemForgotten,
    Setup,
    TextKept,
    TrafficMeasured,
)
from player.net.proxies import NO_PROXIES, ProxySettings
from protocol.exceptions import ResolveError
from protocol.log_line import log_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.media.url_policy import UrlPolicy

logger = logging.getLogger(__name__)

_CHILD: Final = (sys.executable, "-P", "-m", "player.net.dialer_worker")
_BACKLOG: Final = 128
_RESTART_DELAY: Final = 0.1
_LAST_DELAY: Final = 5.0
_STEADY: Final = 10.0
"""Seconds after which a child that dies is none that cannot run at all."""
_END_TIMEOUT: Final = 2.0


class Dialer:
    """Dialer of one seat; its port and its routes outlive the child.

    Args:
        proxies: the ways out that the person has named.
        ca_file: certificates that an https proxy is checked against; "" for the system's.
    """

    def __init__(
        self,
        proxies: ProxySettings = NO_PROXIES,
        ca_file: str = "",
    ) -> None:
        self.proxies = proxies
        self._listen: Callable[[DialerEvent], None] | None = None
        self._setup = Setup(secrets.token_hex(16), proxies, ca_file)
        # Bound here: who connects before the child is there, or between two, waits in line.
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._port: int = self._listener.getsockname()[1]
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._kept: dict[str, TextKept] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._outbox: SimpleQueue[DialerLine | None] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name="dialer", daemon=True)

    @property
    def pid(self) -> int | None:
        """Process id of the child; None while there is none."""
        return self._child.pid if self._child is not None else None

    def start(self, listen: Callable[[DialerEvent], None] | None = None) -> None:
        """Have the child run from now on; returns at once.

        ``listen`` takes the events, on a thread of the dialer's; it must only enqueue.
        """
        self._listen = listen
        self._thread.start()

    def close(self) -> None:
        """End the child."""
        self._closed.set()
        with self._lock:
            if self._child is not None:
                self._child.kill()
        if self._thread.ident is not None:
            self._thread.join(_END_TIMEOUT)
        self._listener.close()

    def route(self, rules: UrlPolicy, *, for_player: bool) -> Route:
        """A new item's way to its addresses, within ``rules``.

        Connections of a player wait while the network is away; others fail at once.
        """
        item = Item(next(self._numbers), rules, for_player)
        user = user_of(item)
        password = password_of(self._setup.secret, user)
        return Route(item.number, f"http://{user}:{password}@127.0.0.1:{self._port}")

    def serve(self, route: Route, name: str, content: bytes, content_type: str) -> str:
        """The address at which the item of ``route`` finds ``content`` from now on.

        Raises:
            ResolveError: it is too large to be kept.
        """
        path = f"/{secrets.token_hex(8)}/{quote(name, safe='')}"
        self._keep(TextKept(route.item, path, content, content_type))
        return f"http://{texts.TEXT_HOST}{path}"

    def replace(self, url: str, content: bytes) -> None:
        """Whoever asks next for a text of `serve` gets ``content``; nothing if it is gone."""
        kept = self._kept.get(texts.path_of(url))
        if kept is not None:
            self._keep(msgspec.structs.replace(kept, content=content))

    def withdraw(self, route: Route) -> None:
        """Forget all texts of the item."""
        with self._lock:
            self._kept = {p: text for p, text in self._kept.items() if text.item != route.item}
            self._tell(ItemForgotten(route.item))

    def _keep(self, text: TextKept) -> None:
        if len(text.content) > texts.MAX_TEXT:
            raise ResolveError("a text of the film is too large")
        with self._lock:
            self._kept[text.path] = text
            self._tell(text)

    def _tell(self, line: DialerLine) -> None:
        if self._outbox is not None:
            self._outbox.put(line)

    # In the thread ----------------------------------------------------------------------

    def _keep_running(self) -> None:
        delay = _RESTART_DELAY
        while not self._closed.is_set():
            began = time.monotonic()
            try:
                self._run_child()
            except OSError as error:
                logger.warning(log_line("dialer_not_started", cause=str(error)))
            if self._closed.is_set():
                return
            logger.warning(log_line("dialer_lost"))
            delay = _RESTART_DELAY if time.monotonic() - began > _STEADY else delay * 2
            self._closed.wait(min(delay, _LAST_DELAY))

    def _run_child(self) -> None:
        descriptor = self._listener.fileno()
        with subprocess.Popen(
            [*_CHILD, str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(descriptor,),
            start_new_session=True,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            outbox: SimpleQueue[DialerLine | None] = SimpleQueue()
            outbox.put(self._setup)
            with self._lock:
                for text in self._kept.values():
                    outbox.put(text)
                self._child, self._outbox = child, outbox
            if self._closed.is_set():
                child.kill()
            writer = threading.Thread(target=_write, args=(outbox, child.stdin), daemon=True)
            writer.start()
            try:
                for line in child.stdout:
                    self._hear(line)
            finally:
                with self._lock:
                    self._child = self._outbox = None
                child.kill()
                outbox.put(None)
                writer.join(_END_TIMEOUT)

    def _hear(self, line: bytes) -> None:
        try:
            event: DialerEvent = msgspec.json.decode(line, type=DialerEvent)
        except msgspec.MsgspecError:
            logger.warning(log_line("dialer_unreadable"))
        else:
            if not isinstance(event, TrafficMeasured):
                logger.info(log_line("dialer", told=type(event).__name__, item=event.item))
            if self._listen is not None:
                self._listen(event)


def _write(outbox: SimpleQueue[DialerLine | None], pipe: IO[bytes]) -> None:
    """A thread of its own: a pipe that is full must hold nobody up."""
    with contextlib.suppress(OSError, ValueError):
        while (line := outbox.get()) is not None:
            pipe.write(msgspec.json.encode(line) + b"\n")
            pipe.flush()
