"""The rules of a stream's log, as pure functions.

A store calls `decide` inside its transaction, under the lock of the stream's row, so that
the same rules hold however many servers write to it.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal, NamedTuple

import msgspec

from protocol import server_refusals as refuse
from protocol.codec import encode
from protocol.messages import (
    Act,
    ChangeSettings,
    Command,
    Cursor,
    Event,
    EventType,
    Load,
    Media,
    Note,
    Pause,
    Play,
    Refusal,
    Seek,
    SetRate,
    Settings,
)
from protocol.text import REASON_CELLS, clean_text
from protocol.timeline import Timeline


class Moment(NamedTuple):
    """Now, on the two clocks that matter."""

    instant: float
    """Seconds on the server's clock: every rule uses this one."""
    unix_ms: int
    """Wall clock: for people, and for what must expire after a restart."""


class StreamRecord(msgspec.Struct, frozen=True):
    """What is kept of a stream beside its log."""

    stream_id: str
    status: Literal["active", "closed"] = "active"
    epoch: int = 1
    seq: int = 0
    timeline: Timeline = Timeline()
    media: Media | None = None
    host_id: str = ""
    """Member who hosts; made from the seat's secret, so it also proves who comes back."""
    host_term: int = 1
    host_counter: int = 0
    """Last command of this term."""
    foreign_seq: int = 0
    """Last seq of this epoch that somebody else than this term's host may have caused."""
    sync_tolerance_ms: int = 500
    sync_enabled: bool = True
    wait: bool = False
    """The party stops for a member who stalls."""

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)

    @property
    def settings(self) -> Settings:
        """How the members keep together."""
        return Settings(self.wait, self.sync_enabled, self.sync_tolerance_ms)


class HostChange(msgspec.Struct, frozen=True):
    """The member who causes it hosts from now on, or the one it is handed to."""

    to: str = ""
    """Member; "" for who causes it."""
    host_term: int = 0
    """With ``to``: the term that must not have ended before."""


class Deserted(msgspec.Struct, frozen=True):
    """Nobody is connected any more: the server itself pauses what they watched."""

    since: float
    """Instant at which the last one went."""


class Ready(msgspec.Struct, frozen=True):
    """Whom a start waited for is ready: the server itself brings it forward."""

    at: float
    """The start that was agreed, so that another one is left alone."""
    reason: str = ""


class Halt(msgspec.Struct, frozen=True):
    """The server itself stops the party for a member who stalls."""

    position: float
    """Where that member's player stands."""
    reason: str


OfServer = Deserted | Ready | Halt
"""What the server does by itself; the order of the host's own commands goes on over it."""


class Entry(msgspec.Struct, frozen=True):
    """Something that wants into a stream's log."""

    stream_id: str
    event_id: str
    member_id: str
    name: str
    change: Command | Note | HostChange | OfServer
    now: Moment
    lead: float = 0.2
    """Seconds that every seat needs to be ready for a start."""
    seek_lead: float = 0.35
    """The same for a start somewhere else."""
    rate_lead: float = 0.6
    """The same for another rate."""
    bound: float = 0.0
    """Seconds that a start waits at most for seats that need longer; 0 when none does."""

    @property
    def digest(self) -> str:
        """The same for a repetition, another for other content under the same id."""
        if isinstance(self.change, Command):
            content = msgspec.json.encode(self.change.act)
        elif isinstance(self.change, Note):
            content = encode(self.change).encode()
        elif isinstance(self.change, HostChange) and self.change.to:
            content = f"HostChange to {self.change.to}".encode()
        else:
            content = type(self.change).__name__.encode()
        return hashlib.sha256(self.member_id.encode() + b"\n" + content).hexdigest()


class Known(NamedTuple):
    """What the log already has under an event's id."""

    cursor: Cursor
    digest: str


class Appended(msgspec.Struct, frozen=True):
    """The entry is to become ``event``, and the stream ``record``."""

    record: StreamRecord
    event: Event


class Duplicate(msgspec.Struct, frozen=True):
    """The entry is in the log already, at ``cursor``."""

    cursor: Cursor


Outcome = Appended | Duplicate | Refusal


def decide(record: StreamRecord, known: Known | None, entry: Entry) -> Outcome:
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
    return _of_server(record, entry, entry.change)


def refused_errand(record: StreamRecord | None, host_term: int | None) -> Refusal | None:
    """Why what a host has asked in ``host_term`` is not done in a stream that stands so."""
    if record is None:
        return refuse.unauthorized()
    is_stale = host_term is not None and host_term != record.host_term
    return refuse.stale_host("") if is_stale else None


def _command(record: StreamRecord, entry: Entry, command: Command) -> Outcome:
    if command.host_term != record.host_term or entry.member_id != record.host_id:
        return refuse.stale_host(entry.event_id)
    if command.counter != record.host_counter + 1:
        return refuse.out_of_order(entry.event_id, record.host_counter + 1)
    base = command.based_on
    if base.epoch != record.epoch or base.seq < record.foreign_seq:
        return refuse.stale_base(entry.event_id)
    record = msgspec.structs.replace(record, host_counter=command.counter)
    act = command.act
    if isinstance(act, Load):
        return _load(record, entry, act)
    if isinstance(act, ChangeSettings):
        return _settings(record, entry, act)
    record = msgspec.structs.replace(record, timeline=_moved(record.timeline, act, entry))
    event = _event(record, entry, event_type=_TYPES[type(act)])
    if isinstance(act, Pause):
        reason = clean_text(act.reason, REASON_CELLS)
        event = msgspec.structs.replace(event, reason=reason)
    return _appended(record, event)


def _settings(record: StreamRecord, entry: Entry, act: ChangeSettings) -> Outcome:
    record = msgspec.structs.replace(
        record,
        wait=record.wait if act.wait is None else act.wait,
        sync_enabled=record.sync_enabled if act.sync_enabled is None else act.sync_enabled,
        sync_tolerance_ms=act.sync_tolerance_ms or record.sync_tolerance_ms,
    )
    event = _event(record, entry, event_type="settings")
    return _appended(record, msgspec.structs.replace(event, settings=record.settings))


def _load(record: StreamRecord, entry: Entry, act: Load) -> Outcome:
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


def _note(record: StreamRecord, entry: Entry, note: Note) -> Outcome:
    event = msgspec.structs.replace(
        _event(record, entry, event_type=note.event_type),
        reason=note.reason,
        before_ms=note.before_ms,
        after_ms=note.after_ms,
    )
    return _appended(record, event)


def _host_change(record: StreamRecord, entry: Entry, change: HostChange) -> Outcome:
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


def _of_server(record: StreamRecord, entry: Entry, change: OfServer) -> Outcome:
    """What the server does by itself, unless the party has moved on before."""
    timeline, now = record.timeline, entry.now.instant
    reason, event_type = "", "pause"
    match change:
        case Deserted(since=since) if timeline.playing:
            position = timeline.position_at(since)
            if record.media is not None and record.media.duration is not None:
                position = min(position, record.media.duration)
            timeline = timeline.pause(position, now)
        case Ready(at=at, reason=reason) if timeline.playing and timeline.at == at > now:
            timeline, event_type = timeline.play(now + entry.lead), "play"
        case Halt(position=position, reason=reason) if timeline.playing and timeline.at <= now:
            # It goes on by itself at last, should nobody be there to say so.
            timeline = timeline.seek(position, now + entry.bound)
        case _:
            return refuse.stale_base(entry.event_id)
    # Not a foreign one: what a host did while the connection was lost still counts.
    record = msgspec.structs.replace(record, timeline=timeline)
    event = _event(record, entry, event_type=event_type)
    return _appended(record, msgspec.structs.replace(event, reason=reason))


_Moving = Literal["play", "pause", "seek", "rate"]
_TYPES: Final[dict[type[Act], _Moving]] = {
    Play: "play",
    Pause: "pause",
    Seek: "seek",
    SetRate: "rate",
}


def _moved(timeline: Timeline, act: Play | Pause | Seek | SetRate, entry: Entry) -> Timeline:
    now = entry.now.instant
    if isinstance(act, Play):
        return timeline.play(now + (entry.bound or entry.lead))
    if isinstance(act, Pause):
        return timeline.pause(act.position, now)
    if isinstance(act, Seek):
        return timeline.seek(act.position, now + (_start(entry) if timeline.playing else 0.0))
    return timeline.at_rate(act.rate, now + (entry.rate_lead if timeline.playing else 0.0))


def _start(entry: Entry) -> float:
    """Seconds until a start somewhere else."""
    return entry.bound or entry.seek_lead


def _event(record: StreamRecord, entry: Entry, *, event_type: EventType) -> Event:
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
