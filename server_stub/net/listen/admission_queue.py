"""Admission queue: A line at the door: when many come at once, they wait for a moment instead of
being sent away.

To refuse somebody costs half as much as to let him in, and he is back in a moment: a server
that everybody comes back to would do little else.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from protocol.server.limits.addresses import bounded_as, is_own

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE: Final = 3.0
"""Seconds in line; a handshake has 5."""
LONGEST: Final = 4096
EACH: Final = 50
"""Of one address."""
INTERVAL: Final = 0.02


class AdmissionQueue:
    """Who waits to be let in, first come first.

    Args:
        places: how many may come in now.
    """

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._line: deque[asyncio.Future[None]] = deque()
        self._of = Counter[str]()
        self._is_watched = False

    async def wait(self, address: str) -> None:
        """Until there is a place, or there was none for too long, or the line is full."""
        address = bounded_as(address)
        if self._places() > 0 and not self._line:
            return
        if len(self._line) >= LONGEST or (self._of[address] >= EACH and not is_own(address)):
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._line.append(turn)
        self._of[address] += 1
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(INTERVAL, self._look)
        try:
            async with asyncio.timeout(PATIENCE):
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
            asyncio.get_running_loop().call_later(INTERVAL, self._look)
