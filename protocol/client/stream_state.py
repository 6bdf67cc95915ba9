"""Reducer: A seat's picture of its stream: a fold of what the server sends, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from protocol.timeline import Timeline
from protocol.wire.messages import (
    Cursor,
    Event,
    Media,
    Member,
    Presence,
    Snapshot,
    StateNow,
    StreamSettings,
)

Applied = Literal["applied", "known", "gap"]
"""Taken; had already; something before it is missing."""


class StreamState(msgspec.Struct, frozen=True):
    """Everything a seat knows of its stream, at ``cursor``."""

    stream_id: str
    cursor: Cursor
    timeline: Timeline
    host_id: str = ""
    host_term: int = 0
    media: Media | None = None
    members: Mapping[str, Member] = {}
    others: int = 0
    """How many more are here; a large stream does not list everybody."""
    settings: StreamSettings = StreamSettings()

    @property
    def host(self) -> Member | None:
        """The member who hosts, while there."""
        return self.members.get(self.host_id)

    def apply(self, event: Event) -> tuple[Applied, StreamState]:
        """Take the next event; one that is known or out of turn changes nothing."""
        here, there = self.cursor, event.cursor
        if there.epoch < here.epoch or (there.epoch == here.epoch and there.seq <= here.seq):
            return "known", self
        follows = there.epoch == here.epoch and there.seq == here.seq + 1
        # Of all that begins an epoch, only new media comes with the state it begins with.
        begins = there.epoch == here.epoch + 1 and there.seq == 1 and event.media is not None
        if not (follows or begins):
            return "gap", self
        return "applied", msgspec.structs.replace(
            self,
            cursor=there,
            timeline=event.timeline,
            media=event.media or self.media,
            host_id=event.host_id or self.host_id,
            host_term=event.host_term if event.host_id else self.host_term,
            settings=event.settings or self.settings,
        )

    def restate(self, state: StateNow) -> tuple[Applied, StreamState]:
        """Take the timeline as the server repeats it."""
        if state.cursor == self.cursor:
            return "applied", msgspec.structs.replace(self, timeline=state.timeline)
        return ("known" if state.cursor < self.cursor else "gap"), self

    def present(self, presence: Presence) -> StreamState:
        """Members that came, changed or left."""
        members = {} if presence.whole else dict(self.members)
        for member in presence.changed:
            members[member.member_id] = member
        for member_id in presence.left:
            members.pop(member_id, None)
        others = self.others if presence.others is None else presence.others
        return msgspec.structs.replace(self, members=members, others=others)


def from_snapshot(snapshot: Snapshot) -> StreamState:
    """The state that a snapshot describes."""
    return StreamState(
        stream_id=snapshot.stream_id,
        cursor=snapshot.cursor,
        timeline=snapshot.timeline,
        host_id=snapshot.host_id,
        host_term=snapshot.host_term,
        media=snapshot.media,
        members={member.member_id: member for member in snapshot.members},
        others=snapshot.others,
        settings=snapshot.settings,
    )
