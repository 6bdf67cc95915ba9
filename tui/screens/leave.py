"""Really leave? Asked of a host whom others watch with."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class LeaveScreen(ModalScreen[bool]):
    """True to leave; says what that means for the others."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,y,enter", "dismiss(True)", "Leave"),
        Binding("escape,n", "dismiss(False)", "Stay"),
    ]

    def __init__(self, others: Sequence[str], parting: str, way_back: str) -> None:
        super().__init__()
        self._others = others
        self._parting = parting
        self._way_back = way_back

    def compose(self) -> ComposeResult:
        """Question, consequence, way back, keys."""
        verb = "is" if len(self._others) == 1 else "are"
        with Vertical(classes="dialog"):
            yield Static(
                f"Leave? {people(self._others)} {verb} watching.", classes="title", markup=False
            )
            yield Static(self._parting, markup=False)
            yield Static(f"{self._way_back} brings you back.", markup=False)
            yield Static(
                Content.assemble(
                    ("q", "bold $primary"), " leaves   ", ("Esc", "bold $primary"), " stays"
                ),
                classes="advice",
            )


def people(names: Sequence[str]) -> str:
    """``Ben``, ``Ben and Chloé``, ``Ben and 3 more``."""
    if len(names) <= 2:
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} more"
