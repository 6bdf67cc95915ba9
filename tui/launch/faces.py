"""Faces as the runner sees them: the screen, and lines."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol

from protocol.exceptions import MatineeError
from tui.faces.lines import LineFace, Output
from tui.faces.printers import JsonPrinter, PlainPrinter, wants_colour
from tui.launch.plan import SECOND
from tui.storage import paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.video.frame_buffer import FrameBuffer
    from tui.launch.plan import FaceKind
    from tui.processes.seat import SeatHandle
    from tui.processes.seat_lines import SeatLine

HANG_UP_TIMEOUT: Final = 3.0
"""Seconds to end in once the terminal is gone."""


class SeatEnded(MatineeError):
    """The seat ended with an error, which has been shown or is shown now."""


class Face(Protocol):
    """What shows the party to a person or a program."""

    async def run(self, seat: SeatHandle) -> int: ...

    def report(self, message: str) -> None: ...

    def show_second(self, line: SeatLine) -> None: ...


class ScreenFace:
    """The face in the terminal."""

    def __init__(
        self,
        frame_buffer: FrameBuffer | None,
        theme: str,
        leave_text: str,
        *,
        serves: bool = False,
        language: str = "",
    ) -> None:
        self._frame_buffer = frame_buffer
        self._theme = theme
        self._leave_text = leave_text
        self._serves = serves
        self._language = language
        self._reports: list[str] = []
        self._say: Callable[[str], None] = self._reports.append

    async def run(self, seat: SeatHandle) -> int:
        """Show it until the person leaves.

        Raises:
            SeatEnded: why the seat ended.
        """
        from tui.screen.app import MatineeApp

        app = MatineeApp(
            seat,
            frame_buffer=self._frame_buffer,
            theme=self._theme,
            reports=self._reports,
            leave_text=self._leave_text,
            serves=self._serves,
            language=self._language,
        )
        self._say = app.say
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, app.leave)

        def hang_up(_number: int, _frame: object) -> None:
            _hang_up(loop, app.leave)

        signal.signal(signal.SIGHUP, hang_up)
        error = await app.run_async()
        if app.return_code:
            log = paths.log_file("face.log")
            how = f"{log} says how; " if log else ""
            raise SeatEnded("the screen broke", f"{how}--plain works without it")
        if error is not None:
            raise SeatEnded(error.message or error.code, error.remedy)
        return 0

    def report(self, message: str) -> None:
        """Something that the seat does not know."""
        self._say(message)

    def show_second(self, line: SeatLine) -> None:
        """The second seat is seen among the members."""


def _hang_up(loop: asyncio.AbstractEventLoop, leave: Callable[[], None]) -> None:
    """End in order, or anyway.

    Once the terminal is gone, Textual's writing thread would die of the first write, and
    everybody who has something to draw would wait for it for ever.
    """
    try:
        termios.tcgetattr(1)
    except (termios.error, OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)

    def last_resort() -> None:
        time.sleep(HANG_UP_TIMEOUT)
        os._exit(128 + signal.SIGHUP)

    threading.Thread(target=last_resort, name="hang-up", daemon=True).start()
    loop.call_soon_threadsafe(leave)


class PrintedFace(LineFace):
    """A face of lines, which in JSON shows a second seat as well."""

    def __init__(self, kind: FaceKind) -> None:
        is_json = kind == "json"
        printer = JsonPrinter() if is_json else PlainPrinter(colour=wants_colour())
        super().__init__(printer, Output())
        self._second = JsonPrinter(SECOND) if is_json else None

    def show_second(self, line: SeatLine) -> None:
        """Its lines carry its name."""
        if self._second is not None:
            self.show(line, self._second)
