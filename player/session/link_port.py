"""Link port: what a session needs of the way to its server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.session.core.handlers.server_events import LinkDown
    from protocol.client.protocol import ClientProtocol


class Link(Protocol):
    """Keeps one protocol connected until told to stop."""

    stream_id: str
    """What the next connection asks for."""
    token: str
    """"" when there is none yet."""

    async def run(self) -> None:
        """Connect, and connect again, until `stop`."""
        ...

    def flush(self) -> None:
        """There may be something to send."""
        ...

    def retry_now(self) -> None:
        """Do not wait for the next attempt."""
        ...

    async def drop(self) -> None:
        """Close the connection; `run` makes a new one."""
        ...

    async def stop(self) -> None:
        """Send what is left and close for good."""
        ...


class MakeLink(Protocol):
    """Makes the link of one session.

    Args:
        protocol: what is said; every callback may look at its events.
        server: ``http(s)://host[:port]``.
        token: for the handshake's Authorization header; "" when there is none yet.
        on_events: called after anything arrived or came due.
        on_down: called when a connection is lost or an attempt fails.
    """

    def __call__(
        self,
        protocol: ClientProtocol,
        *,
        server: str,
        stream_id: str,
        token: str,
        on_events: Callable[[], None],
        on_down: Callable[[LinkDown], None],
    ) -> Link: ...
