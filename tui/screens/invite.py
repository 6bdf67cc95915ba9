"""The invite, to be handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult


class InviteScreen(ModalScreen[None]):
    """Shows the whole link; it is in the clipboard already where the terminal allows that."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i,enter,space", "dismiss(None)", "Close")
    ]

    def __init__(self, invite: str) -> None:
        super().__init__()
        self._invite = invite

    def compose(self) -> ComposeResult:
        """Title, link, what to do with it."""
        with Vertical(classes="dialog wide"):
            yield Static("Invite", classes="title", markup=False)
            yield Static(self._invite, id="link-text", markup=False)
            yield Static(
                "Copied, if this terminal lets programs copy. Whoever has it may watch: "
                "matinee join, and paste. Esc closes.",
                classes="advice",
                markup=False,
            )
