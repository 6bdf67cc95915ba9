"""Roster replica: whom the stream's owner lists, as one edge knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.server.bus.messages import RosterChange, RosterReset
    from protocol.server.members.participant import Participant
    from protocol.wire.messages import Member, Presence


class RosterReplica:
    """Members that are listed, in their order, and how many are not.

    Args:
        participants: of the edge itself: of those it knows best how they are.
    """

    def __init__(self, participants: Mapping[str, Participant]) -> None:
        self._participants = participants
        self._listed: dict[str, Member] = {}
        self.others = 0

    def __contains__(self, member_id: str) -> bool:
        return member_id in self._listed

    def members(self) -> tuple[Member, ...]:
        """Those who are listed, as they are now."""
        participants = self._participants
        return tuple(
            participants[member_id].member if member_id in participants else member
            for member_id, member in self._listed.items()
        )

    def reset(self, roster: RosterReset) -> bool:
        """This is all of it; returns whether others are listed than were."""
        before, others = self._listed, self.others
        self._listed = {member.member_id: member for member in roster.listed}
        self.others = roster.others
        return others != roster.others or before.keys() != self._listed.keys()

    def change(self, change: RosterChange) -> list[Member]:
        """Take what is new; returns the edge's own members of whom the owner knows older news."""
        for member_id in change.unlisted:
            self._listed.pop(member_id, None)
        for member in change.listed:
            self._listed[member.member_id] = member
        self.others = change.others
        participants = self._participants
        return [
            participants[member.member_id].member
            for member in change.listed
            if member.member_id in participants and participants[member.member_id].member != member
        ]

    def take(self, presence: Presence) -> None:
        """How members of other edges are by now."""
        for member in presence.changed:
            self._listed[member.member_id] = member
