"""What happened and what people say, with times."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.screen.widgets.text_layout import Piece, line
from tui.state.party_state import FeedEntry, PartyState

if TYPE_CHECKING:
    from textual.app import ComposeResult

TONE_STYLES: Final = {
    "chat": "",
    "event": "$muted",
    "good": "$success",
    "warning": "$warning",
    "error": "bold $error",
}
_INDENT: Final = 6
"""Cells of the time and the space after it."""


class Feed(VerticalScroll, can_focus=False, inherit_bindings=False):
    """All entries, the newest at the bottom and in sight unless somebody scrolled away."""

    DEFAULT_CSS = "Feed { height: 1fr; scrollbar-size-vertical: 1; }"

    room: reactive[PartyState] = reactive(PartyState(), repaint=False)

    _shown: tuple[int, tuple[FeedEntry, ...]] = (0, ())
    _follows = True
    """Nobody has scrolled away; a smaller terminal moves the end, but nobody's wish."""

    def compose(self) -> ComposeResult:
        """One text that holds all lines."""
        yield Static(markup=False)

    def watch_room(self) -> None:
        """There may be something new."""
        self._fill()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Up is a person's doing; what only grows below is not."""
        super().watch_scroll_y(old_value, new_value)
        if new_value >= self.max_scroll_y:
            self._follows = True
        elif new_value < old_value:
            self._follows = False

    def watch_virtual_size(self) -> None:
        """The lines are laid out: only now it is known where the end is."""
        self._keep_up()

    def on_resize(self) -> None:
        """Lines break elsewhere."""
        self._fill()

    def _fill(self) -> None:
        width = self.scrollable_content_region.width
        if not self.is_mounted or width <= _INDENT:
            return
        if self._shown == (width, self.room.feed):
            self._keep_up()
            return
        self._shown = (width, self.room.feed)
        rows = [row for entry in self.room.feed for row in entry_lines(entry, width)]
        self.query_one(Static).update(Content("\n").join(rows))
        self._keep_up()

    def _keep_up(self) -> None:
        if self._follows:
            self.scroll_end(animate=False, immediate=False)


@lru_cache(maxsize=1024)
def entry_lines(entry: FeedEntry, width: int) -> tuple[Content, ...]:
    """An entry in lines of at most ``width`` cells, the later ones below the text."""
    said: list[Piece] = [(entry.text, TONE_STYLES[entry.tone])]
    if entry.name:
        said.insert(0, (f"{entry.name} ", "bold $secondary"))
    wrapped = line(said).wrap(max(1, width - _INDENT))
    head = Content.styled(f"{time_text(entry.timestamp_ms)} ", "$faint")
    space = Content(" " * _INDENT)
    return tuple((head if at == 0 else space) + row for at, row in enumerate(wrapped))


def time_text(timestamp_ms: int) -> str:
    """Hours and minutes here, of a Unix time."""
    if not timestamp_ms:
        return "     "
    return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).astimezone().strftime("%H:%M")
