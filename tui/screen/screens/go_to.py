"""Where to? A time, typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from player.api.intents import Seek, SeekBy
from protocol.clock_text import clock_text
from tui.state.selectors import position_at
from tui.text.times import EXAMPLES, parse_go_to

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.state.party_state import PartyState


class GoToScreen(ModalScreen[Seek | SeekBy | None]):
    """Asks for a time until it is one, or until escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Stay here")]

    def __init__(self, room: PartyState, now: float) -> None:
        super().__init__()
        self._room = room
        self._position = position_at(room, now)

    def compose(self) -> ComposeResult:
        """Title, input, and a line that explains or complains."""
        here = f", now {clock_text(self._position)}" if self._position is not None else ""
        with Vertical(classes="dialog"):
            yield Static(f"Go to{here}", classes="title", markup=False)
            yield Input(placeholder="4:30", max_length=20, compact=True)
            yield Static(EXAMPLES, id="advice", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the time, or say what is wrong with it."""
        advice = self.query_one("#advice", Static)
        try:
            self.dismiss(parse_go_to(event.value, self._room.duration))
        except ValueError as error:
            advice.update(str(error))
            advice.add_class("wrong")
