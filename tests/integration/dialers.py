"""A real dialer for a test, and what it tells."""

from __future__ import annotations

import contextlib
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from player.net.dialer import Dialer
from player.net.proxies import NO_PROXIES, ProxySettings

if TYPE_CHECKING:
    from collections.abc import Generator

    from player.net.messages import DialerEvent

_Event = TypeVar("_Event")
PATIENCE = 20.0
"""Seconds in which even a busy machine does what is waited for."""


class WatchedDialer(Dialer):
    """A dialer whose events a test waits for."""

    def __init__(self, proxies: ProxySettings) -> None:
        super().__init__(proxies)
        self.told: SimpleQueue[DialerEvent] = SimpleQueue()

    def wait(self, kind: type[_Event]) -> _Event:
        """The next event of this kind."""
        until = time.monotonic() + PATIENCE
        seen: list[DialerEvent] = []
        while True:
            try:
                event = self.told.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                raise AssertionError(f"no {kind.__name__} after {seen}") from None
            if isinstance(event, kind):
                return event
            seen.append(event)


@contextlib.contextmanager
def dialing(proxies: ProxySettings = NO_PROXIES) -> Generator[WatchedDialer]:
    """A dialer that is ended with the test, whatever happens."""
    dialer = WatchedDialer(proxies)
    dialer.start(dialer.told.put)
    try:
        yield dialer
    finally:
        dialer.close()
