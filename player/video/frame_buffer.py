"""Frame buffer: pictures from the seat to its face, through one memory-mapped file.

The face makes the file and says how many pixels it can show; the seat draws the newest
picture into it. A sequence number that is odd while a picture is written lets the reader
tell a whole picture from a torn one without a lock.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_HEADER: Final = struct.Struct("<4sIIId")
_MAGIC: Final = b"mtn1"
MAX_WIDTH: Final = 640
MAX_HEIGHT: Final = 360
FRAME_BUFFER_BYTES: Final = _HEADER.size + MAX_WIDTH * MAX_HEIGHT * 3


class Picture(NamedTuple):
    """One picture."""

    number: int
    """Greater for a newer picture."""
    width: int
    height: int
    position: float
    """Seconds into the media."""
    rgb: bytes
    """Rows of RGB, 3 bytes a pixel."""


def create_frame_buffer(path: Path) -> None:
    """Make an empty frame buffer that only this user can read."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.ftruncate(descriptor, FRAME_BUFFER_BYTES)
    finally:
        os.close(descriptor)


class FrameBuffer:
    """One side of the shared picture."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), FRAME_BUFFER_BYTES)

    def write(self, width: int, height: int, position: float, rgb: bytes | memoryview) -> None:
        """Show a picture of at most MAX_WIDTH x MAX_HEIGHT."""
        if not (0 < width <= MAX_WIDTH and 0 < height <= MAX_HEIGHT):
            raise ValueError(f"a picture of {width}x{height} does not fit the frame buffer")
        number = self._number() | 1
        self._map[: _HEADER.size] = _HEADER.pack(_MAGIC, number, width, height, position)
        self._map[_HEADER.size : _HEADER.size + width * height * 3] = rgb
        self._map[: _HEADER.size] = _HEADER.pack(
            _MAGIC, (number + 1) & 0xFFFFFFFF, width, height, position
        )

    def read(self, newer_than: int = 0) -> Picture | None:
        """The newest whole picture, or None when there is none newer."""
        magic, number, width, height, position = _HEADER.unpack(self._map[: _HEADER.size])
        if magic != _MAGIC or number % 2 or number == newer_than or not number:
            return None
        rgb = self._map[_HEADER.size : _HEADER.size + width * height * 3]
        if self._number() != number:
            return None
        return Picture(number, width, height, position, rgb)

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    def _number(self) -> int:
        return int(_HEADER.unpack(self._map[: _HEADER.size])[1])
