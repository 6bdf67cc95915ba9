"""What a running server does beside serving: retention, dead connections, its store's thread."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, cast

import pytest

from protocol.exceptions import StoreError
from protocol.server.core.effects import AskStore
from protocol.server.core.store_calls import OpenStream, StoreFailed
from protocol.server.moment import Moment
from protocol.wire.messages import Ack, Command, Leave, PlayAct, Resume, SeekAct, Snapshot
from server_stub.app import ServeOptions, maintain, running
from server_stub.clock import ClockReading, read_clocks
from server_stub.storage import admin
from server_stub.storage.engines.sqlite import open_sqlite
from server_stub.storage.memory import MemoryStore
from server_stub.storage.worker import StoreAnswer, StoreWorker
from server_stub.timing import ServerTiming
from tests.doubles.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from pathlib import Path

    from protocol.server.core.store_calls import AnyStoreCall, StoreResult
    from protocol.server.log.record import StreamRecord
    from server_stub.storage.base import Store


USUAL = ServerTiming()


def options_in(folder: Path) -> ServeOptions:
    return ServeOptions(listen="127.0.0.1:0", database=str(folder / "party.db"))


async def test_a_party_that_goes_on_is_not_reset(tmp_path: Path) -> None:
    async with (
        running(options_in(tmp_path)) as server,
        await Wire.create(server.listening.url) as host,
    ):
        await host.send(Command("event-0001", 1, 1, host.snapshot.cursor, PlayAct()))
        await host.wait_for(Ack)
        await maintain(server)
        await host.send(Command("event-0002", 1, 2, host.snapshot.cursor, SeekAct(5.0)))
        assert (await host.wait_for(Ack)).seq == 3


async def test_a_server_that_ends_with_its_last_seat_leaves_no_film_running(
    tmp_path: Path,
) -> None:
    options = options_in(tmp_path)
    async with running(options) as server:
        async with await Wire.create(server.listening.url) as host:
            await host.send(Command("event-0001", 1, 1, host.snapshot.cursor, PlayAct()))
            await host.wait_for(Ack)
            await host.send(Leave())
            async with asyncio.timeout(5):
                await host.socket.wait_closed()
        assert server.core.live_streams == ()
    (stream,) = admin.past_streams(options.database)
    assert not stream.record.timeline.playing
    events = admin.past_events(options.database, stream.record.stream_id)
    assert (events[-1].event_type, events[-1].member_id) == ("pause", "")


async def test_a_reset_of_a_party_that_somebody_came_to_is_told(tmp_path: Path) -> None:
    async with (
        running(options_in(tmp_path)) as server,
        await Wire.create(server.listening.url) as host,
    ):
        await host.send(Command("event-0001", 1, 1, host.snapshot.cursor, PlayAct()))
        event = await host.wait_for(Ack)
        now = server.clock.now()
        later = Moment(now.instant, now.unix_ms + 25 * 3600 * 1000)
        done = await server.thread.run(lambda store: store.maintain(later, ()))
        records = await server.thread.run(lambda store: store.records(done.reset_ids))
        server.core.reset(records, server.clock.now())
        server.gateway.perform()
        snapshot = await host.wait_for(Snapshot)
        assert (snapshot.reason, snapshot.epoch, snapshot.seq) == ("reset", 2, 0)
        assert not snapshot.timeline.playing
        await host.send(Resume(snapshot.cursor))
        await host.send(Command("event-0002", 1, 2, snapshot.cursor, SeekAct(5.0)))
        ack = await host.wait_for(Ack)
        assert (event.seq, ack.epoch, ack.seq) == (2, 2, 1)


async def test_maintenance_refuses_when_the_clock_has_jumped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong_by = 0.0

    def read() -> ClockReading:
        right = read_clocks()
        return right._replace(wall=right.wall + wrong_by)

    async with running(options_in(tmp_path), read=read) as server:
        wrong_by = -7200.0
        await maintain(server)
    assert "event=maintenance_refused clock_jump=-7200" in caplog.text


async def test_maintenance_refuses_over_a_restart_as_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = options_in(tmp_path)
    async with (
        running(options) as server,
        await Wire.create(server.listening.url) as host,
    ):
        stream_id = host.welcome.stream_id
    # As if it all had been written 8 days ago by the same clock, which then jumped.
    store = open_sqlite(tmp_path / "party.db")
    anchor = store.anchor()
    assert anchor is not None
    store.set_anchor(anchor._replace(wall=anchor.wall - 8 * 86400))
    store.close()
    with closing(sqlite3.connect(options.database)) as file, file:
        file.execute("UPDATE playback_events SET created_at = '2020-01-01 00:00:00.000000'")
    async with running(options) as server:
        await maintain(server)
    assert "event=maintenance_refused clock_jump=691200" in caplog.text
    assert len(admin.past_events(options.database, stream_id)) == 1


async def test_what_was_written_while_the_clock_was_wrong_is_not_old_once_it_is_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wrong_by = 0.0

    def read() -> ClockReading:
        right = read_clocks()
        return right._replace(wall=right.wall + wrong_by)

    async with (
        running(options_in(tmp_path), read=read) as server,
        await Wire.create(server.listening.url) as host,
    ):
        wrong_by = -8 * 86400.0
        await host.send(Command("event-0001", 1, 1, host.snapshot.cursor, PlayAct()))
        await host.wait_for(Ack)
        await maintain(server)
        assert "event=maintenance_refused" in caplog.text
        wrong_by = 0.0
        await maintain(server)
        assert "event=maintained events_deleted=0" in caplog.text


class Heard(logging.Handler):
    """Waits for a line of the log."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words
        self.is_there = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self._words in record.getMessage():
            self.is_there.set()


async def test_the_anchor_is_kept_and_maintenance_is_run_as_time_goes_by(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    heard, server_log = Heard("event=maintained"), logging.getLogger("matinee.server")
    server_log.addHandler(heard)
    try:
        async with running(
            options_in(tmp_path), timing=ServerTiming(anchor_interval=0.2)
        ) as server:
            first = await server.thread.run(lambda store: store.anchor())
            async with asyncio.timeout(5):
                await heard.is_there.wait()
            anchor = await server.thread.run(lambda store: store.anchor())
            assert first is not None
            assert anchor is not None
            assert first.instant < anchor.instant <= server.clock.instant()
    finally:
        server_log.removeHandler(heard)


async def test_a_connection_that_died_without_a_word_is_found(tmp_path: Path) -> None:
    timing = ServerTiming(silence_timeout=0.1, lag_interval=0.05)
    async with running(options_in(tmp_path), timing=timing) as server:
        dead = await Wire.create(server.listening.url)
        dead.socket.transport.pause_reading()
        async with await Wire.create(server.listening.url, "Zoe") as alive:
            async with asyncio.timeout(5):
                while len(server.gateway.connections) > 1:
                    await (await alive.socket.ping())
        dead.socket.transport.abort()


# The thread -----------------------------------------------------------------------------


def nobody(_: object) -> None:
    raise AssertionError("nothing was in doubt")


class Brittle(MemoryStore):
    """A store that breaks at each call."""

    def perform(self, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
        raise RuntimeError(f"no answer to {len(calls)}")


async def test_a_store_that_breaks_fails_its_callers_and_the_thread_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard = asyncio.Queue[list[StoreAnswer]]()
    thread = StoreWorker(Brittle(), heard.put_nowait, nobody)
    call = OpenStream("f" * 32, "hash", Moment(0.0, 0))
    for ticket in (1, 2):
        thread.ask(AskStore(ticket, call))
    answers: list[StoreAnswer] = []
    async with asyncio.timeout(5):
        while len(answers) < 2:
            answers += await heard.get()
    assert answers == [
        StoreAnswer(1, StoreFailed("try_again")),
        StoreAnswer(2, StoreFailed("try_again")),
    ]

    def broken(_: Store) -> None:
        raise RuntimeError("secret of a query")

    with pytest.raises(StoreError, match="RuntimeError"):
        await thread.run(broken)
    assert await thread.run(lambda opened: opened.anchor()) is None
    await thread.close()
    assert "event=store_failed" in caplog.text


async def test_answers_come_in_the_order_of_their_questions(tmp_path: Path) -> None:
    heard = asyncio.Queue[list[StoreAnswer]]()
    thread = StoreWorker(open_sqlite(tmp_path / "party.db"), heard.put_nowait, nobody)
    call = OpenStream("f" * 32, "hash", Moment(0.0, 0))
    for ticket in range(300):
        thread.ask(AskStore(ticket, call))
        if ticket % 50 == 0:
            await thread.run(lambda store: store.anchor())
    tickets: list[int] = []
    async with asyncio.timeout(10):
        while len(tickets) < 300:
            tickets += [answer.ticket for answer in await heard.get()]
    assert tickets == list(range(300))
    await thread.close()


class Slow:
    """A store that notes what it is asked for, and is held up until it may go on."""

    is_in_doubt = False

    def __init__(self) -> None:
        self.done: list[str] = []
        self.may_answer = threading.Semaphore(0)
        self.is_tidied = threading.Event()

    def perform(self, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
        assert self.may_answer.acquire(timeout=5.0)
        self.done += ["call"] * len(calls)
        return [StoreFailed("try_again") for _ in calls]

    def tidy(self) -> bool:
        self.done.append("tidy")
        self.is_tidied.set()
        return True

    def close(self) -> None:
        pass

    def steps(self) -> Iterator[int]:
        for number in range(2):
            self.done.append("step")
            yield number


async def two_steps(thread: StoreWorker, store: Slow) -> None:
    async for _ in thread.in_turns(lambda _: store.steps()):
        pass


@pytest.fixture
def slow() -> Slow:
    return Slow()


@asynccontextmanager
async def thread_of(store: Slow, timing: ServerTiming = USUAL) -> AsyncGenerator[StoreWorker]:
    thread = StoreWorker(cast("Store", store), lambda _: None, nobody, timing=timing)
    try:
        yield thread
    finally:
        store.may_answer.release(100)
        await thread.close()


CALL = OpenStream("f" * 32, "hash", Moment(0.0, 0))


class Unreadable(Slow):
    """A store in doubt about a row that it cannot read."""

    is_in_doubt = True

    def settle(self) -> list[StreamRecord]:
        raise ValueError("not a record")


async def test_what_cannot_be_settled_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    store = Unreadable()
    thread = StoreWorker(cast("Store", store), lambda _: None, nobody)
    async with asyncio.timeout(5):
        assert await thread.run(lambda _: 7) == 7
        await thread.close()
    assert "event=store_not_settled" in caplog.text


async def test_a_step_waits_for_a_pause_and_so_does_what_makes_the_store_tidy(
    slow: Slow,
) -> None:
    async with thread_of(slow) as thread:
        for ticket in range(3):
            thread.ask(AskStore(ticket, CALL))
        cleaning = asyncio.create_task(two_steps(thread, slow))
        await asyncio.sleep(0)
        for ticket in range(3, 6):
            thread.ask(AskStore(ticket, CALL))
        slow.may_answer.release(100)
        async with asyncio.timeout(5):
            await cleaning
        assert slow.done[:6] == ["call"] * 6
        assert [word for word in slow.done if word == "step"] == ["step"] * 2
        assert slow.done[6:8] == ["tidy", "step"]
        assert await asyncio.to_thread(slow.is_tidied.wait, 5.0)


async def test_a_step_waits_no_longer_than_its_time_where_there_is_no_pause(slow: Slow) -> None:
    slow.may_answer.release(100)
    async with thread_of(slow, ServerTiming(pause=60.0, step_timeout=0.0)) as thread:
        cleaning = asyncio.create_task(two_steps(thread, slow))
        ticket = 0
        async with asyncio.timeout(5):
            while not cleaning.done():
                thread.ask(AskStore(ticket := ticket + 1, CALL))
                await asyncio.sleep(0)
        assert "tidy" not in slow.done
        assert slow.done.count("step") == 2


async def test_what_waits_for_a_pause_is_done_before_the_end(slow: Slow) -> None:
    async with thread_of(slow, ServerTiming(pause=60.0)) as thread:
        cleaning = asyncio.create_task(two_steps(thread, slow))
        for _ in range(3):
            await asyncio.sleep(0)
            await thread.run(lambda _: None)
        assert not slow.done
    assert slow.done == ["step"]
    cleaning.cancel()
    await asyncio.gather(cleaning, return_exceptions=True)


class Untidy(Slow):
    """A store whose disk is in the way of being tidy."""

    def tidy(self) -> bool:
        self.is_tidied.set()
        raise RuntimeError("disk")


async def test_a_store_that_cannot_be_tidied_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    store = Untidy()
    store.may_answer.release(100)
    async with thread_of(store) as thread:
        thread.ask(AskStore(1, CALL))
        assert await asyncio.to_thread(store.is_tidied.wait, 5.0)
        assert await thread.run(lambda _: "still here") == "still here"
    assert "event=store_not_tidied" in caplog.text
