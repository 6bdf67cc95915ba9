"""Metrics endpoint: ``/metrics``: what can be looked up now, and who may read it."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Final

from protocol.exceptions import SettingsError
from protocol.server.limits.addresses import is_own
from protocol.wire.addresses import host_of, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection
    from websockets.datastructures import Headers

    from protocol.server.protocol import ServerProtocol
    from server_stub.observability.metrics import Metrics

_MIN_TOKEN: Final = 16
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class MetricsKey:
    """Who may read.

    Args:
        token: opens it to anybody; "" for nobody but this machine.
        is_fronted: a proxy stands in front, so that a connection from this machine may be
            anybody's.
    """

    def __init__(self, token: str = "", *, is_fronted: bool = False) -> None:
        self._token = token.encode()
        self._is_fronted = is_fronted

    def is_open_to(self, address: str, headers: Headers) -> bool:
        """Whether no token is asked for: of a program on this machine that comes directly."""
        if self._token or self._is_fronted or not is_own(address):
            return False
        return is_loopback(host_of(headers.get("Host", ""))) and not any(
            name in headers for name in _FORWARDED
        )

    def opens(self, token: str) -> bool:
        return bool(self._token) and hmac.compare_digest(self._token, token.encode())


def read_key(token_file: Path | None, *, is_fronted: bool) -> MetricsKey:
    """What opens the metrics of a server.

    Raises:
        SettingsError: the file cannot be read, or what is in it is easily guessed.
    """
    if token_file is None:
        return MetricsKey(is_fronted=is_fronted)
    try:
        token = token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not plain ASCII"
        raise SettingsError(
            "metrics-token-file", f"{token_file} cannot be read ({reason})", "name another file"
        ) from None
    if len(token) < _MIN_TOKEN or not token.isprintable():
        raise SettingsError(
            "metrics-token-file",
            f"the token in {token_file} is shorter than {_MIN_TOKEN} characters",
            "make one with: openssl rand -hex 24",
        )
    return MetricsKey(token, is_fronted=is_fronted)


class MetricsEndpoint:
    """Looks at a running server and its open connections.

    Args:
        core: the server's.
        connections: the open ones.
        metrics: what was counted.
        key: who may read.
    """

    def __init__(
        self,
        core: ServerProtocol,
        connections: Mapping[int, ServerConnection],
        metrics: Metrics,
        key: MetricsKey,
    ) -> None:
        self._core = core
        self._connections = connections
        self._metrics = metrics
        self.key = key

    def responded(self, status: int) -> None:
        """A request was answered without a websocket."""
        self._metrics.responses[str(status)] += 1

    async def watch_drift(self, interval: float) -> None:
        """Look at the seats every ``interval`` seconds."""
        while True:
            await asyncio.sleep(interval)
            self._metrics.drifting(self._core.drifts_ms())

    def page(self) -> bytes:
        """Everything, as Prometheus reads it."""
        unread = [
            connection.transport.get_write_buffer_size()
            for connection in self._connections.values()
        ]
        return self._metrics.page(
            {
                "matinee_streams": ("Streams with somebody in.", len(self._core.live_streams)),
                "matinee_seats": ("Members of all streams.", self._core.participants),
                "matinee_connections": ("Open websockets.", len(unread)),
                "matinee_store_queue": (
                    "Questions that the store has not answered.",
                    self._core.asking,
                ),
                "matinee_unread_bytes": ("Written, not taken by the network.", sum(unread)),
                "matinee_unread_bytes_max": ("The same of the worst seat.", max(unread, default=0)),
                "matinee_unread_seats": ("Seats with such bytes.", sum(map(bool, unread))),
            }
        )
