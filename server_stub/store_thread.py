"""The one thread that touches the store: calls wait in line and are committed in groups."""

from __future__ import annotations

import asyncio
import logging
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from protocol.exceptions import StoreError
from protocol.server_effects import StoreFailed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from protocol.server_effects import Ask, StoreResult
    from protocol.server_log import StreamRecord
    from server_stub.store import Store

logger = logging.getLogger("matinee.store")

MAX_GROUP: Final = 64
"""Calls in one transaction: each waits for one commit, not for 64."""

_SETTLE_INTERVAL: Final = 0.5
"""Seconds between two looks at what was left in doubt, while nothing else is asked."""

_REST: Final = 12.0
"""How much longer than a step the rest after it is: few of the others' calls wait for one."""

_Result = TypeVar("_Result")


class Answer(NamedTuple):
    """What the store says to the question with this ticket."""

    ticket: int
    result: StoreResult


class _Job(NamedTuple):
    work: Callable[[Store], None]


class StoreThread:
    """Runs a `Store` beside the event loop.

    Args:
        store: closed by `close`.
        deliver: gets answers in the order of their questions, on the loop.
        settled: gets the streams of which an answer said too little: they may stand further
            on than was told.
    """

    def __init__(
        self,
        store: Store,
        deliver: Callable[[list[Answer]], None],
        settled: Callable[[list[StreamRecord]], None],
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._settled = settled
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Ask | _Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def ask(self, question: Ask) -> None:
        """Put a question in line."""
        self._queue.put(question)

    async def run(self, work: Callable[[Store], _Result]) -> _Result:
        """Do something else with the store, between two groups.

        Raises:
            StoreError: whatever ``work`` raised.
        """
        done: asyncio.Future[_Result] = self._loop.create_future()

        def job(store: Store) -> None:
            try:
                result = work(store)
            except StoreError as error:
                # Expected, and told where it came from.
                self._loop.call_soon_threadsafe(_fail, done, error)
            except Exception as error:
                logger.exception("event=store_job_failed")
                failure = StoreError(f"the store could not do it ({type(error).__name__})")
                self._loop.call_soon_threadsafe(_fail, done, failure)
            else:
                self._loop.call_soon_threadsafe(_finish, done, result)

        self._queue.put(_Job(job))
        return await done

    async def in_turns(self, work: Callable[[Store], Iterator[_Result]]) -> AsyncGenerator[_Result]:
        """Do something long in steps, with rests in which the thread is there for others.

        Raises:
            StoreError: whatever ``work`` raised.
        """
        steps = await self.run(work)
        while True:
            began = self._loop.time()
            step = await self.run(lambda _: next(steps, None))
            if step is None:
                return
            took = self._loop.time() - began
            yield step
            await asyncio.sleep(took * _REST)

    async def close(self) -> None:
        """Finish what is in line, then close the store."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while self._serve():
                pass
        finally:
            self._store.close()

    def _serve(self) -> bool:
        """Take one group; False when it was the last."""
        group: list[Ask] = []
        item = self._next()
        while True:
            if not isinstance(item, tuple) or isinstance(item, _Job):
                break
            group.append(item)
            if len(group) >= MAX_GROUP or self._queue.empty():
                self._answer(group)
                return True
            item = self._queue.get()
        self._answer(group)
        if item is None:
            return False
        item.work(self._store)
        return True

    def _next(self) -> Ask | _Job | None:
        while self._store.is_in_doubt:
            self._settle()
            try:
                return self._queue.get(timeout=_SETTLE_INTERVAL)
            except Empty:
                continue
        return self._queue.get()

    def _settle(self) -> None:
        try:
            records = self._store.settle()
        except StoreError:
            # Told where it came from; there is a next time.
            return
        self._loop.call_soon_threadsafe(self._settled, records)

    def _answer(self, group: list[Ask]) -> None:
        if group:
            results = self._perform(group)
            answers = [Answer(a.ticket, r) for a, r in zip(group, results, strict=True)]
            self._loop.call_soon_threadsafe(self._deliver, answers)

    def _perform(self, group: list[Ask]) -> list[StoreResult]:
        try:
            return self._store.perform([ask.call for ask in group])
        except Exception:
            # The rim: a row that cannot be read must not end the thread.
            logger.exception("event=store_failed")
            return [StoreFailed("try_again") for _ in group]


def _finish(done: asyncio.Future[_Result], result: _Result) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[_Result], error: StoreError) -> None:
    if not done.done():
        done.set_exception(error)
