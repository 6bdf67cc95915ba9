"""Streams and events as rows, and back."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import msgspec

from protocol.ids import uuid7
from protocol.server.log.record import StreamRecord
from protocol.timeline import Timeline
from protocol.wire.messages import Event, EventType, Media, StreamSettings
from server_stub.storage.sql.schema import at

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.engine import RowMapping


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """``playback_events.metadata``: what an event says beyond the columns."""

    name: str = ""
    at: float = 0.0
    rate: float = 1.0
    playing: bool = False
    media: Media | None = None
    host_id: str = ""
    host_term: int = 0
    settings: StreamSettings | None = None
    reason: str = ""
    reason_code: str = ""
    before_ms: float | None = None
    after_ms: float | None = None


def stream_row(record: StreamRecord, synced_ms: int) -> dict[str, Any]:
    """The columns that change; ``synced_ms`` is Unix milliseconds."""
    return {
        "status": record.status,
        "host_user_id": record.host_id or None,
        "time": record.timeline.position,
        "is_playing": record.timeline.playing,
        "last_sync_at": at(synced_ms),
        "video_url": record.media.url or None if record.media is not None else None,
        "sync_enabled": record.settings.sync_enabled,
        "sync_tolerance": record.settings.sync_tolerance_ms,
        "rate": record.timeline.rate,
        "timeline_at": record.timeline.at,
        "media": msgspec.to_builtins(record.media),
        "epoch": record.epoch,
        "last_seq": record.seq,
        "host_term": record.host_term,
        "host_counter": record.host_counter,
        "foreign_seq": record.foreign_seq,
        "waits_for_stalls": record.settings.wait,
    }


def record_of(row: RowMapping) -> StreamRecord:
    """A row of ``streams``."""
    return StreamRecord(
        stream_id=plain_id(row["id"]),
        status="active" if row["status"] == "active" else "closed",
        epoch=row["epoch"],
        seq=row["last_seq"],
        timeline=Timeline(row["time"], row["timeline_at"], row["rate"], row["is_playing"]),
        media=None if row["media"] is None else msgspec.convert(row["media"], Media),
        host_id=plain_id(row["host_user_id"]),
        host_term=row["host_term"],
        host_counter=row["host_counter"],
        foreign_seq=row["foreign_seq"],
        settings=StreamSettings(
            row["waits_for_stalls"], row["sync_enabled"], row["sync_tolerance"]
        ),
    )


def _row_id(stream_id: str, event: Event) -> UUID:
    """Made from what is unique anyway, so that a store needs no randomness either."""
    name = f"{stream_id}.{event.epoch}.{event.seq}"
    return uuid7(event.timestamp_ms, int.from_bytes(sha256(name.encode()).digest()))


def event_row(stream_id: str, event: Event, digest: str) -> dict[str, Any]:
    """A new row of ``playback_events``."""
    timeline = event.timeline
    details = Details(
        name=event.name,
        at=timeline.at,
        rate=timeline.rate,
        playing=timeline.playing,
        media=event.media,
        host_id=event.host_id,
        host_term=event.host_term,
        settings=event.settings,
        reason=event.reason,
        reason_code=event.reason_code,
        before_ms=event.before_ms,
        after_ms=event.after_ms,
    )
    return {
        "id": str(_row_id(stream_id, event)),
        "stream_id": stream_id,
        "host_user_id": event.member_id or None,
        "event_type": event.event_type,
        "event_id": event.event_id,
        "timestamp_ms": event.timestamp_ms,
        "time": timeline.position,
        "metadata": msgspec.to_builtins(details),
        "created_at": at(event.timestamp_ms),
        "epoch": event.epoch,
        "seq": event.seq,
        "digest": digest,
    }


def event_of(row: RowMapping) -> Event:
    """A row of ``playback_events``."""
    details = msgspec.convert(row["metadata"], Details)
    return Event(
        epoch=row["epoch"],
        seq=row["seq"],
        event_id=row["event_id"],
        event_type=cast("EventType", row["event_type"]),
        member_id=plain_id(row["host_user_id"]),
        name=details.name,
        timestamp_ms=row["timestamp_ms"],
        timeline=Timeline(row["time"], details.at, details.rate, details.playing),
        media=details.media,
        host_id=details.host_id,
        host_term=details.host_term,
        settings=details.settings,
        reason=details.reason,
        reason_code=details.reason_code,
        before_ms=details.before_ms,
        after_ms=details.after_ms,
    )


def plain_id(value: str | None) -> str:
    """32 hexadecimal digits, however the database spells a UUID; "" for none."""
    return "" if value is None else str(value).replace("-", "")
