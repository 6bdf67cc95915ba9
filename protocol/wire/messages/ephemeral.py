"""Ephemeral messages: what members tell each other at once or never, without a place in the log.

Each kind is a pair: what a seat asks, and what the server then tells everybody.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from protocol.text import CHAT_CELLS, clean_text
from protocol.wire.messages.fields import ChatText, SomeId, SomeName, UnixMs
from protocol.wire.messages.values import ClientStruct, Struct
from protocol.wire.rate_limit import RateLimit


class EphemeralMessage(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Somebody tells the others something that nobody hears later."""

    member_id: SomeId
    name: SomeName
    timestamp_ms: UnixMs


class EphemeralRequest(ClientStruct, frozen=True, tag_field="type"):
    """A member wants to tell the others something."""

    @abstractmethod
    def told(self, member_id: str, name: str, unix_ms: int) -> AnyEphemeralMessage | None:
        """What the others are told of it; None when nothing is left of it."""


class Chat(EphemeralMessage, frozen=True, kw_only=True, tag="chat"):
    """Somebody said something."""

    text: ChatText


class SendChat(EphemeralRequest, frozen=True, tag="say"):
    """Chat."""

    rate: ClassVar[RateLimit | None] = RateLimit(1, 5)
    text: ChatText

    def told(self, member_id: str, name: str, unix_ms: int) -> Chat | None:
        """The text as it may be shown; None when nothing of it may."""
        text = clean_text(self.text, CHAT_CELLS)
        if not text:
            return None
        return Chat(member_id=member_id, name=name, text=text, timestamp_ms=unix_ms)


AnyEphemeralMessage = Chat
AnyEphemeralRequest = SendChat
