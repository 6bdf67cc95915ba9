"""What workers post to the app; its handlers own the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.message import Message

if TYPE_CHECKING:
    from player.api.intents import AnyIntent
    from player.api.views import AnyView


class SeatSaid(Message):
    """A line of the seat came."""

    def __init__(self, view: AnyView) -> None:
        super().__init__()
        self.view = view


class SeatOver(Message):
    """The seat has ended for good."""


class Answered(Message):
    """The answer to a key, which the answer to the next one replaces."""

    def __init__(self, text: str, tone: Literal["information", "warning"] = "information") -> None:
        super().__init__()
        self.text = text
        self.tone: Literal["information", "warning"] = tone

    def can_replace(self, message: Message) -> bool:
        """Of several answers that wait only the newest is shown."""
        return isinstance(message, Answered)


class Asked(Message):
    """A person asks the seat for something."""

    def __init__(self, intent: AnyIntent) -> None:
        super().__init__()
        self.intent = intent
