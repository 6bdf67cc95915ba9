"""Store worker: the one thread that touches the store: calls wait in line and are committed in
groups.

What is not urgent is done in pauses: somebody has just been answered, and the next question is
seldom there at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from protocol.exceptions import StoreError
from protocol.log_line import log_line
from protocol.server.core.effects import AskStore
from protocol.server.core.store_calls import StoreFailed
from server_stub.timing import ServerTiming

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from protocol.server.core.store_calls import StoreResult
    from protocol.server.log.record import StreamRecord
    from server_stub.storage.base import Store

logger = logging.getLogger("matinee.store")

MAX_GROUP: Final = 64
"""Calls in one transaction: each waits for one commit, not for 64."""

_REST: Final = 60.0
"""How much longer than a step the rest after it is: few of the others' calls wait for one.

A million rows are deleted in a quarter of an hour at that.
"""

_TIMING: Final = ServerTiming()

_Result = TypeVar("_Result")


class StoreAnswer(NamedTuple):
    """What the store says to the question with this ticket."""

    ticket: int
    result: StoreResult


class StoreObserver(Protocol):
    """Store observer: told, on the loop, what is asked of a store and what it says."""

    def asked(self, question: AskStore) -> None:
        """A question is put in line."""
        ...

    def answered(self, answers: list[StoreAnswer]) -> None:
        """Told before whoever asked is."""
        ...

    def told(self, answers: list[StoreAnswer]) -> None:
        """Whoever asked has taken these answers."""
        ...


class _Job(NamedTuple):
    work: Callable[[Store], None]
    until: float | None = None
    """It waits for a pause, but no longer; None for none."""


class StoreWorker:
    """Runs a `Store` beside the event loop.

    Args:
        store: closed by `close`.
        deliver: gets answers in the order of their questions, on the loop.
        settled: gets the streams of which an answer said too little: they may stand further
            on than was told.
        observer: told of questions and answers, if there is one.
        timing: how long it waits for a pause, and in doubt.
    """

    def __init__(
        self,
        store: Store,
        deliver: Callable[[list[StoreAnswer]], None],
        settled: Callable[[list[StreamRecord]], None],
        observer: StoreObserver | None = None,
        timing: ServerTiming = _TIMING,
    ) -> None:
        self._store = store
        self._observer = observer
        self._timing = timing
        self._deliver = deliver
        self._settled = settled
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[AskStore | _Job | None] = SimpleQueue()
        self._later: deque[_Job] = deque()
        """What waits for a pause."""
        self._has_written = False
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def ask(self, question: AskStore) -> None:
        """Put a question in line."""
        if self._observer is not None:
            self._observer.asked(question)
        self._queue.put(question)

    async def run(self, work: Callable[[Store], _Result]) -> _Result:
        """Do something else with the store, between two groups.

        Raises:
            StoreError: whatever ``work`` raised.
        """
        return await self._run_until(None, work)

    async def _run_until(self, until: float | None, work: Callable[[Store], _Result]) -> _Result:
        done: asyncio.Future[_Result] = self._loop.create_future()

        def job(store: Store) -> None:
            try:
                result = work(store)
            except StoreError as error:
                # Expected, and told where it came from.
                self._loop.call_soon_threadsafe(_fail, done, error)
            except Exception as error:
                logger.exception(log_line("store_job_failed"))
                failure = StoreError(f"the store could not do it ({type(error).__name__})")
                self._loop.call_soon_threadsafe(_fail, done, failure)
            else:
                self._loop.call_soon_threadsafe(_finish, done, result)

        self._queue.put(_Job(job, until))
        return await done

    async def in_turns(self, work: Callable[[Store], Iterator[_Result]]) -> AsyncGenerator[_Result]:
        """Do something long in steps, in pauses and with rests: the thread is there for others.

        Raises:
            StoreError: whatever ``work`` raised.
        """
        steps = await self.run(work)
        while True:
            until = time.monotonic() + self._timing.step_timeout
            took, step = await self._run_until(until, lambda _: _timed(steps))
            if step is None:
                return
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
        group: list[AskStore] = []
        item = self._next()
        while isinstance(item, AskStore):
            group.append(item)
            if len(group) >= MAX_GROUP or self._queue.empty():
                self._answer(group)
                self._catch_up(time.monotonic())
                return True
            item = self._queue.get()
        self._answer(group)
        if item is None:
            self._catch_up(float("inf"))
            return False
        if item.until is None:
            item.work(self._store)
        else:
            self._later.append(item)
        return True

    def _next(self) -> AskStore | _Job | None:
        while True:
            try:
                return self._queue.get(timeout=self._idle_timeout())
            except Empty:
                self._use_pause()

    def _idle_timeout(self) -> float | None:
        """Seconds to wait for a question before something else is done."""
        if self._store.is_in_doubt:
            self._settle()
            return self._timing.settle_interval
        return self._timing.pause if self._later or self._has_written else None

    def _use_pause(self) -> None:
        """Nobody has asked for anything: do one thing that has waited for that."""
        if self._has_written:
            self._has_written = False
            if self._tidy():
                return
        if self._later:
            self._later.popleft().work(self._store)
            self._has_written = True

    def _tidy(self) -> bool:
        try:
            return self._store.tidy()
        except Exception:
            # The rim: what could wait must not end the thread.
            logger.exception(log_line("store_not_tidied"))
            return False

    def _catch_up(self, now: float) -> None:
        """Do what has waited for a pause for too long."""
        while self._later and (self._later[0].until or 0.0) <= now:
            self._later.popleft().work(self._store)
            self._has_written = True

    def _settle(self) -> None:
        try:
            records = self._store.settle()
        except StoreError:
            # Told where it came from; there is a next time.
            return
        except Exception:
            # The rim: a row that cannot be read must not end the thread.
            logger.exception(log_line("store_not_settled"))
            return
        self._loop.call_soon_threadsafe(self._settled, records)

    def _answer(self, group: list[AskStore]) -> None:
        if group:
            results = self._perform(group)
            answers = [StoreAnswer(a.ticket, r) for a, r in zip(group, results, strict=True)]
            self._loop.call_soon_threadsafe(self._tell, answers)
            self._has_written = True

    def _tell(self, answers: list[StoreAnswer]) -> None:
        """On the loop."""
        if self._observer is None:
            self._deliver(answers)
            return
        self._observer.answered(answers)
        try:
            self._deliver(answers)
        finally:
            self._observer.told(answers)

    def _perform(self, group: list[AskStore]) -> list[StoreResult]:
        try:
            return self._store.perform([ask.call for ask in group])
        except Exception:
            # The rim: a row that cannot be read must not end the thread.
            logger.exception(log_line("store_failed"))
            return [StoreFailed("try_again") for _ in group]


def _timed(steps: Iterator[_Result]) -> tuple[float, _Result | None]:
    """The next step, and the seconds that it took."""
    began = time.monotonic()
    step = next(steps, None)
    return time.monotonic() - began, step


def _finish(done: asyncio.Future[_Result], result: _Result) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[_Result], error: StoreError) -> None:
    if not done.done():
        done.set_exception(error)
