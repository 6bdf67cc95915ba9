"""May this seat open films at a site that others have named? Asked once for each site."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from player.api.intents import Consent

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from player.api.views import ConsentAsked


GRACE: Final = 0.8
"""Seconds in which keys are not answers yet."""


class ConsentScreen(ModalScreen[Consent | None]):
    """The answer, or None when it is asked no longer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "answer('once')", "Once"),
        Binding("a", "answer('always')", "Always"),
        Binding("n,escape", "answer('no')", "No"),
    ]

    def __init__(self, asked: ConsentAsked, host: str) -> None:
        super().__init__()
        self._asked = asked
        self._host = host
        self.is_open = False
        """Keys are answers now."""

    def compose(self) -> ComposeResult:
        """Question, what it is about, keys."""
        who = self._host or "The host"
        film = f" ({self._asked.title})" if self._asked.title else ""
        with Vertical(classes="dialog wide"):
            yield Static(f"Open {self._asked.site}?", classes="title", markup=False)
            yield Static(
                f"{who} shows a film from there{film}. You have not opened this site before;"
                " it learns your address as any page does.",
                markup=False,
            )
            yield Static(
                Content.assemble(
                    *(("o", "bold $primary"), " this evening   "),
                    *(("a", "bold $primary"), " always   "),
                    *(("n", "bold $primary"), " no"),
                ),
                classes="advice",
            )

    def on_mount(self) -> None:
        """Take no answer yet: somebody may be in the middle of a word."""
        self.set_timer(GRACE, self._open)

    def _open(self) -> None:
        self.is_open = True

    def action_answer(self, answer: str) -> None:
        """Take a key's answer."""
        if not self.is_open:
            return
        match answer:
            case "once" | "always" | "no":
                self.dismiss(Consent(answer))
            case _:
                raise LookupError(answer)
