"""Lines measured in the cells they take, since a name may be Chinese or an emoji."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.content import Content

if TYPE_CHECKING:
    from collections.abc import Sequence

Piece = tuple[str, str]
"""Text as it is, never markup, and its style such as ``bold $primary``."""


def fit(text: str, width: int) -> str:
    """``text`` on one line in at most ``width`` cells, with … where it was cut."""
    text = " ".join(text.split())
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells."""
    text = fit(text, width)
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def cells(pieces: Sequence[Piece]) -> int:
    """Cells that the pieces take."""
    return sum(cell_len(text) for text, _ in pieces)


def line(pieces: Sequence[Piece]) -> Content:
    """The pieces beside each other."""
    return Content.assemble(*pieces)


def spread(left: Sequence[Piece], right: Sequence[Piece], width: int) -> Content:
    """``left`` and ``right`` at the two ends of a line; what does not fit is cut on the left."""
    space = width - cells(right)
    kept: list[Piece] = []
    for text, style in left:
        shown = fit_keeping_spaces(text, space)
        kept.append((shown, style))
        space -= cell_len(shown)
    return line([*kept, (" " * max(0, space), ""), *right])


def fit_keeping_spaces(text: str, width: int) -> str:
    """As `fit`, for a piece whose own spaces are part of the layout."""
    if width <= 0:
        return ""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def centered(pieces: Sequence[Piece], width: int) -> Content:
    """The pieces in the middle of a line, cut when they are too long."""
    room = width
    kept: list[Piece] = []
    for text, style in pieces:
        shown = fit_keeping_spaces(text, room)
        kept.append((shown, style))
        room -= cell_len(shown)
    return line([(" " * (max(0, room) // 2), ""), *kept])
