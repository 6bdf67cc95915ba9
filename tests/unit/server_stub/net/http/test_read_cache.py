"""Reads that many ask alike."""

from __future__ import annotations

import asyncio

import pytest

from protocol.exceptions import StoreError
from server_stub.net.http.read_cache import MAX_READS, MAX_STREAMS, PendingRead, ReadCache

STATE = PendingRead("hash", "state", None, 0)

LIFETIME = 1.0


class Log:
    """What is read; counts how often."""

    def __init__(self) -> None:
        self.content: bytes | None = b"one"
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self) -> bytes | None:
        self.reads += 1
        content = self.content
        await self.gate.wait()
        if content == b"broken":
            raise StoreError("the database is away")
        return content


async def ask(reads: ReadCache, log: Log, now: float = 0.0, stream: str = "a") -> bytes | None:
    page = await reads.page(stream, STATE, log.read, now)
    return None if page is None else page.body


async def test_many_who_ask_at_once_cost_one_read() -> None:
    reads, log = ReadCache(LIFETIME), Log()
    log.gate.clear()
    asking = [asyncio.create_task(ask(reads, log)) for _ in range(100)]
    await asyncio.sleep(0)
    asking[0].cancel()
    log.gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert found[1:] == [b"one"] * 99
    assert log.reads == 1
    assert await ask(reads, log, 0.9 * LIFETIME) == b"one"
    assert log.reads == 1


async def test_an_answer_is_kept_for_a_second_at_most() -> None:
    reads, log = ReadCache(LIFETIME), Log()
    await ask(reads, log)
    log.content = b"two"
    assert await ask(reads, log, LIFETIME) == b"two"


async def test_who_asks_after_a_change_never_gets_what_was_before() -> None:
    reads, log = ReadCache(LIFETIME), Log()
    assert await ask(reads, log) == b"one"
    log.gate.clear()
    log.content = b"two"
    reads.forget("a")
    early = asyncio.create_task(ask(reads, log))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    log.content = b"three"
    reads.forget("a")
    late = asyncio.create_task(ask(reads, log))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    log.gate.set()
    assert (await early, await late) == (b"two", b"three")
    assert await ask(reads, log) == b"three"
    assert log.reads == 3


async def test_another_stream_and_another_question_are_read_by_themselves() -> None:
    reads, log = ReadCache(LIFETIME), Log()
    await ask(reads, log)
    await ask(reads, log, stream="b")
    await reads.page("a", STATE._replace(after=1), log.read, 0.0)
    await reads.page("a", STATE._replace(token_hash="other"), log.read, 0.0)
    assert log.reads == 4
    reads.forget("b")
    await ask(reads, log)
    assert log.reads == 4


async def test_refusals_and_failures_are_not_kept() -> None:
    reads, log = ReadCache(LIFETIME), Log()
    log.content = None
    assert await ask(reads, log) is None
    log.content = b"broken"
    with pytest.raises(StoreError):
        await ask(reads, log)
    log.content = b"one"
    assert await ask(reads, log) == b"one"


async def test_the_same_content_has_the_same_tag() -> None:
    reads, log = ReadCache(LIFETIME), Log()
    first = await reads.page("a", STATE, log.read, 0.0)
    again = await reads.page("a", STATE, log.read, 10.0)
    log.content = b"two"
    other = await reads.page("a", STATE, log.read, 20.0)
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.etag == again.etag != other.etag


async def test_what_is_kept_is_bounded() -> None:
    reads, log = ReadCache(LIFETIME), Log()
    for number in range(MAX_STREAMS + 1):
        await ask(reads, log, stream=str(number))
    before = log.reads
    await ask(reads, log, stream=str(MAX_STREAMS))
    assert log.reads == before
    await ask(reads, log, stream="0")
    assert log.reads == before + 1
    for number in range(MAX_READS):
        await reads.page("0", STATE._replace(after=number + 1), log.read, 0.0)
    before = log.reads
    await ask(reads, log, stream="0")
    assert log.reads == before + 1
