"""A seat's core on a clock by hand: what it sends, shows and wants done is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from player.api.config import SeatConfig
from player.api.views import ErrorLine, Notice, ViewOnly
from player.backend.base import Source
from player.media.loader import FIND_TIMEOUT, MediaLoader
from player.media.messages import LoaderRequest
from player.session.core.effects import Emit, Finish
from player.session.core.session_core import SessionCore
from player.session.core.sleep_detector import LocalClocks
from protocol.client import events as client_events
from protocol.client.stream_state import StreamState
from protocol.exceptions import MatineeError
from protocol.timeline import Timeline
from protocol.wire.codec import decode_client
from protocol.wire.messages import (
    Ack,
    Command,
    Cursor,
    Media,
    Member,
    Note,
    Ping,
    Welcome,
)
from protocol.wire.versions import PROTOCOL_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.views import AnyView
    from player.media.messages import LoaderEvent
    from player.session.core.effects import AnyEffect
    from player.sync.messages import PlayerNews
    from protocol.client.events import ClientEvent
    from protocol.wire.messages import Act, ClientMessage, Role

V = TypeVar("V")
FILM = Media("film-0001", "file", title="The Film")
ANA = Member("member-a", "Ana", "host")


class CoreSeat:
    """Ana's seat, which the server has taken in and which watches `FILM`."""

    def __init__(
        self, role: Role = "host", *media: str, returning: bool = False, **configured: Any
    ) -> None:
        self.config = SeatConfig(
            role=role,
            name="Ana",
            instance_id="instance-of-ana",
            server="http://127.0.0.1:1",
            media=media,
            returning=returning,
            trusted=("media.example",),
            **configured,
        )
        self.now = 1000.0
        self.asleep = 0.0
        """Seconds that its machine has slept."""
        self._ids = 0
        self.core = SessionCore(self.config, None, self._new_id)
        self.effects: list[AnyEffect] = []
        self.sent: list[ClientMessage] = []
        """What went to the server since the seat was taken in, but for the pings."""
        self.pings = 0
        self.connect(role)
        self.at(Timeline())

    def _new_id(self) -> str:
        self._ids += 1
        return f"ana-{self._ids:06d}"

    @property
    def clocks(self) -> LocalClocks:
        """What its machine's clocks tell."""
        return LocalClocks(self.now, self.asleep)

    # What happens -----------------------------------------------------------------------

    def connect(self, role: Role) -> None:
        """The server takes the seat in; nothing that came of it is kept."""
        protocol = self.core.protocol
        protocol.connection_made(self.now)
        welcome = Welcome(PROTOCOL_VERSION, "clock-01", "stream-01", "member-a", role, 3)
        protocol.receive(msgspec.json.encode(welcome).decode(), self.now)
        protocol.data_to_send()
        protocol.events_received()

    def at(self, timeline: Timeline, *members: Member, media: Media = FILM) -> None:
        """The stream is there, and its members are these."""
        self.core.protocol.replica.state = StreamState(
            "stream-01",
            Cursor(1, 2),
            timeline,
            "member-a",
            host_term=3,
            media=media,
            members={member.member_id: member for member in members or (ANA,)},
        )

    def outside(self) -> None:
        """There is no stream yet."""
        self.core.protocol.replica.state = None

    def watch(self, media: Media | None = FILM) -> None:
        """The core is told of the stream's film."""
        state = self.core.protocol.state
        assert state is not None
        self.core.protocol.replica.state = msgspec.structs.replace(state, media=media)
        self.server(client_events.StateChanged())

    def ask(self, *lines: str) -> None:
        for line in lines:
            self.core.line(line, self.clocks)
            self._settle()

    def player(self, *news: PlayerNews) -> None:
        for piece in news:
            self.core.player_event(piece, self.clocks)
            self._settle()

    def server(self, *events: ClientEvent) -> None:
        for event in events:
            self.core.server_event(event, self.clocks)
            self._settle()

    def loader(self, event: LoaderEvent) -> None:
        self.core.loader_event(event, self.clocks)
        self._settle()

    def tick(self, seconds: float = 0.0) -> None:
        """Time passes, and what is due is done."""
        self.now += seconds
        self.core.tick(self.clocks)
        self._settle()

    def _settle(self) -> None:
        while effects := self.core.effects():
            for effect in effects:
                self.effects.append(effect)
                self._do(effect)
        protocol = self.core.protocol
        protocol.handle_timeout(self.now)
        while frames := protocol.data_to_send():
            for message in map(decode_client, frames):
                if isinstance(message, Ping):
                    self.pings += 1
                else:
                    self.sent.append(message)
                if isinstance(message, Command | Note):
                    # One at a time is on its way; the next one goes out when it is in the log.
                    ack = Ack(message.event_id, 1, 2)
                    protocol.receive(msgspec.json.encode(ack).decode(), self.now)

    def _do(self, effect: AnyEffect) -> None:
        """Nothing is done outside of the core."""

    # What came of it --------------------------------------------------------------------

    @property
    def acts(self) -> list[Act]:
        return [message.act for message in self.sent if isinstance(message, Command)]

    @property
    def notes(self) -> list[Note]:
        return [message for message in self.sent if isinstance(message, Note)]

    @property
    def views(self) -> list[AnyView]:
        return [effect.view for effect in self.effects if isinstance(effect, Emit)]

    def seen(self, kind: type[V]) -> list[V]:
        """The lines of one kind that the face was given."""
        return [view for view in self.views if isinstance(view, kind)]

    def wanted(self, kind: type[V]) -> list[V]:
        """The effects of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def said(self) -> list[str]:
        """Notices and errors, with the remedy in words or its code."""
        return [
            f"{view.message}; {remedy}" if isinstance(view, ErrorLine) or remedy else view.message
            for view in self.views
            if isinstance(view, Notice | ErrorLine)
            for remedy in [view.remedy_code or (view.remedy if isinstance(view, ErrorLine) else "")]
        ]

    @property
    def errors(self) -> list[ErrorLine]:
        return self.seen(ErrorLine)

    @property
    def refused(self) -> list[str]:
        """What a viewer may not."""
        return [view.intent for view in self.seen(ViewOnly)]

    @property
    def ended(self) -> str | None:
        """Why the seat ends; None while it does not."""
        reasons = [effect.failure for effect in self.wanted(Finish)]
        return reasons[0] if reasons else None


class LoadingSeat(CoreSeat):
    """One whose loader is a real one, on an event loop; where films are is told to it."""

    def __init__(
        self,
        role: Role = "host",
        *media: str,
        returning: bool = False,
        find_timeout: float = FIND_TIMEOUT,
    ) -> None:
        super().__init__(role, *media, returning=returning)
        self.found: dict[str, Source | MatineeError] = {}
        self.named_by_person = False
        self.resolved: list[str] = []
        self.is_slow = False
        """Nothing is ever found."""
        self.media_loader = MediaLoader(
            self.config,
            resolve=self._resolve,
            identify=self._identify,
            post=self.loader,
            find_timeout=find_timeout,
        )

    def _do(self, effect: AnyEffect) -> None:
        if isinstance(effect, LoaderRequest):
            self.media_loader.perform(effect)

    async def turn(self) -> None:
        """Let the event loop do what there is to do."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def _resolve(self, own: str, progress: Callable[[str], None], named: bool) -> Source:
        """From `found`, or a film of that name."""
        self.named_by_person = named
        self.resolved.append(own)
        progress("looking")
        if self.is_slow:
            await asyncio.Event().wait()
        found = self.found.get(own, Source(url=own))
        if isinstance(found, MatineeError):
            raise found
        return found

    async def _identify(self, own: str) -> Media:
        """A file of that name and no other likeness."""
        found = self.found.get(own)
        if isinstance(found, MatineeError):
            raise found
        return Media("film-0009", "file", title=own, file_name=own, size=1_000_000)
