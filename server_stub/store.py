"""What the server needs of a store, whatever database is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.messages import Event
    from protocol.server_effects import StoreCall, StoreResult
    from protocol.server_log import Moment, StreamRecord
    from server_stub.clock import Anchor
    from server_stub.maintenance import Maintained


class Store(Protocol):
    """Durable streams and logs; every method blocks, and all are called by one thread."""

    def perform(self, calls: Sequence[StoreCall]) -> list[StoreResult]:
        """Answer ``calls`` in their order; what an answer tells is on the disk by then.

        Never raises for what a database may do: such an answer is `StoreFailed`.
        """
        ...

    def stream(self, stream_id: str, token_hash: str, now: Moment) -> StreamRecord | None:
        """The stream, when the token opens it."""
        ...

    def records(self, stream_ids: Sequence[str]) -> list[StreamRecord]:
        """These streams, as far as they exist."""
        ...

    def events(self, stream_id: str, epoch: int, after: int, limit: int) -> tuple[Event, ...]:
        """The log of one epoch after seq ``after``, oldest first."""
        ...

    def anchor(self) -> Anchor | None:
        """Where the server's clock was."""
        ...

    def set_anchor(self, anchor: Anchor) -> None:
        """Keep where the server's clock is."""
        ...

    def maintain(self, now: Moment, live: Sequence[str]) -> Maintained:
        """Delete old events and reset inactive streams; ``live`` ones are in use."""
        ...

    def close(self) -> None: ...
