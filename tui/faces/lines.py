"""A face without a screen: lines out, lines in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol

from player.api import views
from player.api.line_codec import encode_line
from player.api.line_reader import LineReader
from tui.processes.seat_lines import SeatLine

if TYPE_CHECKING:
    from tui.processes.seat import SeatHandle

LAST_LINES: Final = 2.0
"""Seconds that a seat's last lines are waited for."""


class Printer(Protocol):
    """Turns the lines of a seat into what is printed."""

    def __call__(self, line: SeatLine) -> list[bytes]: ...


class Output:
    """Lines out; ``closed`` is set when nobody reads them any more."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._order = asyncio.Lock()
        self.closed = asyncio.Event()

    async def write(self, lines: list[bytes]) -> None:
        """Write whole lines, however slowly they are read."""
        text = b"".join(line + b"\n" for line in lines)
        if not text or self.closed.is_set():
            return
        async with self._order:
            try:
                await asyncio.to_thread(_write_all, self._descriptor, text)
            except OSError:
                self.closed.set()


class LineFace:
    """A face of lines: prints what the seat says and passes on what is typed."""

    def __init__(
        self, printer: Printer, output: Output, *, input_descriptor: int | None = 0
    ) -> None:
        self._printer = printer
        self._output = output
        self._input = input_descriptor
        self._reports: set[asyncio.Task[None]] = set()

    async def run(self, seat: SeatHandle) -> int:
        """Go on until the seat ends, nobody reads any more or a signal comes.

        Returns:
            The exit code.
        """
        loop = asyncio.get_running_loop()
        finish = asyncio.Event()
        signals: list[int] = []

        def stop(number: int) -> None:
            signals.append(number)
            finish.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, number)
        if self._input is not None:
            _forward(seat, self._input, loop)
        printing = asyncio.create_task(self._print(seat))
        waiting = [asyncio.create_task(e.wait()) for e in (finish, self._output.closed)]
        await asyncio.wait({printing, *waiting}, return_when=asyncio.FIRST_COMPLETED)
        await seat.end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(printing, LAST_LINES)
        for task in waiting:
            task.cancel()
        return 128 + signals[0] if signal.SIGINT in signals else seat.exit_code

    def report(self, message: str) -> None:
        """Something that the seat does not know, said as if it did."""
        view = views.Notice(message=message, timestamp_ms=round(time.time() * 1000))
        self.show(SeatLine(encode_line(view), view), self._printer)

    def show(self, line: SeatLine, printer: Printer) -> None:
        """A line from elsewhere."""
        task = asyncio.create_task(self._output.write(printer(line)))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _print(self, seat: SeatHandle) -> None:
        async for line in seat.lines():
            await self._output.write(self._printer(line))


def _forward(seat: SeatHandle, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
    """Pass typed lines to the seat as they are; the end of the input changes nothing.

    A thread, since files and terminals cannot all be waited for.
    """
    # In the background of a shell, reading from the terminal would stop us.
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)

    reader = LineReader(descriptor)

    def read() -> None:
        with contextlib.suppress(RuntimeError):
            while (line := reader.next_line()) is not None:
                loop.call_soon_threadsafe(seat.send, line)

    threading.Thread(target=read, name="stdin", daemon=True).start()


def _write_all(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]
