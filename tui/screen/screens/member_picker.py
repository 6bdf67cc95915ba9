"""Whom? One of the others, chosen from a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from protocol.wire.messages import Member


class MemberPickerScreen(ModalScreen[str | None]):
    """The id of the member who was chosen, None for nobody."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "Nobody")]

    def __init__(self, question: str, consequence: str, members: Sequence[Member]) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._members = members

    def compose(self) -> ComposeResult:
        """Question, consequence, names, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="title", markup=False)
            yield Static(self._consequence, markup=False)
            yield OptionList(
                *(Option(Content(member.name), id=member.member_id) for member in self._members),
                compact=True,
            )
            yield Static(
                Content.assemble(
                    ("Enter", "bold $primary"), " chooses   ", ("Esc", "bold $primary"), " nobody"
                ),
                classes="advice",
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """That one."""
        self.dismiss(event.option_id)
