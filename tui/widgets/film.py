"""The film itself in half blocks: two pixels a cell."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import getters
from textual.app import App
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from player.stage import MAX_HEIGHT, MAX_WIDTH, Picture, Stage

if TYPE_CHECKING:
    from textual import events
    from textual.filter import LineFilter

MAX_PICTURES: Final = 30
"""A second."""
_SHADES: Final = " ·:░▒▓█"
"""For terminals without colours."""


class FilmView(Widget, inherit_bindings=False):
    """Shows the newest picture of the stage; only rows that changed are painted."""

    DEFAULT_CSS = "FilmView { height: 1fr; width: 1fr; }"

    class Resized(Message):
        """So many pixels can be shown now."""

        def __init__(self, width: int, height: int) -> None:
            super().__init__()
            self.width = width
            self.height = height

    app = getters.app(cast("type[App[object]]", App))

    def __init__(self, stage: Stage, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._stage = stage
        self._number = 0
        self._picture: Picture | None = None
        self._rows: list[bytes] = []
        self._strips: dict[int, Strip] = {}

    def on_mount(self) -> None:
        """Look for pictures at the highest rate that is shown."""
        self.set_interval(1 / MAX_PICTURES, self._look)

    def on_resize(self, event: events.Resize) -> None:
        """Ask for pictures of the new size."""
        width, height = event.size
        self._strips.clear()
        self.post_message(self.Resized(min(width, MAX_WIDTH), min(height * 2, MAX_HEIGHT)))

    def _look(self) -> None:
        picture = self._stage.read(self._number)
        if picture is None:
            return
        self._number = picture.number
        self._show(picture)

    def _show(self, picture: Picture) -> None:
        before, old_rows = self._picture, self._rows
        pair = picture.width * 3 * 2
        rows = [picture.rgb[at : at + pair] for at in range(0, len(picture.rgb), pair)]
        self._picture, self._rows = picture, rows
        if before is None or (before.width, before.height) != (picture.width, picture.height):
            self._strips.clear()
            self.refresh()
            return
        top = self._top(len(rows))
        width = self.size.width
        changed = [
            at for at, (new, old) in enumerate(zip(rows, old_rows, strict=True)) if new != old
        ]
        for at in changed:
            self._strips.pop(top + at, None)
        if changed:
            self.refresh(*(Region(0, top + at, width, 1) for at in changed))

    def _top(self, rows: int) -> int:
        return max(0, (self.size.height - rows) // 2)

    def render_line(self, y: int) -> Strip:
        """A row of cells, centred; blank above, below and before the first picture."""
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._draw_line(y)
        return strip

    def _draw_line(self, y: int) -> Strip:
        width = self.size.width
        background = self.rich_style
        row = y - self._top(len(self._rows))
        if self._picture is None or not 0 <= row < len(self._rows):
            return Strip.blank(width, background)
        columns = min(self._picture.width, width)
        drawn = shades if self.app.console.no_color else half_blocks
        segments = drawn(self._rows[row], self._picture.width, columns)
        left = (width - columns) // 2
        return Strip(
            [
                Segment(" " * left, background),
                *segments,
                Segment(" " * (width - columns - left), background),
            ],
            width,
        )

    def get_line_filters(self) -> list[LineFilter]:
        """None: pictures are what they are, and a filter would cost more than drawing does."""
        return []


def half_blocks(pair: bytes, width: int, columns: int) -> list[Segment]:
    """Two rows of pixels as one row of cells, equal neighbours in one segment.

    Args:
        pair: RGB of the upper row, then of the lower one, which may be missing.
        width: pixels of a row.
        columns: how many of them to draw.
    """
    lower_at = width * 3
    if len(pair) < lower_at * 2:
        pair += bytes(lower_at)
    segments: list[Segment] = []
    last, run = b"", 0
    for at in range(0, columns * 3, 3):
        colours = pair[at : at + 3] + pair[lower_at + at : lower_at + at + 3]
        if colours == last:
            run += 1
            continue
        if run:
            segments.append(_segment(last, run))
        last, run = colours, 1
    if run:
        segments.append(_segment(last, run))
    return segments


def shades(pair: bytes, width: int, columns: int) -> list[Segment]:
    """The same without colour: how bright the two pixels of a cell are."""
    lower_at = width * 3
    text: list[str] = []
    for at in range(0, columns * 3, 3):
        both = pair[at : at + 3] + pair[lower_at + at : lower_at + at + 3]
        text.append(_SHADES[sum(both) * len(_SHADES) // (256 * len(both))])
    return [Segment("".join(text))]


@lru_cache(maxsize=8192)
def _segment(colours: bytes, run: int) -> Segment:
    upper, lower = _colour(colours[:3]), _colour(colours[3:])
    return Segment("▀" * run, Style(color=upper, bgcolor=lower))


@lru_cache(maxsize=8192)
def _colour(rgb: bytes) -> Color:
    return Color.from_rgb(*rgb)
