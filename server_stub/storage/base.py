"""Store port: what the server needs of a store, whatever database is behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from protocol.server.core.store_calls import AnyStoreCall, StoreResult
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.wire.messages import Event
    from server_stub.clock import ClockAnchor

EVENT_RETENTION: Final = timedelta(days=7)
INACTIVE_AFTER: Final = timedelta(hours=24)
KEPT_INVITES: Final = 64
"""Of a stream; the oldest give way."""


class Maintained(NamedTuple):
    """What maintenance, or a step of it, did."""

    events_deleted: int
    streams_reset: int
    reset_ids: tuple[str, ...] = ()

    @classmethod
    def together(cls, steps: Iterable[Maintained]) -> Maintained:
        """What ``steps`` did, all of which are taken."""
        done = list(steps)
        return cls(
            sum(step.events_deleted for step in done),
            sum(step.streams_reset for step in done),
            tuple(stream_id for step in done for stream_id in step.reset_ids),
        )


class Store(Protocol):
    """Durable streams and logs; every method blocks, and all are called by one thread.

    Whatever but `perform` cannot be done raises `StoreError`.
    """

    def perform(self, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
        """Answer ``calls`` in their order; what an answer tells is on the disk by then.

        Never raises for what a database may do: such an answer is `StoreFailed`. Should the
        connection go in the middle of a commit and not come back, that answer is given all
        the same, and `is_in_doubt` until `settle`.
        """
        ...

    @property
    def is_in_doubt(self) -> bool:
        """Whether something was answered `StoreFailed` that may have been kept."""
        ...

    def settle(self) -> list[StreamRecord]:
        """The streams that were in doubt as they stand, and are in doubt no more.

        Raises:
            StoreError: the database is still out of reach.
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

    def anchor(self) -> ClockAnchor | None:
        """Where the server's clock was."""
        ...

    def set_anchor(self, anchor: ClockAnchor) -> None:
        """Keep where the server's clock is."""
        ...

    def wall_ahead(self) -> float:
        """Seconds that our wall clock is ahead of the database's own, where it has one."""
        ...

    def maintenance(self, now: Moment, live: Sequence[str]) -> Iterator[Maintained]:
        """Delete old events and reset inactive streams in small steps; ``live`` ones are in use.

        Anything may be done between two steps, by the same thread.
        """
        ...

    def maintain(self, now: Moment, live: Sequence[str]) -> Maintained:
        """All steps of `maintenance` at once; returns what they did together."""
        ...

    def tidy(self) -> bool:
        """What can wait until nobody asks for anything; says whether there was something to do."""
        ...

    def close(self) -> None: ...
