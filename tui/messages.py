"""What workers post to the app; its handlers own the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from player.intents import AnyIntent
    from player.views import AnyView


class SeatSaid(Message):
    """A line of the seat came."""

    def __init__(self, view: AnyView) -> None:
        super().__init__()
        self.view = view


class SeatOver(Message):
    """The seat has ended for good."""


class Asked(Message):
    """A person asks the seat for something."""

    def __init__(self, intent: AnyIntent) -> None:
        super().__init__()
        self.intent = intent
