"""Frame renderer: renderer of a player's pictures into a frame buffer, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, Protocol

from player.video.frame_buffer import MAX_HEIGHT, MAX_WIDTH
from protocol.log_line import log_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.video.frame_buffer import FrameBuffer

logger = logging.getLogger(__name__)
_CLOSE_TIMEOUT: Final = 1.0


class FrameSource(Protocol):
    """Where pictures come from. All but `when_new` are called by the renderer's thread."""

    def when_new(self, wake: Callable[[], None]) -> None:
        """Call ``wake``, from any thread, when `is_new` is worth asking."""
        ...

    def is_new(self) -> bool:
        """Whether there is a picture that was neither drawn nor skipped."""
        ...

    def draw(self, pixels: bytearray, width: int, height: int) -> None:
        """Draw the newest picture, in whole, as rows of RGB at 3 bytes a pixel."""
        ...

    def skip(self) -> None:
        """Take the newest picture as seen; one left waiting would hold the player up."""
        ...

    def free(self) -> None:
        """Let go; nothing is called after this."""
        ...


class FrameRenderer:
    """Renderer of every new picture, at the size the face asks for."""

    def __init__(
        self, source: FrameSource, frame_buffer: FrameBuffer, position: Callable[[], float]
    ) -> None:
        self._source = source
        self._frame_buffer = frame_buffer
        self._position = position
        self._size = (0, 0)
        self._resized = False
        self._closing = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="renderer", daemon=True)

    def start(self) -> None:
        """Begin; until `resize` nothing is drawn."""
        self._source.when_new(self._wake.set)
        self._thread.start()

    def resize(self, width: int, height: int) -> None:
        """Draw at this size from now on, the present picture too; 0 x 0 draws nothing."""
        self._size = (min(max(width, 0), MAX_WIDTH), min(max(height, 0), MAX_HEIGHT))
        self._resized = True
        self._wake.set()

    def close(self) -> bool:
        """Let go of the pictures; False when the renderer is stuck and still holds them."""
        self._closing = True
        self._wake.set()
        self._thread.join(_CLOSE_TIMEOUT)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pixels = bytearray()
        try:
            while True:
                self._wake.wait()
                self._wake.clear()
                if self._closing:
                    return
                resized, self._resized = self._resized, False
                # Asked first, and always: mpv wants its question answered after each call.
                if self._source.is_new() or resized:
                    pixels = self._show(pixels)
        except Exception:  # the rim: a face without pictures is better than no seat
            logger.exception(log_line("renderer_failed"))
        finally:
            self._source.free()

    def _show(self, pixels: bytearray) -> bytearray:
        width, height = self._size
        if not width or not height:
            self._source.skip()
            return pixels
        if len(pixels) != width * height * 3:
            pixels = bytearray(width * height * 3)
        self._source.draw(pixels, width, height)
        self._frame_buffer.write(width, height, self._position(), memoryview(pixels))
        return pixels
