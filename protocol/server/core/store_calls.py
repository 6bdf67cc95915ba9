"""Store calls: what the core asks of the store, and its answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import AppendRequest, Outcome, StoreCall
from protocol.server.moment import Moment
from protocol.wire.messages import Cursor, Event, Refusal, Role

# What the store answers -----------------------------------------------------------------


class OpenedStream(msgspec.Struct, frozen=True):
    """The token opens the stream in this role; both None when it opens nothing."""

    record: StreamRecord | None = None
    role: Role | None = None
    by_invite: bool = False
    """It is not the host key that opens it."""
    is_removed: bool = False
    """The token would open it to others."""


class Done(msgspec.Struct, frozen=True):
    """It is kept."""


class ReadEvents(msgspec.Struct, frozen=True):
    """The stream and its entries after the cursor, both of one instant."""

    record: StreamRecord
    events: tuple[Event, ...]


class StoreFailed(msgspec.Struct, frozen=True):
    """The store could not do it; whether a lost commit was kept after all is settled later."""

    code: Literal["storage_full", "try_again"]


StoreResult = StreamRecord | OpenedStream | ReadEvents | Done | Outcome | StoreFailed

# What the store is asked ----------------------------------------------------------------


class InsertStream(StoreCall[StreamRecord], frozen=True):
    """Keep a new stream and the hashes of its two keys."""

    record: StreamRecord
    event: Event | None
    """First entry of the log, when there is media from the start."""
    host_key_hash: str
    invite_hash: str
    now: Moment
    invite_until_ms: int


class OpenStream(StoreCall[OpenedStream], frozen=True):
    """Look a stream up for somebody who shows a token."""

    stream_id: str
    token_hash: str
    now: Moment
    fresh_invite_hash: str = ""
    """Kept as one more invite for who hosts."""
    invite_until_ms: int = 0
    member_id: str = ""
    """Who shows it; "" for a reader who is no member."""


class ReadSince(StoreCall[ReadEvents], frozen=True):
    """Read the log after ``cursor``, at most ``limit`` entries."""

    stream_id: str
    cursor: Cursor
    limit: int


class AddInvite(StoreCall[Done | Refusal], frozen=True):
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


class AdmitMembers(StoreCall[Done], frozen=True):
    """Let these members come back, unless ``invite_hash`` has been replaced as well."""

    stream_id: str
    invite_hash: str
    member_ids: tuple[str, ...]
    now: Moment


class RemoveMember(StoreCall[Done | Refusal], frozen=True):
    """Let this member in no more."""

    stream_id: str
    member_id: str
    now: Moment
    host_term: int
    """Refused as `stale_host` when the stream is in another."""
    is_here: bool = True
    """Else refused as `not_found`, unless he is removed already."""


AnyStoreCall = (
    InsertStream | OpenStream | ReadSince | AddInvite | AdmitMembers | RemoveMember | AppendRequest
)
"""Every kind of `StoreCall`."""
