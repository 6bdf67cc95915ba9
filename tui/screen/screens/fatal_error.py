"""The end of a party that nobody wanted: what happened and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from player.api.views import ErrorLine


class FatalErrorScreen(ModalScreen[None]):
    """An error that the seat did not survive, until a key is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,enter,space", "dismiss(None)", "Leave")
    ]

    def __init__(self, error: ErrorLine) -> None:
        super().__init__()
        self._error = error

    def compose(self) -> ComposeResult:
        """Cause, remedy, way out."""
        with Vertical(classes="dialog trouble"):
            yield Static("✕ matinee cannot go on", classes="title", markup=False)
            yield Static(self._error.message or self._error.code, id="cause", markup=False)
            if self._error.remedy:
                yield Static(self._error.remedy, id="remedy", markup=False)
            yield Static("q leaves", classes="advice", markup=False)
