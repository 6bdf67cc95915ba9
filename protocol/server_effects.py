"""What the server's core wants done: frozen values for its rim to carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import msgspec

from protocol.messages import Cursor, Event, Role, ServerMessage
from protocol.server_log import Entry, Moment, Outcome, StreamRecord
from protocol.server_timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.media import MediaRules
    from protocol.server_limits import Limits


# What the store is asked ----------------------------------------------------------------


class CreateStream(msgspec.Struct, frozen=True):
    """Keep a new stream and the hashes of its two keys."""

    record: StreamRecord
    event: Event | None
    """First entry of the log, when there is media from the start."""
    host_key_hash: str
    invite_hash: str
    now: Moment
    invite_until_ms: int


class OpenStream(msgspec.Struct, frozen=True):
    """Look a stream up for somebody who shows a token."""

    stream_id: str
    token_hash: str
    now: Moment
    fresh_invite_hash: str = ""
    """Kept as one more invite for who hosts."""
    invite_until_ms: int = 0
    member_id: str = ""
    """Who shows it; "" for a reader who is no member."""


class ReadSince(msgspec.Struct, frozen=True):
    """Read the log after ``cursor``, at most ``limit`` entries."""

    stream_id: str
    cursor: Cursor
    limit: int


class AddInvite(msgspec.Struct, frozen=True):
    """Let one more invite open the stream."""

    stream_id: str
    invite_hash: str
    now: Moment
    until_ms: int
    uses: int | None = None
    """So many members may come by it."""
    replaces: bool = False
    """The invites before it open nothing any more."""
    staying: tuple[str, ...] = ()
    """Members who may come back all the same."""
    host_term: int | None = None
    """Refused as `stale_host` when the stream is in another; None for what no host has asked."""


class AdmitMembers(msgspec.Struct, frozen=True):
    """Let these members come back, unless ``invite_hash`` has been replaced as well."""

    stream_id: str
    invite_hash: str
    member_ids: tuple[str, ...]
    now: Moment


class RemoveMember(msgspec.Struct, frozen=True):
    """Let this member in no more."""

    stream_id: str
    member_id: str
    now: Moment
    host_term: int
    """Refused as `stale_host` when the stream is in another."""
    is_here: bool = True
    """Else refused as `not_found`, unless he is removed already."""


StoreCall = CreateStream | OpenStream | ReadSince | AddInvite | AdmitMembers | RemoveMember | Entry


# What the store answers -----------------------------------------------------------------


class Opened(msgspec.Struct, frozen=True):
    """The token opens the stream in this role; both None when it opens nothing."""

    record: StreamRecord | None = None
    role: Role | None = None
    by_invite: bool = False
    """It is not the host key that opens it."""
    is_removed: bool = False
    """The token would open it to others."""


class Done(msgspec.Struct, frozen=True):
    """It is kept."""


class Read(msgspec.Struct, frozen=True):
    """The stream and its entries after the cursor, both of one instant."""

    record: StreamRecord
    events: tuple[Event, ...]


class StoreFailed(msgspec.Struct, frozen=True):
    """The store could not do it; whether a lost commit was kept after all is settled later."""

    code: Literal["storage_full", "try_again"]


StoreResult = StreamRecord | Opened | Read | Done | Outcome | StoreFailed
"""`CreateStream` answers its record, `OpenStream` Opened, `ReadSince` Read, Entry an outcome;
`AdmitMembers` Done, `AddInvite` and `RemoveMember` that or a refusal."""


# Effects --------------------------------------------------------------------------------


class Send(NamedTuple):
    """One message to these peers; encode it once."""

    peers: tuple[int, ...]
    message: ServerMessage
    is_urgent: bool = True
    """What is not may be overtaken by what is, and keeps its order otherwise."""


class Close(NamedTuple):
    """Close a peer's connection after what was sent to it."""

    peer: int
    code: int
    """Of the websocket protocol."""
    reason: str


class Ask(NamedTuple):
    """Give this to the store, in order; its answer goes to ``stored`` with the ticket."""

    ticket: int
    call: StoreCall


Effect = Send | Close | Ask

NORMAL = 1000
GOING_AWAY = 1001
POLICY = 1008


class Mint(Protocol):
    """Where new ids and keys come from: the core itself knows no randomness."""

    def stream_id(self) -> str:
        """32 hexadecimal digits."""
        ...

    def event_id(self) -> str: ...

    def host_key(self) -> str:
        """At least 256 bit."""
        ...

    def invite_token(self) -> str:
        """At least 128 bit."""
        ...


class Desk:
    """What all parts of the core share: their orders to the rim, deadlines and bounds."""

    def __init__(self, limits: Limits, rules: MediaRules, mint: Mint, clock_id: str) -> None:
        self.limits = limits
        self.rules = rules
        self.mint = mint
        self.clock_id = clock_id
        self.timers = Timers()
        self._effects: list[Effect] = []
        self._waiting: dict[int, Callable[[StoreResult, Moment], None]] = {}
        self._tickets = 0

    def send(
        self, peers: tuple[int, ...], message: ServerMessage, *, is_urgent: bool = True
    ) -> None:
        if peers:
            self._effects.append(Send(peers, message, is_urgent))

    def close(self, peer: int, code: int, reason: str) -> None:
        self._effects.append(Close(peer, code, reason))

    def ask(self, call: StoreCall, then: Callable[[StoreResult, Moment], None]) -> None:
        """Ask the store; ``then`` gets its answer."""
        self._tickets += 1
        self._waiting[self._tickets] = then
        self._effects.append(Ask(self._tickets, call))

    def answered(self, ticket: int, result: StoreResult, now: Moment) -> None:
        self._waiting.pop(ticket)(result, now)

    @property
    def asking(self) -> int:
        """Questions that the store has not answered."""
        return len(self._waiting)

    def take_effects(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects
