"""Software renderer of libmpv, which python-mpv knows only half of."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.backend.mpv.binding.libmpv import MpvCore

_END: Final = 0
_BLOCK_FOR_TARGET_TIME: Final = 12
_SKIP_RENDERING: Final = 13
_SW_SIZE: Final = 17
_SW_FORMAT: Final = 18
_SW_STRIDE: Final = 19
_SW_POINTER: Final = 20
"""Numbers of render parameters, as in mpv's render.h."""


class SoftwareRenderer:
    """`player.video.renderer.FrameSource` of a core that runs with ``vo=libmpv``.

    It must exist before the first load, and be freed before the core ends. Its methods
    never ask the core anything: the core may be waiting for them.
    """

    def __init__(self, core: MpvCore) -> None:
        self._library: Any = core.library
        self._context: Any = core.render_context()

    def when_new(self, wake: Callable[[], None]) -> None:
        """See `FrameSource.when_new`."""
        self._context.update_cb = wake

    def is_new(self) -> bool:
        """See `FrameSource.is_new`."""
        return bool(self._context.update())

    def draw(self, pixels: bytearray, width: int, height: int) -> None:
        """See `FrameSource.draw`; returns when the picture is due, letterboxed to the size."""
        size = (ctypes.c_int * 2)(width, height)
        stride = ctypes.c_size_t(width * 3)
        target = (ctypes.c_char * len(pixels)).from_buffer(pixels)
        self._render(
            (_SW_SIZE, ctypes.addressof(size)),
            (_SW_FORMAT, ctypes.cast(ctypes.c_char_p(b"rgb24"), ctypes.c_void_p).value),
            (_SW_STRIDE, ctypes.addressof(stride)),
            (_SW_POINTER, ctypes.addressof(target)),
        )

    def skip(self) -> None:
        """See `FrameSource.skip`."""
        flag = ctypes.c_int(1)
        never = ctypes.c_int(0)
        self._render(
            (_SKIP_RENDERING, ctypes.addressof(flag)),
            (_BLOCK_FOR_TARGET_TIME, ctypes.addressof(never)),
        )

    def free(self) -> None:
        """See `FrameSource.free`."""
        self._context.free()

    def _render(self, *parameters: tuple[int, int | None]) -> None:
        kind = self._library.MpvRenderParam
        array = (kind * (len(parameters) + 1))()
        for slot, (number, address) in zip(array, parameters, strict=False):
            slot.type_id, slot.data = number, address
        array[len(parameters)].type_id = _END
        self._library._mpv_render_context_render(self._context.handle, array)
