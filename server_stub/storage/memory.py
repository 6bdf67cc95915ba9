"""In-memory store: the rules of every `Store` without a database, for tests and simulations.

Nothing of it outlives its process, so no address names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from protocol.server import refusals as refuse
from protocol.server.access.admission import AdmissionDecision, Credentials, decide_admission
from protocol.server.core.store_calls import (
    AddInvite,
    AdmitMembers,
    AnyStoreCall,
    Done,
    InsertStream,
    OpenedStream,
    OpenStream,
    ReadEvents,
    ReadSince,
    RemoveMember,
    StoreFailed,
    StoreResult,
)
from protocol.server.log.decide import decide, refused_moderation
from protocol.server.log.requests import Appended, AppendRequest, KnownEvent, Outcome
from protocol.timeline import Timeline
from protocol.wire.messages import Role
from server_stub.storage.base import EVENT_RETENTION, INACTIVE_AFTER, KEPT_INVITES, Maintained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.wire.messages import Event, Refusal
    from server_stub.clock import ClockAnchor

_RETENTION_MS = round(EVENT_RETENTION.total_seconds() * 1000)
_INACTIVE_MS = round(INACTIVE_AFTER.total_seconds() * 1000)


class LoggedEvent(NamedTuple):
    """Event, and the digest of the request that caused it."""

    event: Event
    digest: str


class _Token(msgspec.Struct, frozen=True):
    role: Role
    created_ms: int
    until_ms: int | None = None
    """None for ever."""
    uses: int | None = None
    """None for any number."""
    is_revoked: bool = False


class _Member(msgspec.Struct, frozen=True):
    """A member that a rule is about."""

    invite_hash: str = ""
    """The counted invite that let him in."""
    is_removed: bool = False


@dataclass(slots=True)
class _Access:
    """Who may come to a stream."""

    synced_ms: int
    tokens: dict[str, _Token]
    members: dict[str, _Member] = field(default_factory=dict[str, _Member])

    def count(self, invite_hash: str, *, with_removed: bool = True) -> int:
        """How many members have come by a counted invite."""
        return sum(
            member.invite_hash == invite_hash and (with_removed or not member.is_removed)
            for member in self.members.values()
        )

    def add_invite(self, invite_hash: str, invite: _Token) -> None:
        """One more; the oldest give way."""
        self.tokens[invite_hash] = invite
        invites = [
            (token.created_ms, name)
            for name, token in self.tokens.items()
            if token.role == "viewer" and name != invite_hash
        ]
        for _, name in sorted(invites, reverse=True)[KEPT_INVITES - 1 :]:
            del self.tokens[name]


class MemoryStore:
    """A `Store` in memory."""

    def __init__(self) -> None:
        self.streams: dict[str, StreamRecord] = {}
        self.logs: dict[str, list[LoggedEvent]] = {}
        """Of each stream, oldest first."""
        self._access: dict[str, _Access] = {}
        self._anchor: ClockAnchor | None = None

    def perform(self, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
        """See `Store`."""
        return [self._answer(call) for call in calls]

    @property
    def is_in_doubt(self) -> bool:
        """See `Store`: what is answered is kept."""
        return False

    def settle(self) -> list[StreamRecord]:
        """See `Store`."""
        return []

    def stream(self, stream_id: str, token_hash: str, now: Moment) -> StreamRecord | None:
        """See `Store`."""
        return self._open(OpenStream(stream_id, token_hash, now)).record

    def records(self, stream_ids: Sequence[str]) -> list[StreamRecord]:
        """See `Store`."""
        return [self.streams[name] for name in stream_ids if name in self.streams]

    def events(self, stream_id: str, epoch: int, after: int, limit: int) -> tuple[Event, ...]:
        """See `Store`."""
        log = (event for event, _ in self.logs.get(stream_id, ()))
        return tuple(event for event in log if event.epoch == epoch and event.seq > after)[:limit]

    def anchor(self) -> ClockAnchor | None:
        """See `Store`."""
        return self._anchor

    def set_anchor(self, anchor: ClockAnchor) -> None:
        """See `Store`."""
        self._anchor = anchor

    def wall_ahead(self) -> float:
        """See `Store`: there is no other clock."""
        return 0.0

    def maintenance(self, now: Moment, live: Sequence[str]) -> Iterator[Maintained]:
        """See `Store`."""
        for stream_id in live:
            if stream_id in self._access:
                self._access[stream_id].synced_ms = now.unix_ms
        reset = tuple(name for name in self.streams if self._is_inactive(name, now))
        for stream_id in reset:
            self._reset(stream_id, now)
        yield Maintained(0, len(reset), reset)
        before = now.unix_ms - _RETENTION_MS
        deleted = 0
        for stream_id, log in self.logs.items():
            kept = [logged for logged in log if logged.event.timestamp_ms >= before]
            deleted += len(log) - len(kept)
            self.logs[stream_id] = kept
        yield Maintained(deleted, 0)

    def maintain(self, now: Moment, live: Sequence[str]) -> Maintained:
        """See `Store`."""
        return Maintained.together(self.maintenance(now, live))

    def tidy(self) -> bool:
        """See `Store`: there is nothing to do."""
        return False

    def close(self) -> None:
        """See `Store`: what was kept stays readable."""

    # Calls ------------------------------------------------------------------------------

    def _answer(self, call: AnyStoreCall) -> StoreResult:
        match call:
            case InsertStream():
                return self._insert(call)
            case OpenStream():
                return self._open(call)
            case ReadSince():
                return self._read(call)
            case AddInvite():
                return self._add_invite(call)
            case AdmitMembers():
                return self._admit_members(call)
            case RemoveMember():
                return self._remove_member(call)
            case AppendRequest():
                return self._append(call)

    def _insert(self, call: InsertStream) -> StreamRecord | StoreFailed:
        stream_id = call.record.stream_id
        if stream_id in self.streams:
            return StoreFailed("try_again")
        now_ms = call.now.unix_ms
        self.streams[stream_id] = call.record
        self.logs[stream_id] = [] if call.event is None else [LoggedEvent(call.event, "created")]
        self._access[stream_id] = _Access(
            now_ms,
            {
                call.host_key_hash: _Token("host", now_ms),
                call.invite_hash: _Token("viewer", now_ms, call.invite_until_ms),
            },
        )
        return call.record

    def _open(self, call: OpenStream) -> OpenedStream:
        record = self.streams.get(call.stream_id)
        if record is None:
            return OpenedStream()
        access = self._access[call.stream_id]
        found = self._admitted(access, record, call)
        if found.role is None:
            return OpenedStream(is_removed=found.is_removed)
        if found.role == "host" and call.fresh_invite_hash:
            fresh = _Token("viewer", call.now.unix_ms, call.invite_until_ms)
            access.add_invite(call.fresh_invite_hash, fresh)
        return OpenedStream(record, found.role, found.by_invite)

    def _admitted(
        self, access: _Access, record: StreamRecord, call: OpenStream
    ) -> AdmissionDecision:
        token = access.tokens.get(call.token_hash)
        if token is not None and (
            token.is_revoked or (token.until_ms is not None and token.until_ms <= call.now.unix_ms)
        ):
            token = None
        role = None if token is None else token.role
        uses_left = None
        if token is not None and token.uses is not None:
            uses_left = max(0, token.uses - access.count(call.token_hash))
        if not call.member_id:
            # A used-up invite is read with as long as one who used it is let in.
            is_spent = uses_left == 0 and not access.count(call.token_hash, with_removed=False)
            return decide_admission(Credentials(role, 0 if is_spent else None))
        member = access.members.get(call.member_id)
        found = decide_admission(
            Credentials(
                role,
                uses_left,
                is_host=call.member_id == record.host_id,
                is_admitted=member is not None and not member.is_removed,
                is_removed=member is not None and member.is_removed,
            )
        )
        if found.counts:
            access.members[call.member_id] = _Member(call.token_hash)
        return found

    def _read(self, call: ReadSince) -> ReadEvents | StoreFailed:
        record = self.streams.get(call.stream_id)
        if record is None:
            return StoreFailed("try_again")
        cursor = call.cursor
        events = self.events(call.stream_id, cursor.epoch, cursor.seq, call.limit)
        return ReadEvents(record, events)

    def _add_invite(self, call: AddInvite) -> Done | Refusal:
        record, access = self.streams.get(call.stream_id), self._access.get(call.stream_id)
        if access is not None and call.invite_hash in access.tokens:
            # Done already, by an answer that was not heard of.
            return Done()
        refused = refused_moderation(record, call.host_term)
        if refused is not None or access is None:
            return refused or refuse.unauthorized()
        if call.replaces:
            for name, token in access.tokens.items():
                if token.role == "viewer":
                    access.tokens[name] = msgspec.structs.replace(token, is_revoked=True)
            staying = {member_id: _Member() for member_id in call.staying}
            removed = {who: member for who, member in access.members.items() if member.is_removed}
            access.members = staying | removed
        invite = _Token("viewer", call.now.unix_ms, call.until_ms, call.uses)
        access.add_invite(call.invite_hash, invite)
        return Done()

    def _admit_members(self, call: AdmitMembers) -> Done:
        access = self._access.get(call.stream_id)
        invite = None if access is None else access.tokens.get(call.invite_hash)
        if access is not None and invite is not None and not invite.is_revoked:
            for member_id in call.member_ids:
                access.members.setdefault(member_id, _Member())
        return Done()

    def _remove_member(self, call: RemoveMember) -> Done | Refusal:
        record, access = self.streams.get(call.stream_id), self._access.get(call.stream_id)
        refused = refused_moderation(record, call.host_term)
        if refused is not None or access is None:
            return refused or refuse.unauthorized()
        member = access.members.get(call.member_id, _Member())
        if not call.is_here:
            return Done() if member.is_removed else refuse.not_here("")
        access.members[call.member_id] = msgspec.structs.replace(member, is_removed=True)
        return Done()

    def _append(self, request: AppendRequest) -> Outcome:
        stream_id, event_id = request.stream_id, request.event_id
        record = self.streams.get(stream_id)
        if record is None:
            return msgspec.structs.replace(refuse.unauthorized(), event_id=event_id)
        log = self.logs[stream_id]
        known = next((logged for logged in log if logged.event.event_id == event_id), None)
        outcome = decide(
            record, None if known is None else KnownEvent(known.event.cursor, known.digest), request
        )
        if isinstance(outcome, Appended):
            self.streams[stream_id] = outcome.record
            self._access[stream_id].synced_ms = request.now.unix_ms
            log.append(LoggedEvent(outcome.event, request.digest))
        return outcome

    # Retention --------------------------------------------------------------------------

    def _is_inactive(self, stream_id: str, now: Moment) -> bool:
        record, synced_ms = self.streams[stream_id], self._access[stream_id].synced_ms
        moved = record.timeline.playing or record.timeline.position > 0 or record.seq > 1
        return record.status == "active" and synced_ms < now.unix_ms - _INACTIVE_MS and moved

    def _reset(self, stream_id: str, now: Moment) -> None:
        record = self.streams[stream_id]
        self._access[stream_id].synced_ms = now.unix_ms
        self.streams[stream_id] = msgspec.structs.replace(
            record,
            timeline=Timeline(at=now.instant),
            epoch=record.epoch + 1,
            seq=0,
            foreign_seq=0,
        )
