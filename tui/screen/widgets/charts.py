"""Shapes made of characters: big figures, bars of a link, a graph of drift. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from player.api.views import PlayerState, Quality

_FIGURES: Final[dict[str, tuple[str, ...]]] = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    "-": ("   ", "   ", "###", "   ", "   "),
    ":": (" ", "#", " ", "#", " "),
}

STATE_SYMBOLS: Final[dict[PlayerState, str]] = {
    "playing": "▶",
    "paused": "‖",
    "waiting": "‖",
    "buffering": "◌",
    "loading": "◌",
    "ended": "■",
    "idle": "·",
    "failed": "✕",
}

_BARS: Final = "▂▄▆█"
_BAR_COUNT: Final[dict[Quality, int]] = {"good": 3, "fair": 2, "poor": 1, "lost": 0}


def big_figures(text: str, width: int, height: int) -> list[str]:
    """``text`` of digits, ``:`` and ``-`` in figures as big as fit.

    Args:
        text: such as ``0:12:47``.
        width: cells; without room for any it is the text itself.
        height: cells; digits take 5 rows of 6 cells or 3 rows of 3.
    """
    shapes = [_figures(text, " ", double=True)] if height >= 5 else []
    shapes += [_figures(text, gap, double=False) for gap in ("  ", " ")] if height >= 3 else []
    return next((rows for rows in shapes if len(rows[0]) <= width), [text])


def _figures(text: str, gap: str, *, double: bool) -> list[str]:
    rows = [gap.join(_FIGURES[c][row] for c in text) for row in range(5)]
    if double:
        return ["".join("██" if pixel == "#" else "  " for pixel in row) for row in rows]
    rows.append(" " * len(rows[0]))
    halves = {"##": "█", "# ": "▀", " #": "▄", "  ": " "}
    return [
        "".join(halves[above + below] for above, below in zip(*rows[at : at + 2], strict=True))
        for at in (0, 2, 4)
    ]


def link_bars(quality: Quality, *, strong: bool = False) -> tuple[str, str]:
    """Four bars of the link: those that are lit, and the rest."""
    lit = 4 if strong and quality == "good" else _BAR_COUNT[quality]
    return _BARS[:lit], _BARS[lit:]


_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def drift_graph(drifts: Sequence[float | None], width: int, rows: int, scale: float) -> list[str]:
    """Drift over time in braille, two samples a cell, ahead above the middle and behind below.

    Args:
        drifts: in ms, None where nothing was measured; the newest last.
        width: cells.
        rows: cells, an even number.
        scale: ms at the upper and the lower edge.
    """
    half = rows * 2
    grid = [[0x2800] * width for _ in range(rows)]
    recent = list(drifts)[-width * 2 :]
    columns = [None] * (width * 2 - len(recent)) + recent
    for x, drift in enumerate(columns):
        if drift is None:
            continue
        size = max(1, min(half, round(abs(drift) / scale * half)))
        for step in range(size):
            y = half - 1 - step if drift >= 0 else half + step
            grid[y // 4][x // 2] |= _DOTS[x % 2][y % 4]
    return ["".join(map(chr, row)) for row in grid]


def graph_scale(drifts: Sequence[float | None]) -> float:
    """A round number of ms that the recent drifts fit under."""
    largest = max((abs(drift) for drift in drifts if drift is not None), default=0.0)
    return next((scale for scale in (5, 10, 20, 50, 100, 250, 500, 1000) if largest <= scale), 5000)
