"""Stream creation: a new stream as it is to be kept, and the keys that only its host is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.server.access.media_validation import checked_media
from protocol.server.core.identity import hash_token, member_id_of
from protocol.server.core.store_calls import InsertStream
from protocol.server.log.record import StreamRecord
from protocol.server.readiness.readiness import MAX_LEAD
from protocol.server.room.edge_readiness import LOAD_BOUND
from protocol.timeline import Timeline
from protocol.wire.messages import Created, Event

if TYPE_CHECKING:
    from protocol.server.core.context import ServerContext
    from protocol.server.moment import Moment
    from protocol.wire.messages import CreateStream


def invite_until(context: ServerContext, now: Moment) -> int:
    """Unix milliseconds up to which an invite made now opens its stream."""
    return now.unix_ms + round(context.limits.invite_lifetime * 1000)


def new_stream(
    context: ServerContext, wanted: CreateStream, *, name: str, instance_id: str, now: Moment
) -> tuple[InsertStream, Created]:
    """The stream that the host of this name and seat wants.

    Raises:
        MediaRefused: the address of its media is not one that may be opened.
    """
    media = wanted.media and checked_media(wanted.media, context.rules)
    stream_id = context.ids.stream_id()
    # Nobody has a film open yet, not even who named it.
    start = MAX_LEAD if media is None else LOAD_BOUND
    record = StreamRecord(
        stream_id=stream_id,
        seq=0 if media is None else 1,
        timeline=Timeline(at=now.instant + start * wanted.playing, playing=wanted.playing),
        media=media,
        host_id=member_id_of(stream_id, instance_id),
        settings=wanted.settings,
    )
    keys = Created(host_key=context.ids.host_key(), invite_token=context.ids.invite_token())
    call = InsertStream(
        record=record,
        event=None if media is None else _first_event(context, record, name, now),
        host_key_hash=hash_token(keys.host_key),
        invite_hash=hash_token(keys.invite_token),
        now=now,
        invite_until_ms=invite_until(context, now),
    )
    return call, keys


def _first_event(context: ServerContext, record: StreamRecord, name: str, now: Moment) -> Event:
    return Event(
        epoch=record.epoch,
        seq=record.seq,
        event_id=context.ids.event_id(),
        event_type="media",
        member_id=record.host_id,
        name=name,
        timestamp_ms=now.unix_ms,
        timeline=record.timeline,
        media=record.media,
        host_id=record.host_id,
        host_term=record.host_term,
    )
