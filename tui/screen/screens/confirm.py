"""Really? Asked before what others would notice at once."""

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


class ConfirmScreen(ModalScreen[bool]):
    """True for yes; each question has keys of its own for that.

    Args:
        question: what is to be done.
        consequences: what that means, a line each.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,n", "dismiss(False)", "No")]
    KEY: ClassVar[str]
    """As it is shown."""
    YES: ClassVar[str]
    """What it does."""
    NO: ClassVar[str]
    """What Esc does."""

    def __init__(self, question: str, *consequences: str) -> None:
        super().__init__()
        self._question = question
        self._consequences = consequences

    def compose(self) -> ComposeResult:
        """Question, consequences, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="title", markup=False)
            for line in self._consequences:
                yield Static(line, markup=False)
            yield Static(
                Content.assemble(
                    *((self.KEY, "bold $primary"), f" {self.YES}   "),
                    *(("Esc", "bold $primary"), f" {self.NO}"),
                ),
                classes="advice",
            )


class LeaveScreen(ConfirmScreen):
    """Asked of a host whom others watch with."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,y,enter", "dismiss(True)", "Leave")]
    KEY, YES, NO = "q", "leaves", "stays"


class RevokeScreen(ConfirmScreen):
    """Asked with the palette's Enter on its way: that must not be the answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "dismiss(True)", "Take back")]
    KEY, YES, NO = "y", "takes it back", "leaves it"


def people(names: Sequence[str]) -> str:
    """``Ben``, ``Ben and Chloé``, ``Ben and 3 more``."""
    if len(names) <= 2:
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} more"
