"""Log writer: the one door by which this node's appends enter a log: commit, acknowledge,
publish.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar, assert_never

from protocol.server import refusals as refuse
from protocol.server.bus.messages import LogEntry
from protocol.server.core.store_calls import StoreFailed
from protocol.server.log.requests import Appended, Duplicate
from protocol.wire.messages import Ack, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.bus.bus import Bus
    from protocol.server.core.context import ServerContext
    from protocol.server.log.requests import AppendRequest, Outcome, StoreCall
    from protocol.server.moment import Moment

_Answer = TypeVar("_Answer")


class LogWriter:
    """Asks the store about streams, and publishes what was appended.

    Args:
        context: asks the store.
        bus: publishes.
    """

    def __init__(self, context: ServerContext, bus: Bus) -> None:
        self._context = context
        self._bus = bus
        self._owed: Counter[str] = Counter()
        """Answers of the store that are on their way, by stream."""
        self._settled: list[Callable[[str, Moment], None]] = []

    def observe(self, settled: Callable[[str, Moment], None]) -> None:
        """Call ``settled`` whenever the store owes no more answers about a stream."""
        self._settled.append(settled)

    def is_owed(self, stream_id: str) -> bool:
        """Whether an answer of the store about this stream is on its way."""
        return stream_id in self._owed

    def ask(
        self,
        stream_id: str,
        call: StoreCall[_Answer],
        then: Callable[[_Answer | StoreFailed, Moment], None],
    ) -> None:
        """Ask the store about a stream; `is_owed` until ``then`` has had the answer."""
        self._owed[stream_id] += 1

        def answered(result: _Answer | StoreFailed, now: Moment) -> None:
            then(result, now)
            self._owed[stream_id] -= 1
            if not self._owed[stream_id]:
                del self._owed[stream_id]
                for settled in self._settled:
                    settled(stream_id, now)

        self._context.ask(call, answered)

    def append(
        self,
        request: AppendRequest,
        *,
        answer_to: int | None = None,
        committed: Callable[[Moment], None] | None = None,
        then: Callable[[Outcome | StoreFailed, Moment], None] | None = None,
    ) -> None:
        """Write to the log, then tell everybody.

        Args:
            request: what is to be written.
            answer_to: peer that is told what became of it, before anybody else is.
            committed: called when it is written, before it is published.
            then: gets what became of it, after everybody else.
        """

        def answered(result: Outcome | StoreFailed, now: Moment) -> None:
            if answer_to is not None:
                answer = acknowledgement(request.event_id, result)
                self._context.send((answer_to,), answer)
            if isinstance(result, Appended):
                if committed is not None:
                    committed(now)
                entry = LogEntry(result.record, result.event)
                self._bus.publish(request.stream_id, entry, now)
            if then is not None:
                then(result, now)

        self.ask(request.stream_id, request, answered)


def acknowledgement(event_id: str, result: Outcome | StoreFailed) -> Ack | Refusal:
    """What the sender of an append request is told became of it."""
    match result:
        case Appended(event=event):
            return Ack(event_id, event.epoch, event.seq)
        case Duplicate(cursor=at):
            return Ack(event_id, at.epoch, at.seq, duplicate=True)
        case Refusal():
            return result
        case StoreFailed(code=code):
            return refuse.store_failed(code, event_id)
        case _:
            assert_never(result)
