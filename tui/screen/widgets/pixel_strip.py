"""A row of cells that shows two rows of pixels: the upper half block in two colours.

Drawing it through segments and styles takes 2 ms a row, most of it for making styles of
colours that are never seen again; writing the terminal's own words for it takes 0.1 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = "▀"
_SHADES: Final = " ·:░▒▓█"
"""For terminals without colours."""
_CACHED: Final = 1 << 16
"""Colours that are remembered at most."""


class _Words(dict[bytes, str]):
    """RGB to how a terminal is told that colour, after ``38;`` or ``48;``."""

    def __init__(self, system: ColorSystem) -> None:
        super().__init__()
        self._true = system is ColorSystem.TRUECOLOR

    def __missing__(self, rgb: bytes) -> str:
        if len(self) > _CACHED:
            self.clear()
        if self._true:
            word = f"2;{rgb[0]};{rgb[1]};{rgb[2]}"
        else:
            colour = Color.from_rgb(*rgb).downgrade(ColorSystem.EIGHT_BIT)
            word = f"5;{colour.number or 0}"
        self[rgb] = word
        return word


_WORDS: Final = {
    system: _Words(system) for system in (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT)
}


class PixelStrip(Strip):
    """Two rows of pixels in the middle of a line.

    It comes with its rendering; segments are made only when something lies over the film
    and the line must be cut.
    """

    def __init__(
        self,
        pair: bytes,
        pixels: int,
        width: int,
        background: Style,
        system: ColorSystem | None,
    ) -> None:
        """Take ``pair``, RGB of the upper row and then of the lower one, if there is one.

        Args:
            pair: 3 bytes a pixel.
            pixels: in each row.
            width: cells of the line.
            background: of what the pixels do not fill.
            system: colours of the terminal, None for none.
        """
        self._pair = pair.ljust(pixels * 6, b"\0")
        self._pixels = pixels
        self._shown = min(pixels, width)
        self._left = (width - self._shown) // 2
        self._background = background
        self._system = system
        self._made: list[Segment] | None = None
        super().__init__((), width)
        if system is not None and system in _WORDS:
            right = width - self._left - self._shown
            blank = Strip.render_ansi(background, system)
            self._render_cache = (
                f"\x1b[{blank}m{' ' * self._left}"
                + self._rendered(_WORDS[system])
                + f"\x1b[{blank}m{' ' * right}\x1b[0m"
            )

    @property
    def _segments(self) -> list[Segment]:
        if self._made is None:
            self._made = list(self._in_segments())
        return self._made

    @_segments.setter
    def _segments(self, _: list[Segment]) -> None:
        """Made on demand."""

    def _cells(self) -> Iterator[tuple[bytes, bytes]]:
        pair, lower_at = self._pair, self._pixels * 3
        for at in range(0, self._shown * 3, 3):
            yield pair[at : at + 3], pair[lower_at + at : lower_at + at + 3]

    def _rendered(self, words: _Words) -> str:
        """Only what changes from cell to cell is said."""
        parts: list[str] = []
        last_upper = last_lower = b""
        for upper, lower in self._cells():
            if upper == last_upper:
                if lower == last_lower:
                    parts.append(BLOCK)
                else:
                    parts.append(f"\x1b[48;{words[lower]}m{BLOCK}")
            elif lower == last_lower:
                parts.append(f"\x1b[38;{words[upper]}m{BLOCK}")
            else:
                parts.append(f"\x1b[38;{words[upper]};48;{words[lower]}m{BLOCK}")
            last_upper, last_lower = upper, lower
        return "".join(parts)

    def _in_segments(self) -> Iterator[Segment]:
        yield Segment(" " * self._left, self._background)
        for upper, lower in self._cells():
            if self._system is None:
                bright = sum(upper) + sum(lower)
                yield Segment(_SHADES[bright * len(_SHADES) // (256 * 6)], self._background)
            else:
                colours = Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))
                yield Segment(BLOCK, colours)
        yield Segment(" " * (self.cell_length - self._left - self._shown), self._background)
