"""The invite, to be handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import getters
from textual.app import App
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

_FRAME = 6
"""Cells that the dialogue's border and padding take."""


class InviteScreen(ModalScreen[None]):
    """Shows the whole link; it is in the clipboard already where the terminal allows that."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i,enter,space", "dismiss(None)", "Close"),
        Binding("c", "copy", "Copy"),
    ]

    app = getters.app(cast("type[App[object]]", App))

    def __init__(self, invite: str) -> None:
        super().__init__()
        self._invite = invite

    def compose(self) -> ComposeResult:
        """Title, link, what to do with it."""
        width = self.app.size.width
        with Vertical(id="invite", classes="dialog wide"):
            yield Static("Invite", classes="title", markup=False)
            yield Static(invite_lines(self._invite, width), id="link-text", markup=False)
            yield Static(
                "Copied, if this terminal lets programs copy; c copies again. Whoever has it "
                "may watch: matinee join, and paste. Esc closes.",
                classes="advice",
                markup=False,
            )

    def on_mount(self) -> None:
        """Without a frame at the sides when only so the link stays on one line."""
        if len(self._invite) > min(self.app.size.width * 0.96, 112) - _FRAME:
            self.query_one("#invite").add_class("band")

    def action_copy(self) -> None:
        """Once more into the clipboard."""
        self.app.copy_to_clipboard(self._invite)


def invite_lines(invite: str, width: int) -> str:
    """In one line, or else broken before the key: whoever pastes it may paste both lines."""
    return invite if len(invite) <= width else invite.replace("#", "\n#", 1)
