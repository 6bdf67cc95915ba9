"""A stream that somebody is in: who is there, and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from protocol.messages import (
    Bye,
    Event,
    Member,
    Presence,
    Report,
    ServerMessage,
    Snapshot,
    StateNow,
)
from protocol.server_effects import POLICY, Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server_log import Moment, StreamRecord

START_MARGIN: Final = 0.11
"""Seconds on top of the way: 60 ms for its changes, 50 ms for a player to start."""
MIN_LEAD: Final = 0.2
MAX_LEAD: Final = 1.5
MIN_SEEK_LEAD: Final = 0.35
RATE_MARGIN: Final = 0.48
"""Seconds on top of the way: 60 ms for its changes, 420 ms until a player is heard at a rate."""
MIN_RATE_LEAD: Final = 0.6
POOR_RTT_MS: Final = 2000.0
"""A seat behind such a link is not waited for."""


class Seat:
    """One member in a room; without a peer the connection is lost and may come back."""

    __slots__ = ("backlog", "member", "peer", "seek_ms")

    def __init__(self, member: Member, peer: int) -> None:
        self.member = member
        self.peer: int | None = peer
        self.seek_ms = 0.0
        self.backlog: list[Event] | None = None
        """Live events that wait while the log is being read for this seat."""


class Room:
    """The living side of a stream; its log is the store's."""

    def __init__(
        self,
        desk: Desk,
        record: StreamRecord,
        vacated: Callable[[Room], None],
        deserted: Callable[[Room, Moment], None],
    ) -> None:
        self.record = record
        self.seats: dict[str, Seat] = {}
        self.claimed_by: int | None = None
        """Peer that is being made host."""
        self._desk = desk
        self._vacated = vacated
        self._deserted = deserted
        self._changed: dict[str, None] = {}
        self._left: dict[str, None] = {}
        self._told_at = float("-inf")
        self._listeners: tuple[int, ...] | None = None

    # Who is here ------------------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        return not self.seats and self.claimed_by is None

    @property
    def host(self) -> Seat | None:
        """The host's seat while it is connected."""
        seat = self.seats.get(self.record.host_id)
        return seat if seat is not None and seat.peer is not None else None

    @property
    def listeners(self) -> tuple[int, ...]:
        """Every connected peer."""
        if self._listeners is None:
            self._listeners = tuple(
                seat.peer for seat in self.seats.values() if seat.peer is not None
            )
        return self._listeners

    def sit(self, member: Member, peer: int, now: Moment) -> Seat:
        """Give ``peer`` the seat of ``member``; an older connection of that seat ends."""
        timers, member_id = self._desk.timers, member.member_id
        seat = Seat(member, peer)
        before = self.seats.get(member_id)
        if before is not None:
            seat.seek_ms = before.seek_ms
            if before.peer is not None:
                self._dismiss(before.peer, "this seat has connected anew")
        self.seats[member_id] = seat
        timers.cancel((self, "grace", member_id))
        timers.cancel((self, "whole", member_id))
        timers.cancel(("deserted", self.record.stream_id))
        self._listeners = None
        self._mark(member_id, now)
        if timers.due_at((self, "state")) is None:
            self._repeat_state_later(now)
        return seat

    def lose(self, member_id: str, peer: int, now: Moment) -> None:
        """The connection is gone; the member stays listed for a while."""
        seat = self.seats.get(member_id)
        if seat is None or seat.peer != peer:
            return
        seat.peer = None
        seat.backlog = None
        self._listeners = None
        until = now.instant + self._desk.limits.grace
        self._desk.timers.set(
            (self, "grace", member_id), until, lambda then: self.leave(member_id, then)
        )
        if not self.listeners:
            self._deserted(self, now)

    def leave(self, member_id: str, now: Moment) -> None:
        """The member is gone for good."""
        gone, timers = self.seats.pop(member_id), self._desk.timers
        timers.cancel((self, "grace", member_id))
        timers.cancel((self, "whole", member_id))
        self._listeners = None
        self._changed.pop(member_id, None)
        self._left[member_id] = None
        self._tell_presence_at(self._told_at + self._desk.limits.presence_interval, now)
        if gone.peer is not None and not self.listeners:
            self._deserted(self, now)
        if not self.seats:
            timers.cancel((self, "state"))
            timers.cancel((self, "presence"))
            self._vacated(self)

    def displace(self, member_id: str, now: Moment) -> None:
        """Another seat hosts: the old host's own connection ends."""
        seat = self.seats.get(member_id)
        if seat is None:
            return
        if seat.peer is not None:
            self._dismiss(seat.peer, "another seat has taken over as host")
        self.leave(member_id, now)

    def _dismiss(self, peer: int, why: str) -> None:
        self._desk.send((peer,), Bye("replaced", why, reconnect=False))
        self._desk.close(peer, POLICY, "replaced")

    # What they are told -----------------------------------------------------------------

    def publish(self, record: StreamRecord, event: Event) -> None:
        """Tell everybody of a durable event."""
        self.record = record
        waiting = [seat for seat in self.seats.values() if seat.backlog is not None]
        if not waiting:
            self._desk.send(self.listeners, event)
            return
        for seat in waiting:
            assert seat.backlog is not None
            seat.backlog.append(event)
        behind = {seat.peer for seat in waiting}
        self._desk.send(tuple(p for p in self.listeners if p not in behind), event)

    def tell(self, message: ServerMessage) -> None:
        """Tell everybody something that is not in the log."""
        self._desk.send(self.listeners, message)

    def reset(self, record: StreamRecord) -> None:
        """The stream starts anew from ``record``, unless it has gone on from there already."""
        if not self.record.cursor < record.cursor:
            return
        self.record = record
        for seat in self.seats.values():
            seat.backlog = None if seat.backlog is None else []
        self.tell(self.snapshot("reset"))

    def state_now(self) -> StateNow:
        return StateNow(self.record.epoch, self.record.seq, self.record.timeline)

    def snapshot(self, reason: str) -> Snapshot:
        """The whole state; members over the bound follow by `presence`."""
        record = self.record
        return Snapshot(
            stream_id=record.stream_id,
            epoch=record.epoch,
            seq=record.seq,
            timeline=record.timeline,
            host_id=record.host_id,
            host_term=record.host_term,
            media=record.media,
            members=self.members()[: self._desk.limits.members_told],
            sync_tolerance_ms=record.sync_tolerance_ms,
            sync_enabled=record.sync_enabled,
            reason=reason,
        )

    def members(self) -> tuple[Member, ...]:
        return tuple(seat.member for seat in self.seats.values())

    def present(self, peer: int, member_id: str, now: Moment, *, resumed: bool) -> None:
        """Tell one peer who is here, and where the timeline stands.

        A seat that resumed may list members who have left since. They are taken away a
        grace later: after a restart of the server the others are only just coming back.
        """
        self._tell_members((peer,))
        self._desk.send((peer,), self.state_now())
        if resumed:
            self._desk.timers.set(
                (self, "whole", member_id),
                now.instant + self._desk.limits.grace,
                lambda _: self._tell_whole(member_id),
            )

    def _tell_members(self, peers: tuple[int, ...]) -> None:
        members, step = self.members(), self._desk.limits.members_told
        for start in range(0, len(members), step):
            self._desk.send(peers, Presence(changed=members[start : start + step]))

    def _tell_whole(self, member_id: str) -> None:
        peer, members = self.seats[member_id].peer, self.members()
        if peer is not None and len(members) <= self._desk.limits.members_told:
            self._desk.send((peer,), Presence(changed=members, whole=True))

    def _repeat_state_later(self, now: Moment) -> None:
        self._desk.timers.set(
            (self, "state"), now.instant + self._desk.limits.state_interval, self._repeat_state
        )

    def _repeat_state(self, now: Moment) -> None:
        behind = {seat.peer for seat in self.seats.values() if seat.backlog is not None}
        self._desk.send(tuple(p for p in self.listeners if p not in behind), self.state_now())
        self._repeat_state_later(now)

    # How they are -----------------------------------------------------------------------

    def report(self, member_id: str, report: Report, now: Moment) -> None:
        """Take what a seat tells of itself; it never moves the timeline."""
        seat = self.seats[member_id]
        before = seat.member
        if report.seek_ms is not None:
            seat.seek_ms = report.seek_ms
        seat.member = msgspec.structs.replace(
            before,
            state=report.state,
            drift_ms=report.drift_ms,
            rtt_ms=report.rtt_ms,
            buffer=report.buffer,
        )
        if seat.member.state != before.state:
            self._mark(member_id, now)
        elif seat.member != before:
            self._changed[member_id] = None
            self._tell_presence_at(self._told_at + self._desk.limits.drift_interval, now)

    def lead(self) -> float:
        """Seconds that every seat worth waiting for needs to hear of a start and make it."""
        return min(max(self._longest_way() + START_MARGIN, MIN_LEAD), MAX_LEAD)

    def seek_lead(self) -> float:
        """The same for a start somewhere else."""
        slowest = max((s.seek_ms for s in self.seats.values() if s.peer is not None), default=0.0)
        return max(self.lead(), min(max(slowest / 1000.0, MIN_SEEK_LEAD), MAX_LEAD))

    def rate_lead(self) -> float:
        """The same for another rate, which a player writes long before it is heard."""
        return min(max(self._longest_way() + RATE_MARGIN, MIN_RATE_LEAD), MAX_LEAD)

    def _longest_way(self) -> float:
        ways = [
            rtt / 2000.0
            for seat in self.seats.values()
            if seat.peer is not None
            and (rtt := seat.member.rtt_ms) is not None
            and 0.0 <= rtt <= POOR_RTT_MS
        ]
        return max(ways, default=0.0)

    def _mark(self, member_id: str, now: Moment) -> None:
        self._changed[member_id] = None
        self._left.pop(member_id, None)
        self._tell_presence_at(self._told_at + self._desk.limits.presence_interval, now)

    def _tell_presence_at(self, instant: float, now: Moment) -> None:
        """Tell what changed no later than ``instant``; at once when that has passed."""
        timers, name = self._desk.timers, (self, "presence")
        instant = max(instant, now.instant)
        due = timers.due_at(name)
        if due is None or instant < due:
            timers.set(name, instant, self._tell_presence)

    def _tell_presence(self, now: Moment) -> None:
        self._told_at = now.instant
        changed = tuple(self.seats[m].member for m in self._changed if m in self.seats)
        left = tuple(self._left)
        self._changed.clear()
        self._left.clear()
        step = self._desk.limits.members_told
        for start in range(0, max(len(changed), len(left)), step):
            part = slice(start, start + step)
            self.tell(Presence(changed=changed[part], left=left[part]))
