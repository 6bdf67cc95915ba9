"""A terminal in memory with matinee's screen in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from typing import TYPE_CHECKING, Final

from bench.families import end_all, family

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

SIZE: Final = (120, 36)


class Face:
    """A running screen; what it draws is read and forgotten."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self._process = process
        self._terminal = terminal

    @property
    def pid(self) -> int:
        """Of the screen; its seat is a child."""
        return self._process.pid

    def press(self, key: str) -> None:
        """As the terminal sends it."""
        os.write(self._terminal, key.encode())

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size from now on."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)


@contextlib.contextmanager
def face(folder: Path, arguments: Sequence[str]) -> Generator[Face]:
    """``matinee ARGUMENTS`` in a terminal, with a home of its own, until left."""
    home = folder / "home"
    home.mkdir()
    terminal, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MATINEE_", "XDG_"))}
    kinds = ("DATA_HOME", "CONFIG_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")
    dirs = {f"XDG_{kind}": str(home) for kind in kinds}
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**kept, **dirs, "HOME": str(home), "TERM": "xterm-256color"},
        start_new_session=True,
    )
    shown = Face(process, terminal)
    shown.resize(*SIZE)
    os.close(theirs)
    threading.Thread(target=_drain, args=(terminal,), name="terminal", daemon=True).start()
    try:
        yield shown
    finally:
        end_all(family(process.pid))
        process.wait()
        os.close(terminal)


def _drain(terminal: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(terminal, 1 << 16):
            pass
