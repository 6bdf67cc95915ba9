"""Now playing while the film is in its own window: a big clock, what goes on, the chapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from protocol.clock_text import clock_text
from tui.actions import BY_ID
from tui.screen.widgets.base import StateView
from tui.screen.widgets.charts import big_figures
from tui.screen.widgets.text_layout import Piece, cells, centered, fit
from tui.state.selectors import (
    chapter_at,
    explanation,
    is_stale,
    may_be_over,
    position_at,
    shown_state,
    state_word,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.state.party_state import PartyState
    from tui.state.selectors import ShownState

_STATE_STYLES: Final[Mapping[ShownState, str]] = {
    "playing": "bold $success",
    "paused": "bold $primary",
    "waiting": "bold $warning",
    "buffering": "bold $warning",
    "loading": "bold $warning",
    "opening": "bold $warning",
    "joining": "bold $warning",
    "ended": "bold $accent",
    "idle": "bold $accent",
}
"""Any other state is trouble."""


_LEAST_REASON: Final = 12
"""Cells; less of it says nothing."""


class NowPlaying(StateView):
    """State word, clock, chapter and rate in the middle."""

    DEFAULT_CSS = "NowPlaying { height: 1fr; }"

    def draw(self, width: int, height: int) -> Content:
        """As much as the height allows; the state and the clock are never left out."""
        position = position_at(self.room, self.now)
        text = clock_text(position) if position is not None else "-:--:--"
        rows = [centered([state_piece(self.room)], width), Content("")]
        # Big figures need some air around them.
        figures = big_figures(text, width - 2, height - 3 if height < 12 else height)
        style = "$faint" if is_stale(self.room) else "bold"
        rows += [centered([(row, style)], width) for row in figures]
        rows += [Content(""), centered(where_pieces(self.room, position, width), width)]
        if why := explanation(self.room, self.now):
            rows.append(centered([(why, "$warning")], width))
        elif height >= 14:
            rows.append(centered(_ahead(self.room, position), width))
        for number, hint in enumerate(_hints(self.room, self.now)):
            rows += [Content("")] * (height > 10 and not number) + [centered(hint, width)]
        rows = rows[:height]
        above = (height - len(rows)) // 2
        return Content("\n").join([Content("")] * above + rows)


class StateLine(StateView):
    """The same in one line, below a film that is drawn in the terminal."""

    DEFAULT_CSS = "StateLine { height: 1; }"

    def draw(self, width: int, height: int) -> Content:
        """State, clock, chapter, reason."""
        del height
        position = position_at(self.room, self.now)
        pieces: list[Piece] = [state_piece(self.room), ("  ", "")]
        why = explanation(self.room, self.now)
        if why:
            hints = _hints(self.room, self.now)
            left = width - cells(pieces)
            pieces += reason_pieces(why, hints[0] if hints else [], left)
        else:
            pieces += where_pieces(self.room, position, width - 14)
        return centered(pieces, width)


def state_piece(room: PartyState) -> Piece:
    """The state word in its colour."""
    return (state_word(room), state_style(room))


def state_style(room: PartyState) -> str:
    """The colour of what goes on."""
    return _STATE_STYLES.get(shown_state(room), "bold $error")


def where_pieces(room: PartyState, position: float | None, width: int) -> list[Piece]:
    """Chapter, rate, and what is left of the film, as much as fits."""
    parts: list[str] = []
    if position is not None and (found := chapter_at(room, position)):
        number, chapter = found
        title = chapter.title.strip()
        named = title and title.lower() != f"chapter {number}"
        parts.append(f"Chapter {number}, {title}" if named else f"Chapter {number}")
    if room.status is not None:
        parts.append(f"{room.status.rate:.2f}×")
    if position is not None and room.duration is not None and position <= room.duration:
        parts.append(f"{clock_text(room.duration - position)} left")
    while len(parts) > 1 and cell_len(" · ".join(parts)) > width:
        parts.pop()
    return [(" · ".join(parts), "$muted")]


def _ahead(room: PartyState, position: float | None) -> list[Piece]:
    """The next chapter, and when it begins."""
    if position is None or room.media is None:
        return []
    for chapter in room.media.chapters:
        title = chapter.title.strip()
        if title and chapter.start > position + 0.05:
            return [(f"next: {title}, in {clock_text(chapter.start - position)}", "$faint")]
    return []


def _hints(room: PartyState, now: float) -> list[list[Piece]]:
    """What to do next, while somebody may not know it."""
    if may_be_over(room, now) and room.is_host:
        return [
            [("The server is gone: ", "$muted"), *_key_hint("quit", "leaves.")],
            [("When it comes back, so do you.", "$muted")],
        ]
    if may_be_over(room, now):
        who = room.host_name or "the host"
        return [
            [("The party may be over: ", "$muted"), *_key_hint("quit", "leaves.")],
            [(f"If {fit(who, 16)} comes back, so do you.", "$muted")],
        ]
    if room.is_host and room.waiting is not None and room.waiting.names != (room.you_are,):
        return [_key_hint("toggle", "goes on without")]
    if room.lacks_copy:
        return [_key_hint("own_copy", "names your copy of the film")]
    if room.status is not None and room.status.state == "failed":
        return [_key_hint("reopen", "opens the player again")]
    queue_left = room.media.queue_left if room.media else 0
    if room.is_host and queue_left and room.status and room.status.state == "ended":
        return [_key_hint("next_film", "goes on to the next film")]
    if room.is_host and len(room.members) == 1:
        return [_key_hint("invite", "shows the invite")]
    return []


def reason_pieces(why: str, hint: list[Piece], width: int) -> list[Piece]:
    """A reason and what to do; where both do not fit the reason is cut, then left out."""
    if not hint:
        return [(why, "$warning")]
    for_why = width - cells(hint) - 2
    if for_why < min(_LEAST_REASON, cell_len(why)):
        return hint
    return [(fit(why, for_why).rstrip(), "$warning"), ("  ", ""), *hint]


def _key_hint(action_id: str, does: str) -> list[Piece]:
    return [(BY_ID[action_id].shown, "bold $primary"), (f" {does}", "$muted")]
