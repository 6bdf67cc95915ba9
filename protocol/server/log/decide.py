"""Decider: the rules of a stream's log, as pure functions.

A store calls `decide` inside its transaction, under the lock of the stream's row, so that
the same rules hold however many servers write to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from protocol.server import refusals as refuse
from protocol.server.log.requests import (
    Appended,
    AppendRequest,
    Duplicate,
    HostChange,
    KnownEvent,
    Outcome,
    ServerAct,
)
from protocol.text import REASON_CELLS, clean_text
from protocol.timeline import Timeline
from protocol.wire.codec import encode
from protocol.wire.messages import (
    Act,
    Command,
    Cursor,
    Event,
    EventType,
    LoadAct,
    Note,
    PauseAct,
    PlayAct,
    RateAct,
    Refusal,
    SeekAct,
    SettingsAct,
)

if TYPE_CHECKING:
    from protocol.server.log.record import StreamRecord


def decide(record: StreamRecord, known: KnownEvent | None, entry: AppendRequest) -> Outcome:
    """What becomes of ``entry`` in a stream that stands at ``record``."""
    if record.status != "active":
        return msgspec.structs.replace(refuse.stream_closed(), event_id=entry.event_id)
    if known is not None:
        if known.digest != entry.digest:
            return refuse.event_id_conflict(entry.event_id)
        return Duplicate(known.cursor)
    if isinstance(entry.change, Command):
        return _command(record, entry, entry.change)
    if isinstance(entry.change, Note):
        return _note(record, entry, entry.change)
    if isinstance(entry.change, HostChange):
        return _host_change(record, entry, entry.change)
    return _server_act(record, entry, entry.change)


def refused_moderation(record: StreamRecord | None, host_term: int | None) -> Refusal | None:
    """Why what a host has asked in ``host_term`` is not done in a stream that stands so."""
    if record is None:
        return refuse.unauthorized()
    is_stale = host_term is not None and host_term != record.host_term
    return refuse.stale_host("") if is_stale else None


def _command(record: StreamRecord, entry: AppendRequest, command: Command) -> Outcome:
    if command.host_term != record.host_term or entry.member_id != record.host_id:
        return refuse.stale_host(entry.event_id)
    if command.counter != record.host_counter + 1:
        return refuse.out_of_order(entry.event_id, record.host_counter + 1)
    base = command.based_on
    if base.epoch != record.epoch or base.seq < record.foreign_seq:
        return refuse.stale_base(entry.event_id)
    record = msgspec.structs.replace(record, host_counter=command.counter)
    act = command.act
    if isinstance(act, LoadAct):
        return _load(record, entry, act)
    if isinstance(act, SettingsAct):
        return _settings(record, entry, act)
    record = msgspec.structs.replace(record, timeline=_moved(record.timeline, act, entry))
    event = _event(record, entry, event_type=_TYPES[type(act)])
    if isinstance(act, PauseAct):
        reason = clean_text(act.reason, REASON_CELLS)
        event = msgspec.structs.replace(event, reason=reason, reason_code=act.reason_code)
    return _appended(record, event)


def _settings(record: StreamRecord, entry: AppendRequest, act: SettingsAct) -> Outcome:
    changed = {
        name: value for name, value in msgspec.structs.asdict(act).items() if value is not None
    }
    settings = msgspec.structs.replace(record.settings, **changed)
    record = msgspec.structs.replace(record, settings=settings)
    event = _event(record, entry, event_type="settings")
    return _appended(record, msgspec.structs.replace(event, settings=settings))


def _load(record: StreamRecord, entry: AppendRequest, act: LoadAct) -> Outcome:
    known, media = record.media, act.media
    if known is not None and known.media_id == media.media_id:
        # The same film under a better description: the place in it stays.
        described = msgspec.structs.replace(media, kind=known.kind, url=known.url)
        record = msgspec.structs.replace(record, media=described)
        event = _event(record, entry, event_type="media")
        return _appended(record, msgspec.structs.replace(event, media=described))
    now = entry.now.instant
    record = msgspec.structs.replace(
        record,
        media=media,
        epoch=record.epoch + 1,
        seq=0,
        foreign_seq=0,
        timeline=Timeline(at=now + _start(entry) * act.playing, playing=act.playing),
    )
    event = msgspec.structs.replace(
        _event(record, entry, event_type="media"),
        media=media,
        # A seat that has missed the end of the last epoch learns here who hosts.
        host_id=record.host_id,
        host_term=record.host_term,
    )
    return _appended(record, event)


def _note(record: StreamRecord, entry: AppendRequest, note: Note) -> Outcome:
    event = msgspec.structs.replace(
        _event(record, entry, event_type=note.event_type),
        reason=note.reason,
        before_ms=note.before_ms,
        after_ms=note.after_ms,
    )
    return _appended(record, event)


def _host_change(record: StreamRecord, entry: AppendRequest, change: HostChange) -> Outcome:
    if change.to and change.host_term != record.host_term:
        return refuse.stale_host(entry.event_id)
    record = msgspec.structs.replace(
        record,
        host_id=change.to or entry.member_id,
        host_term=record.host_term + 1,
        host_counter=0,
        foreign_seq=record.seq,
    )
    event = msgspec.structs.replace(
        _event(record, entry, event_type="host_change"),
        host_id=record.host_id,
        host_term=record.host_term,
    )
    return _appended(record, event)


def _server_act(record: StreamRecord, entry: AppendRequest, act: ServerAct) -> Outcome:
    """What the server does by itself, unless the party has moved on before."""
    change = act.change(record, entry)
    if change is None:
        return refuse.stale_base(entry.event_id)
    # Not a foreign one: what a host did while the connection was lost still counts.
    record = msgspec.structs.replace(record, timeline=change.timeline)
    event = _event(record, entry, event_type=change.event_type)
    words, code = change.reason.words, change.reason.code
    return _appended(record, msgspec.structs.replace(event, reason=words, reason_code=code))


_Moving = Literal["play", "pause", "seek", "rate"]
_TYPES: Final[dict[type[Act], _Moving]] = {
    PlayAct: "play",
    PauseAct: "pause",
    SeekAct: "seek",
    RateAct: "rate",
}


def _moved(
    timeline: Timeline, act: PlayAct | PauseAct | SeekAct | RateAct, entry: AppendRequest
) -> Timeline:
    now = entry.now.instant
    if isinstance(act, PlayAct):
        return timeline.play(now + (entry.bound or entry.lead))
    if isinstance(act, PauseAct):
        return timeline.pause(act.position, now)
    if isinstance(act, SeekAct):
        return timeline.seek(act.position, now + (_start(entry) if timeline.playing else 0.0))
    return timeline.at_rate(act.rate, now + (entry.rate_lead if timeline.playing else 0.0))


def _start(entry: AppendRequest) -> float:
    """Seconds until a start somewhere else."""
    return entry.bound or entry.seek_lead


def _event(record: StreamRecord, entry: AppendRequest, *, event_type: EventType) -> Event:
    return Event(
        epoch=record.epoch,
        seq=record.seq + 1,
        event_id=entry.event_id,
        event_type=event_type,
        member_id=entry.member_id,
        name=entry.name,
        timestamp_ms=entry.now.unix_ms,
        timeline=record.timeline,
    )


def _appended(record: StreamRecord, event: Event) -> Appended:
    return Appended(msgspec.structs.replace(record, seq=event.seq), event)


# Resume ---------------------------------------------------------------------------------


def snapshot_reason(record: StreamRecord, cursor: Cursor, most: int) -> str:
    """Why a seat at ``cursor`` needs a snapshot; "" when at most ``most`` events may do."""
    if record.cursor < cursor:
        return "from_the_future"
    if cursor.epoch != record.epoch:
        return "wrong_epoch"
    if record.seq - cursor.seq > most:
        return "too_far_behind"
    return ""


def missing_reason(
    record: StreamRecord, cursor: Cursor, events: tuple[Event, ...], most_bytes: int
) -> str:
    """Why ``events`` do not lead from ``cursor`` to ``record``; "" when they do."""
    expected = list(range(cursor.seq + 1, record.seq + 1))
    if [event.seq for event in events] != expected:
        return "too_old"
    if sum(len(encode(event)) for event in events) > most_bytes:
        return "too_far_behind"
    return ""
