"""Instrumentation of the store: how long it takes, and which streams it changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from protocol.server.core.store_calls import InsertStream, OpenStream, ReadSince

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.core.effects import AskStore
    from server_stub.observability.metrics import Metrics
    from server_stub.storage.worker import StoreAnswer


class _Asked(NamedTuple):
    at: float
    changes: str
    """Stream that the call may change; "" for none."""


class StoreInstrumentation:
    """A `StoreObserver` that counts, and tells which stream changes.

    Args:
        metrics: gets how long each answer took, and how long it took to tell it.
        changed: told of a stream before anybody else is told of its change.
    """

    def __init__(self, metrics: Metrics, changed: Callable[[str], None]) -> None:
        self._metrics = metrics
        self._changed = changed
        self._asked: dict[int, _Asked] = {}

    def asked(self, question: AskStore) -> None:
        call = question.call
        changes = ""
        if not isinstance(call, InsertStream | OpenStream | ReadSince):
            changes = call.stream_id
        self._asked[question.ticket] = _Asked(time.perf_counter(), changes)

    def answered(self, answers: list[StoreAnswer]) -> None:
        now = time.perf_counter()
        for answer in answers:
            question = self._asked[answer.ticket]
            self._metrics.stored(now - question.at)
            if question.changes:
                self._changed(question.changes)

    def told(self, answers: list[StoreAnswer]) -> None:
        now = time.perf_counter()
        for answer in answers:
            question = self._asked.pop(answer.ticket)
            self._metrics.told(now - question.at, answer.result)
