"""Fan-out: the connected peers of a room, and what waits for those that catch up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.server.core.context import ServerContext
    from protocol.server.members.participant import Participant
    from protocol.wire.messages import AnyEphemeralMessage, Event, Presence, ServerMessage, StateNow


class RoomFanout:
    """Sends to everybody who is connected to a room."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._connected: dict[int, None] = {}
        """Peers, in the order in which they came."""
        self._peers: tuple[int, ...] | None = None
        self._catching_up: dict[str, Participant] = {}
        """Seats with a backlog, by member."""

    def __bool__(self) -> bool:
        """Whether anybody is connected."""
        return bool(self._connected)

    @property
    def peers(self) -> tuple[int, ...]:
        """Every connected peer."""
        if self._peers is None:
            self._peers = tuple(self._connected)
        return self._peers

    def add(self, peer: int) -> None:
        """A peer is connected."""
        self._connected[peer] = None
        self._peers = None

    def remove(self, peer: int) -> None:
        """It is not any more."""
        self._connected.pop(peer, None)
        self._peers = None

    def hold_back(self, participant: Participant) -> None:
        """The log is being read for this seat: live events wait until `release`."""
        participant.backlog = []
        self._catching_up[participant.member.member_id] = participant

    def release(self, participant: Participant) -> list[Event]:
        """The events that have waited for this seat."""
        self.forget(participant.member.member_id)
        backlog, participant.backlog = participant.backlog, None
        return backlog or []

    def forget(self, member_id: str) -> None:
        """Nobody waits for what this member has missed."""
        self._catching_up.pop(member_id, None)

    def restart(self) -> None:
        """What has waited is of no use: the stream starts anew."""
        for participant in self._catching_up.values():
            participant.backlog = []

    def deliver(self, event: Event) -> None:
        """An event of the log, in its order."""
        for participant in self._catching_up.values():
            assert participant.backlog is not None
            participant.backlog.append(event)
        self.tell_up_to_date(event)

    def tell_up_to_date(self, message: Event | StateNow) -> None:
        """Tell everybody but those that catch up."""
        peers = self.peers
        if self._catching_up:
            behind = {participant.peer for participant in self._catching_up.values()}
            peers = tuple(peer for peer in peers if peer not in behind)
        self._context.send(peers, message)

    def tell(self, message: ServerMessage) -> None:
        """Tell everybody something that is not in the log."""
        self._context.send(self.peers, message)

    def tell_of_people(self, message: AnyEphemeralMessage | Presence) -> None:
        """Tell everybody of people; a film's events do not wait for it."""
        self._context.send(self.peers, message, is_urgent=False)
