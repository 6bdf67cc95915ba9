"""Presence tracker: who is in a stream, and when people are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.server.bus.messages import RosterChange, RosterReset
from protocol.server.owner.roster import Roster
from protocol.server.owner.stream import SeatedMember
from protocol.wire.messages import Presence

if TYPE_CHECKING:
    from protocol.server.core.context import ServerContext
    from protocol.server.moment import Moment
    from protocol.server.owner.stream import OwnedStream
    from protocol.wire.messages import Member


class PresenceTracker:
    """Merges what the edges of a stream tell of their members."""

    def __init__(self, context: ServerContext, stream: OwnedStream) -> None:
        self._context = context
        self._stream = stream
        self._roster = Roster(context.limits.members_told)
        self._changed: dict[str, None] = {}
        self._left: dict[str, bool] = {}
        """Whether each of them was sent away by the host."""
        self._told_at = float("-inf")

    def joined(self, edge_id: str, member: Member, now: Moment) -> None:
        """A member is here, perhaps again, perhaps on another edge."""
        self._stream.members[member.member_id] = SeatedMember(edge_id, member)
        self._mark(member, now)

    def changed(self, edge_id: str, member: Member, now: Moment, *, is_urgent: bool) -> None:
        """A member is as ``member`` now."""
        member_id = member.member_id
        if not self._is_at(edge_id, member_id):
            return
        self._stream.members[member_id] = SeatedMember(edge_id, member)
        if is_urgent:
            self._mark(member, now)
        elif member_id in self._roster:
            self._changed[member_id] = None
            self._tell_at(self._told_at + self._context.limits.drift_interval, now)

    def left(self, edge_id: str, member_id: str, now: Moment, *, is_removed: bool) -> None:
        """A member is gone for good, unless it has come to another edge since."""
        if not self._is_at(edge_id, member_id):
            return
        del self._stream.members[member_id]
        self._changed.pop(member_id, None)
        unlisted = (member_id,) if member_id in self._roster else ()
        if unlisted:
            self._left[member_id] = is_removed
        following = self._roster.remove(member_id)
        if following:
            self._changed[following] = None
        listed = (self._stream.members[following].member,) if following else ()
        self._stream.tell(RosterChange(listed, unlisted, self._roster.others), now)
        self._tell_at(self._told_at + self._context.limits.presence_interval, now)
        if not self._stream.members:
            self.rest()

    def rest(self) -> None:
        """There is nobody to tell."""
        self._context.timers.cancel((self._stream, "presence"))

    def tell_roster(self, now: Moment) -> None:
        """An edge that has just opened knows nothing of the others' members."""
        members = self._stream.members
        listed = tuple(members[member_id].member for member_id in self._roster.told)
        self._stream.tell(RosterReset(listed, self._roster.others), now)

    def _is_at(self, edge_id: str, member_id: str) -> bool:
        seated = self._stream.members.get(member_id)
        return seated is not None and seated.edge_id == edge_id

    def _mark(self, member: Member, now: Moment) -> None:
        member_id = member.member_id
        was_listed, others = member_id in self._roster, self._roster.others
        hosts = member.role == "host" or member_id == self._stream.record.host_id
        self._roster.add(member_id, hosts=hosts)
        is_listed = member_id in self._roster
        if is_listed is not was_listed or others != self._roster.others:
            listed = (member,) if is_listed else ()
            self._stream.tell(RosterChange(listed, (), self._roster.others), now)
        if is_listed:
            self._changed[member_id] = None
            self._left.pop(member_id, None)
        elif not self._roster.is_recounted:
            return
        self._tell_at(self._told_at + self._context.limits.presence_interval, now)

    def _tell_at(self, instant: float, now: Moment) -> None:
        """Tell what changed no later than ``instant``; at once when that has passed."""
        timers, name = self._context.timers, (self._stream, "presence")
        instant = max(instant, now.instant)
        due = timers.due_at(name)
        if due is None or instant < due:
            timers.set(name, instant, self._tell)

    def _tell(self, now: Moment) -> None:
        self._told_at = now.instant
        members = self._stream.members
        changed = tuple(members[m].member for m in self._changed if m in members)
        removed = tuple(m for m, is_removed in self._left.items() if is_removed)
        presence = Presence(changed, tuple(self._left), removed, others=self._roster.recount())
        self._changed.clear()
        self._left.clear()
        self._stream.tell(presence, now)
