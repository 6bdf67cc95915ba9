"""The server's core with a store in memory, a clock that is turned by hand and known keys."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

import msgspec

from protocol.media.url_policy import UrlPolicy
from protocol.server.access.peers import HandshakeInfo
from protocol.server.core.effects import AskStore, Close, Send
from protocol.server.moment import Moment
from protocol.server.protocol import ServerProtocol
from protocol.wire.codec import encode
from protocol.wire.messages import (
    ClientMessage,
    Command,
    CreateStream,
    Cursor,
    Hello,
    Media,
    ServerMessage,
    Welcome,
)
from server_stub.storage.memory import MemoryStore

if TYPE_CHECKING:
    from protocol.server.core.store_calls import AnyStoreCall, StoreFailed, StoreResult
    from protocol.server.limits.config import Limits
    from protocol.server.log.record import StreamRecord
    from protocol.wire.messages import Act
    from protocol.wire.versions import VersionFilter

_Message = TypeVar("_Message")

FILM = Media(media_id="film-0001", kind="file", title="The Film", duration=5400.0)
REMOTE = "192.0.2.7"


class CountingMint:
    """Ids and keys that tests can tell in advance."""

    def __init__(self, first: int = 1) -> None:
        self._count = first - 1

    def _next(self) -> int:
        self._count += 1
        return self._count

    def stream_id(self) -> str:
        return f"{self._next():032x}"

    def event_id(self) -> str:
        return f"minted-{self._next():08d}"

    def host_key(self) -> str:
        return f"host-key-{self._next()}"

    def invite_token(self) -> str:
        return f"invite-{self._next()}"


class FailingStore:
    """The store in memory, which fails where a test says so; tests look into it and bend it."""

    def __init__(self) -> None:
        self._memory = MemoryStore()
        self.records = self._memory.streams
        self.logs = self._memory.logs
        self.failing: StoreFailed | None = None

    def perform(self, call: AnyStoreCall) -> StoreResult:
        return self.failing or self._memory.perform([call])[0]


class Bench:
    """Drives a core: peers are numbers, what each was sent is kept in order."""

    def __init__(
        self,
        limits: Limits | None = None,
        rules: UrlPolicy | None = None,
        version_filter: VersionFilter | None = None,
    ) -> None:
        self.store = FailingStore()
        self.core = ServerProtocol(
            CountingMint(),
            clock_id="clock-0001",
            limits=limits,
            rules=rules or UrlPolicy(),
            version_filter=version_filter,
        )
        self.instant = 1000.0
        self.sent: dict[int, list[ServerMessage]] = {}
        self.closed: dict[int, tuple[int, str]] = {}
        self.waiting: deque[AskStore] = deque()
        self.holding = False
        self._peers = 0
        self._events = 0

    @property
    def now(self) -> Moment:
        return Moment(self.instant, 1_700_000_000_000 + round(self.instant * 1000))

    def event_id(self) -> str:
        self._events += 1
        return f"event-{self._events:06d}"

    # What peers do ----------------------------------------------------------------------

    def connect(self, stream_id: str = "", token: str = "", address: str = REMOTE) -> int:
        self._peers += 1
        peer = self._peers
        self.sent[peer] = []
        self.core.connect(peer, HandshakeInfo(address, stream_id, token), self.now)
        self.settle()
        return peer

    def send(self, peer: int, message: ClientMessage) -> None:
        self.send_text(peer, encode(message))

    def send_text(self, peer: int, text: str) -> None:
        self.core.receive(peer, text, self.now)
        self.settle()

    def disconnect(self, peer: int) -> None:
        self.core.disconnect(peer, self.now)
        self.settle()

    # Time and the store -----------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass, and have everything happen at its own instant."""
        until = self.instant + seconds
        while (deadline := self.core.next_deadline()) is not None and deadline <= until:
            self.instant = max(self.instant, deadline)
            self.core.handle_timeout(self.now)
            self.settle()
        self.instant = until

    def settle(self) -> None:
        """Carry out effects; while ``holding``, the store takes its time."""
        while effects := self.core.effects():
            for effect in effects:
                match effect:
                    case Send(peers=peers, message=message):
                        for peer in peers:
                            self.sent[peer].append(message)
                    case Close(peer=peer):
                        self.closed.setdefault(peer, (effect.code, effect.reason))
                    case AskStore():
                        self.waiting.append(effect)
            while self.waiting and not self.holding:
                self.answer()

    def answer(self) -> None:
        """The store answers its oldest question."""
        ask = self.waiting.popleft()
        self.core.stored(ask.ticket, self.store.perform(ask.call), self.now)

    def release(self) -> None:
        """The store answers everything."""
        self.holding = False
        while self.waiting:
            self.answer()
            self.settle()

    # Looking ----------------------------------------------------------------------------

    def got(self, peer: int, kind: type[_Message]) -> list[_Message]:
        """What ``peer`` was sent of this kind."""
        return [message for message in self.sent[peer] if isinstance(message, kind)]

    def last(self, peer: int, kind: type[_Message]) -> _Message:
        return self.got(peer, kind)[-1]

    def forget(self) -> None:
        """Forget what was sent so far."""
        for messages in self.sent.values():
            messages.clear()


class Party:
    """A stream with a host, and a way for others to join it."""

    def __init__(self, bench: Bench | None = None, media: Media | None = FILM) -> None:
        self.bench = bench or Bench()
        self.host = self.bench.connect()
        self.bench.send(self.host, hello("Ana", create=CreateStream(media=media)))
        welcome = self.bench.last(self.host, Welcome)
        assert welcome.created is not None
        self.stream_id = welcome.stream_id
        self.host_key = welcome.created.host_key
        self.invite = welcome.created.invite_token
        self.host_id = welcome.member_id
        self.term = welcome.host_term
        self.counter = 0

    @property
    def record(self) -> StreamRecord:
        return self.bench.store.records[self.stream_id]

    def join(
        self,
        name: str,
        *,
        token: str = "",
        cursor: Cursor | None = None,
        take_over: bool = False,
        yields: bool = False,
        instance: str = "",
    ) -> int:
        peer = self.bench.connect(self.stream_id, token or self.invite)
        said = hello(name, cursor=cursor, take_over=take_over, instance=instance)
        said = msgspec.structs.replace(said, yields=yields)
        self.bench.send(peer, said)
        return peer

    def command(self, act: Act, **changes: object) -> Command:
        """The next command of the host; ``changes`` bend it."""
        self.counter += 1
        command = Command(
            event_id=self.bench.event_id(),
            host_term=self.term,
            counter=self.counter,
            based_on=self.record.cursor,
            act=act,
        )
        return msgspec.structs.replace(command, **changes)

    def act(self, act: Act) -> None:
        """The host does something."""
        self.bench.send(self.host, self.command(act))


def hello(
    name: str,
    *,
    cursor: Cursor | None = None,
    create: CreateStream | None = None,
    take_over: bool = False,
    instance: str = "",
) -> Hello:
    """A hello of the seat that belongs to ``name``."""
    return Hello(
        version_min=1,
        version_max=1,
        name=name,
        instance_id=instance or f"instance-of-{name.lower()}",
        cursor=cursor,
        create=create,
        take_over=take_over,
    )
