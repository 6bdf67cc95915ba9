"""Where in the film: position, chapters, what is buffered, duration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.clock_text import clock_text
from tui.screen.widgets.base import StateView
from tui.screen.widgets.charts import STATE_SYMBOLS
from tui.screen.widgets.now_playing import state_style
from tui.screen.widgets.text_layout import Piece, line
from tui.state.selectors import is_stale, position_at

if TYPE_CHECKING:
    from textual.content import Content

    from tui.state.party_state import PartyState


UNKNOWN_LENGTH: Final = "length unknown"


class TransportBar(StateView):
    """One line with the film from its beginning to its end."""

    DEFAULT_CSS = "TransportBar { height: 1; }"

    def draw(self, width: int, height: int) -> Content:
        """Symbol, position, bar, duration."""
        del height
        room = self.room
        position = position_at(room, self.now)
        state = "failed" if room.is_over else room.status.state if room.status else "idle"
        symbol = STATE_SYMBOLS[state]
        style = state_style(room)
        now_text = clock_text(position) if position is not None else "-:--:--"
        end_text = _end_text(room)
        space = width - len(now_text) - len(end_text) - 6
        return line(
            [
                (f" {symbol} ", style),
                (f"{now_text} ", "$faint" if is_stale(room) else "bold"),
                *bar(room, position, space),
                (f" {end_text} ", "$muted"),
            ]
        )


def _end_text(room: PartyState) -> str:
    if room.media is not None and room.media.is_live:
        return _live_text(room)
    if room.duration is not None:
        return clock_text(room.duration)
    return UNKNOWN_LENGTH if room.is_open else "-:--:--"


def _live_text(room: PartyState) -> str:
    """That it is live, and how far behind what has been sent."""
    status = room.status
    if status is None or status.position is None or status.buffered_until is None:
        return "LIVE"
    behind = round(status.buffered_until - status.position)
    return f"LIVE −{behind} s" if behind > 0 else "LIVE"


def bar(room: PartyState, position: float | None, width: int) -> list[Piece]:
    """The film as ``width`` cells: played, buffered, to come, with a mark at each chapter."""
    if width <= 0:
        return []
    duration = room.duration
    if not duration:
        # Where in the whole it is cannot be told: no mark, but a line that has no end.
        is_unknown = room.is_open and room.media is not None and not room.media.is_live
        shape = "╌" if is_unknown else "─"
        return [(shape * width, "$faint")]
    last = width - 1
    head = min(last, int((position or 0.0) / duration * last + 0.5))
    status = room.status
    until = status.buffered_until if status and status.buffered_until else 0.0
    ready = min(last, int(until / duration * last + 0.5))
    chapters = room.media.chapters if room.media else ()
    marks = {
        min(last, int(c.start / duration * last + 0.5)) for c in chapters if 0 < c.start < duration
    }
    pieces: list[Piece] = []
    for cell in range(width):
        played, buffered = cell < head, cell <= ready
        style = "$primary" if played else "$muted" if buffered else "$faint"
        shape = "━" if played or buffered else "─"
        if cell in marks:
            shape = "╋" if played or buffered else "┼"
        piece = ("●", "bold $foreground") if cell == head else (shape, style)
        if pieces and pieces[-1][1] == piece[1]:
            pieces[-1] = (pieces[-1][0] + piece[0], piece[1])
        else:
            pieces.append(piece)
    return pieces
