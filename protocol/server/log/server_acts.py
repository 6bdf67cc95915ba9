"""Server acts: what the server does to a timeline by itself, and when it no longer may."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from protocol.server.log.requests import AppendRequest, ServerAct, TimelineChange
from protocol.wire.reasons import NO_REASON, NOBODY_CONNECTED, Reason

if TYPE_CHECKING:
    from protocol.server.log.record import StreamRecord


class AutoPause(ServerAct, frozen=True):
    """Nobody is connected any more: what they watched is paused."""

    digest_word: ClassVar[str] = "Deserted"

    since: float
    """Instant at which the last one went."""

    def change(self, record: StreamRecord, entry: AppendRequest) -> TimelineChange | None:
        """Where the last one left it, but never beyond its end."""
        if not record.timeline.playing:
            return None
        position = record.timeline.position_at(self.since)
        if record.media is not None and record.media.duration is not None:
            position = min(position, record.media.duration)
        paused = record.timeline.pause(position, entry.now.instant)
        return TimelineChange(paused, "pause", NOBODY_CONNECTED)


class AdvanceStart(ServerAct, frozen=True):
    """Whom a start waited for is ready: it is brought forward."""

    digest_word: ClassVar[str] = "Ready"

    at: float
    """The start that was agreed, so that another one is left alone."""
    reason: Reason = NO_REASON
    """`NO_REASON` for a wait that nobody has noticed."""

    def change(self, record: StreamRecord, entry: AppendRequest) -> TimelineChange | None:
        """As soon as every seat can."""
        timeline, now = record.timeline, entry.now.instant
        if not (timeline.playing and timeline.at == self.at > now):
            return None
        return TimelineChange(timeline.play(now + entry.lead), "play", self.reason)


class StallPause(ServerAct, frozen=True):
    """The party stops for a member who stalls."""

    digest_word: ClassVar[str] = "Halt"

    position: float
    """Where that member's player stands."""
    reason: Reason

    def change(self, record: StreamRecord, entry: AppendRequest) -> TimelineChange | None:
        """There, and on by itself at last, should nobody be there to say so."""
        timeline, now = record.timeline, entry.now.instant
        if not (timeline.playing and timeline.at <= now):
            return None
        held = timeline.seek(self.position, now + entry.bound)
        return TimelineChange(held, "pause", self.reason)
