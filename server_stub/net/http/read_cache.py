"""Read cache: answers to reads that many ask alike: each is read once, until the stream has
changed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAX_STREAMS: Final = 256
MAX_READS: Final = 64
"""Of one stream; an answer has at most 300 events."""


class PendingRead(NamedTuple):
    """What is asked, and with which token."""

    token_hash: str
    what: str
    epoch: int | None
    after: int


class CachedPage(NamedTuple):
    """An answer and the tag that names this content."""

    body: bytes
    etag: str


class _Kept(NamedTuple):
    page: asyncio.Future[CachedPage | None]
    until: float


class ReadCache:
    """Keeps answers; an instant is seconds on any monotonic clock.

    Args:
        lifetime: seconds that an answer is kept.
    """

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._streams: OrderedDict[str, dict[PendingRead, _Kept]] = OrderedDict()

    async def page(
        self,
        stream_id: str,
        reading: PendingRead,
        read: Callable[[], Awaitable[bytes | None]],
        now: float,
    ) -> CachedPage | None:
        """The answer; ``read`` is asked for it when it is not known. None is never kept.

        Raises:
            StoreError: as ``read`` does.
        """
        reads = self._of(stream_id)
        kept = reads.get(reading)
        if kept is None or now >= kept.until:
            if len(reads) >= MAX_READS:
                reads.clear()
            page = asyncio.ensure_future(_paged(read))
            kept = reads[reading] = _Kept(page, now + self._lifetime)
            page.add_done_callback(lambda done: _drop_failed(reads, reading, done))
        # One who goes away must not take the answer from the others.
        return await asyncio.shield(kept.page)

    def forget(self, stream_id: str) -> None:
        """The stream has changed; whoever asks from now on gets what is there by now."""
        self._streams.pop(stream_id, None)

    def _of(self, stream_id: str) -> dict[PendingRead, _Kept]:
        reads = self._streams.setdefault(stream_id, {})
        self._streams.move_to_end(stream_id)
        if len(self._streams) > MAX_STREAMS:
            self._streams.popitem(last=False)
        return reads


async def _paged(read: Callable[[], Awaitable[bytes | None]]) -> CachedPage | None:
    body = await read()
    if body is None:
        return None
    return CachedPage(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


def _drop_failed(
    reads: dict[PendingRead, _Kept], reading: PendingRead, done: asyncio.Future[CachedPage | None]
) -> None:
    if done.cancelled() or done.exception() is not None or done.result() is None:
        kept = reads.get(reading)
        if kept is not None and kept.page is done:
            del reads[reading]
