"""A seat inside the test: gives the views it is told to, keeps what it is asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from tui.processes.seat_lines import SeatLine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from player.api.intents import Intent
    from player.api.views import AnyView


class ScriptedSeat:
    """Stands in for `tui.processes.seat.SeatProcess`."""

    def __init__(self, views: Iterable[AnyView] = ()) -> None:
        self.asked: list[Intent | bytes] = []
        self.exit_code = 0
        self._waiting: asyncio.Queue[AnyView | None] = asyncio.Queue()
        for view in views:
            self.say(view)

    def say(self, view: AnyView) -> None:
        """A line of the seat."""
        self._waiting.put_nowait(view)

    def over(self) -> None:
        """The seat ends for good after the lines so far."""
        self._waiting.put_nowait(None)

    async def lines(self) -> AsyncGenerator[SeatLine]:
        """All that is said, until it is over."""
        while (view := await self._waiting.get()) is not None:
            yield SeatLine(msgspec.json.encode(view), view)

    def send(self, intent: Intent | bytes) -> None:
        """Keep it; what changes on each resize is left out."""
        self.asked.append(intent)

    async def end(self) -> None:
        """Nothing to end."""
