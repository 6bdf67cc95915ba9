"""Small helpers to print figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value below which ``percent`` of the ordered values lie."""
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, as plain text."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(w) if i else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join([title, line(head), line(["-" * w for w in widths]), *map(line, rows)])
