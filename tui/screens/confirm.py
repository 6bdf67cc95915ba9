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
    """True for yes.

    Args:
        question: what is to be done.
        consequences: what that means, a line each.
        key: says yes, besides Enter.
        yes: what it does.
        no: what Esc does.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", "Yes"),
        Binding("escape,n", "dismiss(False)", "No"),
    ]

    def __init__(
        self, question: str, consequences: Sequence[str], key: str, yes: str, no: str
    ) -> None:
        super().__init__()
        self._question = question
        self._consequences = consequences
        self._key, self._yes, self._no = key, yes, no
        self._bindings.bind(key, "dismiss(True)")

    def compose(self) -> ComposeResult:
        """Question, consequences, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="title", markup=False)
            for line in self._consequences:
                yield Static(line, markup=False)
            yield Static(
                Content.assemble(
                    *((self._key, "bold $primary"), f" {self._yes}   "),
                    *(("Esc", "bold $primary"), f" {self._no}"),
                ),
                classes="advice",
            )


def people(names: Sequence[str]) -> str:
    """``Ben``, ``Ben and Chloé``, ``Ben and 3 more``."""
    if len(names) <= 2:
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} more"
