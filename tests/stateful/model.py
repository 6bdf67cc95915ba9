"""What a server is to keep of its parties, as simply as it can be said: one list for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from protocol.server.core.store_calls import (
    AddInvite,
    AdmitMembers,
    Done,
    InsertStream,
    OpenedStream,
    OpenStream,
    ReadSince,
    RemoveMember,
)
from protocol.server.log.requests import (
    Appended,
    AppendRequest,
    Duplicate,
    HostChange,
    ServerAct,
)
from protocol.server.log.server_acts import AdvanceStart, AutoPause, StallPause
from protocol.timeline import Timeline
from protocol.wire.messages import (
    Command,
    Cursor,
    LoadAct,
    Note,
    PauseAct,
    PlayAct,
    RateAct,
    SeekAct,
    SettingsAct,
)

if TYPE_CHECKING:
    from protocol.server.core.store_calls import AnyStoreCall, StoreResult
    from protocol.server.log.record import StreamRecord
    from protocol.server.moment import Moment
    from protocol.wire.messages import Event, Role

LONGEST_LEAD: Final = 15.0
"""Seconds that anything may be put off by."""
RETENTION_MS: Final = 7 * 24 * 3600 * 1000
INACTIVE_MS: Final = 24 * 3600 * 1000


class Line(NamedTuple):
    """One entry of a log."""

    event: Event
    member_id: str
    content: object
    """What was asked: the same again is a repetition."""


class Party:
    """One stream: where it stands, its log, and who may come in."""

    def __init__(self, call: InsertStream) -> None:
        self.record = call.record
        self.log: list[Line] = []
        self.key = call.host_key_hash
        self.invites: dict[str, int | None] = {call.invite_hash: None}
        """Those that are good, and how many may come by them."""
        self.known = {call.host_key_hash, call.invite_hash}
        """Every token that there has been."""
        self.came: dict[str, str] = {}
        """Members who may come back, and by which invite they came."""
        self.removed: dict[str, str] = {}
        self.synced_ms = call.now.unix_ms
        self.past = {call.record.cursor: call.record}
        """Where it has ever stood."""
        self.written: dict[Cursor, Event] = {}
        """All that was ever logged, kept or not."""
        if call.event is not None:
            self.write(call.event, "created")

    def write(self, event: Event, content: object) -> None:
        """One more entry of the log."""
        assert event.cursor not in self.written
        self.log.append(Line(event, event.member_id, content))
        self.written[event.cursor] = event

    def admits(self, member_id: str, token_hash: str) -> Role | Literal["removed"] | None:
        """As what somebody with this token comes in."""
        if token_hash == self.key:
            return "host"
        if member_id and member_id == self.record.host_id and member_id not in self.removed:
            return "host"
        uses = self.invites.get(token_hash)
        used = [*self.came.values(), *self.removed.values()].count(token_hash)
        # Whoever is removed has had his use, and is told what became of him.
        has_room = uses is None or used < uses or member_id in self.removed
        is_good = token_hash in self.invites and has_room
        if not is_good and member_id not in self.came:
            return None
        return "removed" if member_id in self.removed else "viewer"

    def invite(self, call: AddInvite) -> None:
        """One more invite, or only this one."""
        if call.invite_hash in self.known:
            return
        if call.replaces:
            self.invites.clear()
            self.came = {m: "" for m in call.staying if m not in self.removed}
        self.add(call.invite_hash, call.uses)

    def add(self, token_hash: str, uses: int | None = None) -> None:
        self.known.add(token_hash)
        self.invites[token_hash] = uses

    def admit(self, call: AdmitMembers) -> None:
        """They may come back, if the invite stands."""
        for member_id in call.member_ids if call.invite_hash in self.invites else ():
            if member_id not in self.removed:
                self.came.setdefault(member_id, "")

    def remove(self, member_id: str) -> None:
        """Nobody is let in under this identity any more."""
        before = self.removed.get(member_id, "")
        self.removed[member_id] = self.came.pop(member_id, before)

    def find(self, event_id: str) -> Line | None:
        return next((line for line in self.log if line.event.event_id == event_id), None)

    def since(self, cursor: Cursor) -> list[Event]:
        """The log of that epoch after ``cursor``."""
        events = [line.event for line in self.log]
        return [e for e in events if e.epoch == cursor.epoch and cursor < e.cursor]

    def stand(self, record: StreamRecord) -> None:
        self.record = self.past[record.cursor] = record


class Model:
    """Checks each answer of a store, and keeps what it is to have kept."""

    def __init__(self) -> None:
        self.parties: dict[str, Party] = {}

    def check(self, call: AnyStoreCall, answer: StoreResult) -> None:
        """``answer`` is the one that ``call`` must get."""
        match call:
            case InsertStream():
                assert answer == call.record
                self.parties[call.record.stream_id] = Party(call)
            case ReadSince():
                self._check_read(call, answer)
            case AppendRequest():
                self._check_entry(self.parties[call.stream_id], call, answer)
            case OpenStream():
                self._check_opened(call, answer)
            case AddInvite():
                if self._is_done(call, answer):
                    self.parties[call.stream_id].invite(call)
            case AdmitMembers():
                assert answer == Done()
                self.parties[call.stream_id].admit(call)
            case RemoveMember():
                if self._is_done(call, answer):
                    self.parties[call.stream_id].remove(call.member_id)

    def _is_done(self, call: AddInvite | RemoveMember, answer: StoreResult) -> bool:
        """Whether it was for a host to ask: one whose term has ended is refused."""
        party = self.parties[call.stream_id]
        is_repeated = isinstance(call, AddInvite) and call.invite_hash in party.known
        is_stale = call.host_term not in (None, party.record.host_term)
        if is_stale and not is_repeated:
            assert getattr(answer, "code", "") == "stale_host", answer
            return False
        removes = call if isinstance(call, RemoveMember) else None
        if removes and not removes.is_here and removes.member_id not in party.removed:
            assert getattr(answer, "code", "") == "not_found", answer
            return False
        assert answer == Done()
        return True

    def _check_opened(self, call: OpenStream, answer: StoreResult) -> None:
        party = self.parties.get(call.stream_id)
        role = None if party is None else party.admits(call.member_id, call.token_hash)
        assert isinstance(answer, OpenedStream), answer
        if party is None or role is None or role == "removed":
            assert answer == OpenedStream(is_removed=role == "removed")
            return
        by_invite = call.token_hash != party.key
        assert answer == OpenedStream(party.record, role, by_invite), (answer, party.record)
        is_counted = party.invites.get(call.token_hash) is not None
        if role == "viewer" and is_counted and call.member_id not in party.came:
            party.came[call.member_id] = call.token_hash
        if role == "host" and call.fresh_invite_hash:
            party.add(call.fresh_invite_hash)

    def _check_read(self, call: ReadSince, answer: StoreResult) -> None:
        party = self.parties[call.stream_id]
        expected = tuple(party.since(call.cursor)[: call.limit])
        assert getattr(answer, "record", None) == party.record
        assert getattr(answer, "events", None) == expected

    def _check_entry(self, party: Party, entry: AppendRequest, answer: StoreResult) -> None:
        refused = _refusal(party, entry)
        known = party.find(entry.event_id)
        if refused is not None:
            assert getattr(answer, "code", "") == refused, (refused, answer)
            if refused == "out_of_order":
                assert getattr(answer, "expected", 0) == party.record.host_counter + 1
        elif known is not None:
            assert answer == Duplicate(known.event.cursor)
        else:
            assert isinstance(answer, Appended), answer
            self._append(party, entry, answer)

    def _append(self, party: Party, entry: AppendRequest, answer: Appended) -> None:
        event, before = answer.event, party.record
        timeline = _timeline(before, entry, event.timeline.at)
        after = _after(before, entry, timeline)
        assert answer.record == after
        assert (event.cursor, event.timeline) == (after.cursor, timeline)
        assert (event.event_id, event.member_id) == (entry.event_id, entry.member_id)
        now = entry.now.instant
        is_soon = now <= timeline.at <= now + LONGEST_LEAD
        assert is_soon or timeline.at == before.timeline.at, (now, timeline)
        party.write(event, _content(entry))
        party.synced_ms = entry.now.unix_ms
        party.stand(after)

    # What is done beside --------------------------------------------------------------

    def clean_up(self, now: Moment, live: tuple[str, ...]) -> list[StreamRecord]:
        """What is old goes, and who has been away for long begins anew."""
        reset: list[StreamRecord] = []
        for party in self.parties.values():
            if party.record.stream_id in live:
                party.synced_ms = now.unix_ms
            party.log = [
                line for line in party.log if line.event.timestamp_ms >= now.unix_ms - RETENTION_MS
            ]
            record, line = party.record, party.record.timeline
            is_away = party.synced_ms < now.unix_ms - INACTIVE_MS
            if is_away and (line.playing or line.position > 0.0 or record.seq > 1):
                fresh = {"epoch": record.epoch + 1, "seq": 0, "foreign_seq": 0}
                timeline = Timeline(at=now.instant)
                party.stand(msgspec.structs.replace(record, timeline=timeline, **fresh))
                party.synced_ms = now.unix_ms
                reset.append(party.record)
        return reset


def _content(entry: AppendRequest) -> object:
    change = entry.change
    if isinstance(change, Command):
        return change.act
    if isinstance(change, HostChange):
        return HostChange(change.to)
    return change if isinstance(change, Note) else type(change)


def _refusal(party: Party, entry: AppendRequest) -> str | None:
    """Why this must not get in; None when it must, or is in already."""
    record, change, known = party.record, entry.change, party.find(entry.event_id)
    if known is not None:
        is_same = (known.member_id, known.content) == (entry.member_id, _content(entry))
        return None if is_same else "event_id_conflict"
    now, line = entry.now.instant, record.timeline
    match change:
        case Command():
            if (entry.member_id, change.host_term) != (record.host_id, record.host_term):
                return "stale_host"
            if change.counter != record.host_counter + 1:
                return "out_of_order"
            base = change.based_on
            is_stale = base.epoch != record.epoch or base.seq < record.foreign_seq
            return "stale_base" if is_stale else None
        case HostChange(to=to, host_term=term) if to and term != record.host_term:
            return "stale_host"
        case AutoPause():
            may = line.playing
        case AdvanceStart(at=at):
            may = line.playing and line.at == at > now
        case StallPause():
            may = line.playing and line.at <= now
        case _:
            may = True
    return None if may else "stale_base"


def _is_new_film(record: StreamRecord, act: object) -> bool:
    known = record.media
    return isinstance(act, LoadAct) and (known is None or known.media_id != act.media.media_id)


def _timeline(record: StreamRecord, entry: AppendRequest, at: float) -> Timeline:
    """Where the party goes; only the instant is the server's to choose."""
    old, change = record.timeline, entry.change
    match change.act if isinstance(change, Command) else change:
        case PlayAct() | AdvanceStart():
            return Timeline(old.position, at, old.rate, playing=True)
        case PauseAct(position=position):
            return Timeline(position, at, old.rate)
        case SeekAct(position=position) | StallPause(position=position):
            return Timeline(position, at, old.rate, playing=old.playing)
        case AutoPause(since=since):
            end = record.media.duration if record.media is not None else None
            position = old.position_at(since)
            return Timeline(position if end is None else min(position, end), at, old.rate)
        case LoadAct() as act if _is_new_film(record, act):
            return Timeline(at=at, playing=act.playing)
        case LoadAct() | SettingsAct() | Note() | HostChange():
            return old
        case RateAct(rate=rate):
            return Timeline(old.position_at(at), at, rate, playing=old.playing)
        case ServerAct() as act:
            raise AssertionError(act)


def _after(record: StreamRecord, entry: AppendRequest, timeline: Timeline) -> StreamRecord:
    change = entry.change
    new: dict[str, object] = {"seq": record.seq + 1, "timeline": timeline}
    if isinstance(change, HostChange):
        new |= {"host_id": change.to or entry.member_id, "host_term": record.host_term + 1}
        new |= {"host_counter": 0, "foreign_seq": record.seq}
    if isinstance(change, Command):
        act = change.act
        new["host_counter"] = change.counter
        if isinstance(act, LoadAct):
            new["media"] = act.media
        if _is_new_film(record, act):
            new |= {"epoch": record.epoch + 1, "seq": 1, "foreign_seq": 0}
        if isinstance(act, SettingsAct):
            wanted = {name: getattr(act, name) for name in act.__struct_fields__}
            said = {name: value for name, value in wanted.items() if value is not None}
            new["settings"] = msgspec.structs.replace(record.settings, **said)
    return msgspec.structs.replace(record, **new)
