"""Two rows of pixels as one line of cells."""

from __future__ import annotations

import re

import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual.strip import Strip

from tui.screen.widgets.pixel_strip import BLOCK, PixelStrip
from tui.screen.widgets.video import grey

BLACK = Style.parse("white on black")
RED, BLUE, WHITE = b"\xff\0\0", b"\0\0\xff", b"\xff\xff\xff"


def cells_of(rendered: str) -> list[tuple[str, str, str]]:
    """Each character with the colours it would be drawn in."""
    drawn: list[tuple[str, str, str]] = []
    colours = {"38": "", "48": ""}
    for words, text in re.findall(r"\x1b\[([\d;]*)m([^\x1b]*)", rendered):
        colours |= dict(re.findall(r"(38|48);(2;\d+;\d+;\d+|5;\d+)", words))
        drawn += [(character, colours["38"], colours["48"]) for character in text]
    return drawn


def strip(pair: bytes, pixels: int, width: int, system: ColorSystem | None) -> PixelStrip:
    return PixelStrip(pair, pixels, width, BLACK, system)


@pytest.mark.parametrize("system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
def test_the_rendering_shows_what_the_segments_say(system: ColorSystem) -> None:
    pair = RED + RED + WHITE + BLUE + BLUE + RED + BLUE + BLUE
    console = Console(color_system="truecolor" if system is ColorSystem.TRUECOLOR else "256")
    line = strip(pair, 4, 8, system)
    quick = cells_of(line.render(console))[2:6]
    slow = cells_of(Strip(list(line)[1:-1], 4).render(console))
    assert quick == slow
    assert [character for character, _, _ in quick] == [BLOCK] * 4


def test_a_line_is_as_wide_as_asked_with_the_picture_in_the_middle() -> None:
    line = strip(WHITE * 4, 2, 7, ColorSystem.TRUECOLOR)
    assert line.cell_length == 7
    assert line.text == "  ▀▀   "


def test_a_picture_that_is_too_wide_is_cut() -> None:
    assert strip(WHITE * 12, 6, 4, ColorSystem.TRUECOLOR).text == BLOCK * 4


def test_a_row_without_a_lower_one_has_black_below() -> None:
    cell = list(strip(RED, 1, 1, ColorSystem.TRUECOLOR))[1]
    assert cell.style is not None
    assert str(cell.style) == "#ff0000 on #000000"


def test_what_lies_over_the_film_cuts_it_by_cells() -> None:
    left, right = strip(WHITE * 8, 4, 4, ColorSystem.TRUECOLOR).divide([1, 4])
    assert (left.text, right.text) == (BLOCK, BLOCK * 3)


def test_a_grey_picture_keeps_its_brightness() -> None:
    assert grey(WHITE + b"\0\0\0") == WHITE + b"\0\0\0"
    red, green = grey(RED), grey(b"\0\xff\0")
    assert len(set(red)) == len(set(green)) == 1
    assert red[0] < green[0]


def test_without_colours_brightness_is_drawn() -> None:
    line = strip(b"\0\0\0" + WHITE + b"\0\0\0" + WHITE, 2, 2, None)
    assert line.text == " █"
