"""Seats without a player: the real protocol and link, and a will of their own."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from player.session.link import LinkDown, ServerLink
from protocol.client import events
from protocol.client.protocol import ClientProtocol
from protocol.wire.codec import decode_server
from protocol.wire.messages import Ack, CreateStream, Event

if TYPE_CHECKING:
    from bench.soak.ledger import Ledger

PASSING: Final = frozenset(("rate_limited", "storage_full", "try_again", "internal"))
"""Refusals of a connection that trying again may change."""


class _Protocol(ClientProtocol):
    """Keeps what it is told."""

    ledger: Ledger

    def receive(self, text: str, received_at: float) -> None:
        message = decode_server(text)
        if isinstance(message, Ack):
            self.ledger.acknowledged(message)
        elif isinstance(message, Event):
            self.ledger.heard(message)
        super().receive(text, received_at)


class Seat:
    """One seat, from its making to `stop`.

    Args:
        server: where.
        name: of the member.
        ledger: what this stream's seats were told.
        stream_id: "" founds a stream.
        token: an invite or a host key.
        create: of a stream that is to be founded.
        take_over: though another host is there.
    """

    def __init__(
        self,
        server: str,
        name: str,
        ledger: Ledger,
        *,
        stream_id: str = "",
        token: str = "",
        create: CreateStream | None = None,
        take_over: bool = False,
    ) -> None:
        self.name = name
        self.protocol = _Protocol(
            name=name, instance_id=uuid4().hex, create=create, take_over=take_over
        )
        self.protocol.ledger = ledger
        self.back = asyncio.Event()
        """Connected, with nothing missed."""
        self.back_at = 0.0
        """Instant of the last time that it came back."""
        self.refusals: Counter[str] = Counter()
        self.story: deque[str] = deque(maxlen=12)
        """Its last connections, to be told when something is wrong."""
        self.failure = ""
        """Why it has given up."""
        self._stopping: asyncio.Task[None] | None = None
        self._link = ServerLink(
            self.protocol,
            server=server,
            stream_id=stream_id,
            token=token,
            on_events=self._take,
            on_down=self._down,
        )
        self._run = asyncio.create_task(self._link.run())

    @property
    def host_key(self) -> str:
        """Of the stream that it founded."""
        welcome = self.protocol.welcome
        assert welcome is not None
        assert welcome.created is not None
        return welcome.created.host_key

    @property
    def invite(self) -> str:
        """To the stream that it founded."""
        welcome = self.protocol.welcome
        assert welcome is not None
        assert welcome.created is not None
        return welcome.created.invite_token

    @property
    def is_over(self) -> bool:
        """It has stopped, or was told to."""
        return self._stopping is not None

    def flush(self) -> None:
        """There may be something to send."""
        self._link.flush()

    async def drop(self) -> None:
        """Lose the connection."""
        await self._link.drop()

    def lost(self) -> None:
        """Its server has just been killed."""
        self.back.clear()

    async def stop(self) -> None:
        """Go for good."""
        self._stopping = self._stopping or asyncio.create_task(self._link.stop())
        await self._stopping
        await self._run

    def _down(self, down: LinkDown) -> None:
        self._note(f"down ({down.reason}), again in {down.retry_in:.2f} s")
        self.back.clear()

    def _note(self, what: str) -> None:
        self.story.append(f"{time.monotonic():.2f} {what}")

    def _is_back(self) -> None:
        self.back_at = time.monotonic()
        self.back.set()

    def _take(self) -> None:
        for event in self.protocol.events_received():
            match event:
                case events.SessionStarted(welcome=welcome):
                    self._note("joined")
                    self._link.stream_id = welcome.stream_id
                    if welcome.created is not None:
                        self._link.token = welcome.created.host_key
                case events.SessionResumed():
                    self._note("back")
                    self._is_back()
                case events.StateChanged() if not self.back_at:
                    self._is_back()
                case events.RequestRefused(refusal=refusal, act=act):
                    self.refusals[refusal.code] += 1
                    is_final = act is None and not self.protocol.joined
                    if is_final and refusal.code not in PASSING:
                        self._give_up(refusal.code)
                case events.ServerClosing(bye=bye) if not bye.reconnect:
                    self._give_up(bye.code)
                case events.ServerTimedOut():
                    self._dropping = asyncio.create_task(self._link.drop())
                case _:
                    pass

    def _give_up(self, why: str) -> None:
        self.failure = why
        self.back.clear()
        self._stopping = self._stopping or asyncio.create_task(self._link.stop())
