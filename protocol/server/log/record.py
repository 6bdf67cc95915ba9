"""Stream record: what is kept of a stream beside its log."""

from __future__ import annotations

from typing import Literal

import msgspec

from protocol.timeline import Timeline
from protocol.wire.messages import Cursor, Media, StreamSettings


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
    settings: StreamSettings = StreamSettings()

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)
