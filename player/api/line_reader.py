"""Line reader: lines of a file descriptor as bytes, past Python's buffers, whose lock a thread
would still hold when the interpreter ends.
"""

from __future__ import annotations

import os
from typing import Final

LINE_LIMIT: Final = 64 * 1024
"""Bytes; whatever is longer is none of ours, and no field takes it."""
FIRST_LIMIT: Final = 8 * 1024 * 1024
"""Of the first line of a seat, which names every film."""
_BLOCK: Final = 64 * 1024


class LineReader:
    """Blocks until there is a line; one thread asks."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._is_over = False

    def next_line(self, limit: int = LINE_LIMIT) -> bytes | None:
        """The next line that is not blank, stripped; None at the end of the input.

        Of a line that is longer than ``limit`` bytes it is the beginning: memory stays bounded.
        """
        while True:
            line = self._line(limit)
            if line is None or (line := line.strip()):
                return line

    def _line(self, limit: int) -> bytes | None:
        pieces: list[bytes] = []
        room = limit
        while self._rest or self._read():
            piece, end, self._rest = self._rest.partition(b"\n")
            pieces.append(piece[:room])
            room = max(0, room - len(piece))
            if end:
                return b"".join(pieces)
        return b"".join(pieces) if pieces else None

    def _read(self) -> bool:
        if not self._is_over:
            try:
                self._rest = os.read(self._descriptor, _BLOCK)
            except OSError:
                self._rest = b""
            self._is_over = not self._rest
        return not self._is_over
