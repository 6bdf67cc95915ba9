"""Admission queue: A line at the door: when many come at once, they wait for a moment instead of
being sent away.

To refuse somebody costs half as much as to let him in, and he is back in a moment: a server
that everybody comes back to would do little else.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import TYPE_CHECKING

from protocol.server.limits.addresses import bounded_as, is_own

if TYPE_CHECKING:
    from collections.abc import Callable

    from server_stub.capacity import Capacity
    from server_stub.timing import ServerTiming


class AdmissionQueue:
    """Who waits to be let in, first come first.

    Args:
        places: how many may come in now.
        timing: how long one waits, and how often places are looked for.
        capacity: how many may wait.
    """

    def __init__(self, places: Callable[[], int], timing: ServerTiming, capacity: Capacity) -> None:
        self._places = places
        self._timing = timing
        self._capacity = capacity
        self._line: deque[asyncio.Future[None]] = deque()
        self._of = Counter[str]()
        self._is_watched = False

    async def wait(self, address: str) -> None:
        """Until there is a place, or there was none for too long, or the line is full."""
        address = bounded_as(address)
        if self._places() > 0 and not self._line:
            return
        is_one_too_many = self._of[address] >= self._capacity.queue_each and not is_own(address)
        if is_one_too_many or len(self._line) >= self._capacity.queue:
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._line.append(turn)
        self._of[address] += 1
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(self._timing.admission_interval, self._look)
        try:
            async with asyncio.timeout(self._timing.admission_timeout):
                await turn
        except TimeoutError:
            # The core says how many there are already.
            return
        finally:
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    def _look(self) -> None:
        free = self._places()
        while self._line and (free > 0 or self._line[0].done()):
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
        self._is_watched = bool(self._line)
        if self._is_watched:
            asyncio.get_running_loop().call_later(self._timing.admission_interval, self._look)
