"""Instrumented worker: the store's thread, with an eye on how long it takes and on what changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from protocol.server.core.store_calls import InsertStream, OpenStream, ReadSince
from server_stub.storage.worker import StoreWorker

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.core.effects import AskStore
    from protocol.server.log.record import StreamRecord
    from server_stub.observability.metrics import Metrics
    from server_stub.storage.base import Store
    from server_stub.storage.worker import StoreAnswer


class _Asked(NamedTuple):
    at: float
    changes: str
    """Stream that the call may change; "" for none."""


class InstrumentedStoreWorker(StoreWorker):
    """Counts what is asked, and forgets what was read of a stream that changes.

    Args:
        store, deliver, settled: as for `StoreWorker`.
        metrics: gets how long each answer took, and how long it took to tell it.
        changed: told of a stream before anybody else is told of its change.
    """

    def __init__(
        self,
        store: Store,
        deliver: Callable[[list[StoreAnswer]], None],
        settled: Callable[[list[StreamRecord]], None],
        metrics: Metrics,
        changed: Callable[[str], None],
    ) -> None:
        self._told = deliver
        self._metrics = metrics
        self._changed = changed
        self._asked: dict[int, _Asked] = {}
        super().__init__(store, self._pass_on, settled)

    def ask(self, question: AskStore) -> None:
        call = question.call
        changes = ""
        if not isinstance(call, InsertStream | OpenStream | ReadSince):
            changes = call.stream_id
        self._asked[question.ticket] = _Asked(time.perf_counter(), changes)
        super().ask(question)

    def _pass_on(self, answers: list[StoreAnswer]) -> None:
        asked = [self._asked.pop(answer.ticket) for answer in answers]
        now = time.perf_counter()
        for question in asked:
            self._metrics.stored(now - question.at)
            if question.changes:
                self._changed(question.changes)
        self._told(answers)
        now = time.perf_counter()
        for question, answer in zip(asked, answers, strict=True):
            self._metrics.told(now - question.at, answer.result)
