"""Coroutine: a flow of several store calls, written from top to bottom as a generator."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeVar, cast

from protocol.server.core.store_calls import AnyStoreCall, StoreFailed, StoreResult
from protocol.server.moment import Moment

if TYPE_CHECKING:
    from protocol.server.log.requests import StoreCall

_T = TypeVar("_T")
_Answer = TypeVar("_Answer")

Answered = tuple[StoreResult, Moment]
"""What the store answered, and when."""
StoreFlow = Generator[AnyStoreCall, Answered, _T]
"""Yields what the store is asked, and is sent the answer, however long that takes."""


def ask(call: StoreCall[_Answer]) -> StoreFlow[tuple[_Answer | StoreFailed, Moment]]:
    """``answer, now = yield from ask(call)``: whatever was true before may be so no more."""
    # Whoever drives the flow sends the answer to the very call that was yielded.
    result, now = yield cast("AnyStoreCall", call)
    return cast("_Answer | StoreFailed", result), now
