"""The server's core with a store in memory, a clock that is turned by hand and known keys."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

import msgspec

from protocol.media.url_policy import UrlPolicy
from protocol.server import refusals as refuse
from protocol.server.access.admission import Credentials as Visitors
from protocol.server.access.admission import decide_admission
from protocol.server.access.peers import HandshakeInfo
from protocol.server.core.effects import AskStore, Close, Send
from protocol.server.core.store_calls import (
    AddInvite,
    AdmitMembers,
    AnyStoreCall,
    Done,
    OpenedStream,
    OpenStream,
    ReadEvents,
    ReadSince,
    RemoveMember,
    StoreFailed,
    StoreResult,
)
from protocol.server.core.store_calls import InsertStream as CreateCall
from protocol.server.log.decide import decide, refused_errand
from protocol.server.log.requests import Appended, AppendRequest, KnownEvent
from protocol.server.moment import Moment
from protocol.server.protocol import ServerProtocol
from protocol.wire.codec import encode
from protocol.wire.messages import (
    ClientMessage,
    Command,
    CreateStream,
    Cursor,
    Event,
    Hello,
    Media,
    ServerMessage,
    Welcome,
)

if TYPE_CHECKING:
    from protocol.server.limits.config import Limits
    from protocol.server.log.record import StreamRecord
    from protocol.wire.messages import Act, Refusal, Role
    from protocol.wire.versions import VersionFilter

_Message = TypeVar("_Message")

FILM = Media(media_id="film-0001", kind="file", title="The Film", duration=5400.0)
REMOTE = "192.0.2.7"


class CountingMint:
    """Ids and keys that tests can tell in advance."""

    def __init__(self) -> None:
        self._count = 0

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


class MemoryStore:
    """The rules of the store, without a disk."""

    def __init__(self) -> None:
        self.records: dict[str, StreamRecord] = {}
        self.logs: dict[str, list[tuple[Event, str]]] = {}
        self.tokens: dict[str, dict[str, Role]] = {}
        self.uses: dict[str, int] = {}
        """Members who may still come, by the invite's hash."""
        self.admitted: set[tuple[str, str]] = set()
        self.removed: set[tuple[str, str]] = set()
        self.failing: StoreFailed | None = None

    def perform(self, call: AnyStoreCall) -> StoreResult:
        if self.failing is not None:
            return self.failing
        match call:
            case CreateCall():
                return self._create(call)
            case OpenStream():
                return self._open(call)
            case ReadSince():
                record = self.records[call.stream_id]
                after = [e for e, _ in self.logs[call.stream_id] if call.cursor < e.cursor]
                return ReadEvents(record, tuple(after[: call.limit]))
            case AddInvite():
                return self._add_invite(call)
            case AdmitMembers():
                if call.invite_hash in self.tokens[call.stream_id]:
                    self.admitted |= {(call.stream_id, who) for who in call.member_ids}
                return Done()
            case RemoveMember():
                refused = refused_errand(self.records[call.stream_id], call.host_term)
                who = (call.stream_id, call.member_id)
                if refused is None and not call.is_here and who not in self.removed:
                    refused = refuse.not_here("")
                if refused is None:
                    self.removed.add(who)
                return refused or Done()
            case AppendRequest():
                return self._append(call)

    def _create(self, call: CreateCall) -> StreamRecord:
        stream_id = call.record.stream_id
        self.records[stream_id] = call.record
        self.logs[stream_id] = [] if call.event is None else [(call.event, "created")]
        self.tokens[stream_id] = {call.host_key_hash: "host", call.invite_hash: "viewer"}
        return call.record

    def _open(self, call: OpenStream) -> OpenedStream:
        record = self.records.get(call.stream_id)
        if record is None:
            return OpenedStream()
        who = (call.stream_id, call.member_id)
        found = decide_admission(
            Visitors(
                token=self.tokens[call.stream_id].get(call.token_hash),
                uses_left=self.uses.get(call.token_hash),
                is_host=call.member_id == record.host_id,
                is_admitted=who in self.admitted,
                is_removed=who in self.removed,
            )
        )
        if found.counts:
            self.uses[call.token_hash] -= 1
            self.admitted.add(who)
        if found.role == "host" and call.fresh_invite_hash:
            self.tokens[call.stream_id][call.fresh_invite_hash] = "viewer"
        is_in = found.role is not None
        return OpenedStream(
            record if is_in else None, found.role, found.by_invite, found.is_removed
        )

    def _add_invite(self, call: AddInvite) -> Done | Refusal:
        refused = refused_errand(self.records[call.stream_id], call.host_term)
        if refused is not None:
            return refused
        tokens = self.tokens[call.stream_id]
        if call.replaces:
            for token in [token for token, role in tokens.items() if role == "viewer"]:
                del tokens[token]
            self.admitted = {(call.stream_id, member_id) for member_id in call.staying}
        tokens[call.invite_hash] = "viewer"
        if call.uses is not None:
            self.uses[call.invite_hash] = call.uses
        return Done()

    def _append(self, entry: AppendRequest) -> StoreResult:
        log = self.logs[entry.stream_id]
        known = next(
            (KnownEvent(e.cursor, d) for e, d in log if e.event_id == entry.event_id), None
        )
        outcome = decide(self.records[entry.stream_id], known, entry)
        if isinstance(outcome, Appended):
            self.records[entry.stream_id] = outcome.record
            log.append((outcome.event, entry.digest))
        return outcome


class Bench:
    """Drives a core: peers are numbers, what each was sent is kept in order."""

    def __init__(
        self,
        limits: Limits | None = None,
        rules: UrlPolicy | None = None,
        version_filter: VersionFilter | None = None,
    ) -> None:
        self.store = MemoryStore()
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
