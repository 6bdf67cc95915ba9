"""The film itself in half blocks: two pixels a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rich.color import ColorSystem
from textual import getters
from textual.app import App
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from player.video.frame_buffer import MAX_HEIGHT, MAX_WIDTH, FrameBuffer, Picture
from tui.screen.widgets.pixel_strip import PixelStrip

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events

MAX_PICTURES: Final = 30
"""A second."""
_SYSTEMS: Final = {
    "truecolor": ColorSystem.TRUECOLOR,
    "256": ColorSystem.EIGHT_BIT,
    "standard": ColorSystem.STANDARD,
}


class VideoView(Widget, inherit_bindings=False):
    """Shows the newest picture of the film; only rows that changed are painted."""

    DEFAULT_CSS = "VideoView { height: 1fr; width: 1fr; }"
    app = getters.app(cast("type[App[object]]", App))

    class Resized(Message):
        """So many pixels can be shown now."""

        def __init__(self, width: int, height: int) -> None:
            super().__init__()
            self.width = width
            self.height = height

    def __init__(self, frame_buffer: FrameBuffer, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._frame_buffer = frame_buffer
        self._picture: Picture | None = None
        self._rows: list[bytes] = []
        self._strips: dict[int, Strip] = {}
        self._background: Style | None = None

    def on_mount(self) -> None:
        """Look for pictures twice as often as they are shown, so that none is late by much."""
        self.set_interval(1 / (2 * MAX_PICTURES), self._show_newest)

    def on_resize(self, event: events.Resize) -> None:
        """Ask for pictures of the new size."""
        width, height = event.size
        self._strips.clear()
        self.post_message(self.Resized(min(width, MAX_WIDTH), min(height * 2, MAX_HEIGHT)))

    def notify_style_update(self) -> None:
        """The colours around the picture may be others."""
        super().notify_style_update()
        self._background = None
        self._strips.clear()

    def _show_newest(self) -> None:
        picture = self._frame_buffer.read(self._picture.number if self._picture else 0)
        if picture is not None:
            self.show(picture)

    def show(self, picture: Picture) -> None:
        """Paint what is different in this picture."""
        before, old_rows = self._picture, self._rows
        pair = picture.width * 3 * 2
        rows = [picture.rgb[at : at + pair] for at in range(0, len(picture.rgb), pair)]
        self._picture, self._rows = picture, rows
        if before is None or (before.width, before.height) != (picture.width, picture.height):
            self._strips.clear()
            self.refresh()
            return
        top, width = self._top(), self.size.width
        changed = [y for y, (new, old) in enumerate(zip(rows, old_rows, strict=True)) if new != old]
        for y in changed:
            self._strips.pop(top + y, None)
        if changed:
            self.refresh(*(Region(0, top + y, width, 1) for y in changed))

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of ``crop``; without borders and the like there is nothing to add to them."""
        strips = [self.render_line(y) for y in crop.line_range]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """A row of cells, centred; blank above, below and before the first picture."""
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._draw_line(y)
        return strip

    def _draw_line(self, y: int) -> Strip:
        if self._background is None:
            self._background = self.rich_style
        width, background = self.size.width, self._background
        row = y - self._top()
        if self._picture is None or not 0 <= row < len(self._rows):
            return Strip.blank(width, background)
        system = _SYSTEMS.get(self.app.console.color_system or "")
        pair = grey(self._rows[row]) if self.app.no_color else self._rows[row]
        return PixelStrip(pair, self._picture.width, width, background, system)

    def _top(self) -> int:
        return max(0, (self.size.height - len(self._rows)) // 2)


def grey(rgb: bytes) -> bytes:
    """The same pixels without colour, as NO_COLOR asks; everything else is grey then, too."""
    red, green, blue = rgb[0::3], rgb[1::3], rgb[2::3]
    bright = ((r * 77 + g * 150 + b * 29) >> 8 for r, g, b in zip(red, green, blue, strict=True))
    return b"".join(bytes((value,)) * 3 for value in bright)
