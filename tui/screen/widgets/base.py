"""What widgets that draw a room have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.state.party_state import PartyState

if TYPE_CHECKING:
    from textual.content import Span


class StateView(Widget, inherit_bindings=False):
    """Draws a room; is painted again only when it would look different.

    ``now`` ticks several times a second, so most ticks must cost no output.
    """

    DEFAULT_CSS = """
    StateView { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: clip; }
    """

    room: reactive[PartyState] = reactive(PartyState(), repaint=False)
    now: reactive[float] = reactive(0.0, repaint=False)
    """Instant for which to draw."""

    _drawn: tuple[str, list[Span]] = ("", [])
    _picture = Content("")

    def draw(self, width: int, height: int) -> Content:
        """The room as this widget shows it, in ``width`` x ``height`` cells; here nothing."""
        del width, height
        return Content("")

    def render(self) -> Content:
        """The newest drawing."""
        return self._picture

    def watch_room(self) -> None:
        """A line of the seat came."""
        self.redraw_if_changed()

    def watch_now(self) -> None:
        """Time went on."""
        self.redraw_if_changed()

    def on_resize(self) -> None:
        """The place to draw in is another."""
        self.redraw_if_changed()

    def redraw_if_changed(self) -> None:
        """Draw, and ask to be painted when that differs from what is on the screen."""
        width, height = self.content_size
        if width <= 0 or height <= 0:
            return
        picture = self.draw(width, height)
        drawn = (picture.plain, list(picture.spans))
        if drawn != self._drawn:
            self._drawn, self._picture = drawn, picture
            self.refresh()
