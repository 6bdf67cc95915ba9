"""Server protocol: the server's side of the wire, without a socket, a store or a clock.

Feed it what arrived and what time it is; take from it what to send, what to close, what to
ask the store and when to call again. What the store answers comes back through `stored`,
and must come in the order in which it was asked. Instants are seconds on the server's own
clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from protocol.exceptions import DecodeError, MediaRefused
from protocol.media.url_policy import STRICT, UrlPolicy
from protocol.server import refusals as refuse
from protocol.server.access.join import JoinHandler
from protocol.server.access.media_validation import checked_media
from protocol.server.access.moderation import ModerationHandler
from protocol.server.access.peers import HandshakeInfo, Peer
from protocol.server.bus.local_bus import LocalBus
from protocol.server.bus.log_writer import LogWriter
from protocol.server.bus.messages import LogReset
from protocol.server.core.context import IdSource, ServerContext
from protocol.server.core.effects import GOING_AWAY, NORMAL, POLICY, Effect
from protocol.server.limits.addresses import AddressLimiter
from protocol.server.limits.config import Limits
from protocol.server.log.requests import AppendRequest
from protocol.server.owner.registry import OwnerRegistry
from protocol.server.room.edge_readiness import ON_TIME
from protocol.server.room.registry import RoomRegistry
from protocol.text import REASON_CELLS, clean_text
from protocol.wire.codec import decode_client, offered_versions
from protocol.wire.messages import (
    Bye,
    ClientMessage,
    Command,
    EphemeralRequest,
    HandOver,
    Hello,
    Leave,
    LoadAct,
    ModerationRequest,
    NewInvite,
    Note,
    Ping,
    Pong,
    Refusal,
    Remove,
    Report,
    Resume,
)
from protocol.wire.versions import PROTOCOL_OLDEST, PROTOCOL_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.server.bus.bus import Bus
    from protocol.server.core.store_calls import StoreFailed, StoreResult
    from protocol.server.log.record import StreamRecord
    from protocol.server.log.requests import Outcome
    from protocol.server.moment import Moment
    from protocol.server.room.room import Room
    from protocol.wire.versions import VersionFilter


class ServerProtocol:
    """All streams that somebody is in, and every connection to them."""

    def __init__(
        self,
        ids: IdSource,
        *,
        clock_id: str,
        limits: Limits | None = None,
        rules: UrlPolicy = STRICT,
        version_filter: VersionFilter | None = None,
        bus: Bus | None = None,
        node_id: str = "local",
    ) -> None:
        self._context = ServerContext(limits or Limits(), rules, ids, clock_id, version_filter)
        self._bus = LocalBus() if bus is None else bus
        writer = LogWriter(self._context, self._bus)
        self._rooms = RoomRegistry(self._context, writer, self._bus, node_id)
        self._owners = OwnerRegistry(self._context, writer, self._bus)
        self._bus.connect(self._rooms, self._owners)
        self._peers: dict[int, Peer] = {}
        self.addresses = AddressLimiter(self._context.limits)
        """What each remote address may do; outside a websocket it is asked directly."""
        self._joins = JoinHandler(self._context, self._rooms, self.addresses)
        self._people = ModerationHandler(self._context, self._rooms)
        self._outside: set[int] = set()
        self._stopping = False

    # Connections ------------------------------------------------------------------------

    def admit(self, address: str, now: Moment) -> float:
        """Whether this address may open one more connection: 0, or seconds to wait.

        Each connection that is admitted must be given back by `AddressLimiter.closed`.
        """
        if self._stopping or not self.places():
            return 1.0
        return self.addresses.open(address, now.instant)

    def places(self) -> int:
        """How many may be admitted before one of those who have no seat yet has one."""
        most = self._context.limits.unauthenticated
        if len(self._outside) >= most:
            # Who got a seat, or none, since is found out only now, when it matters.
            self._outside = {p for p in self._outside if self._peers[p].state in ("new", "opening")}
        return max(0, most - len(self._outside))

    def make_places(self, now: Moment) -> None:
        """Others wait for a place: who has said nothing for a while gives his away."""
        latest = now.instant - self._context.limits.hurried_hello
        for peer in [self._peers[p] for p in self._outside]:
            if peer.state == "new" and peer.came_at <= latest:
                self._joins.turn_away(peer, refuse.no_hello())

    def connect(self, peer: int, visitor: HandshakeInfo, now: Moment) -> None:
        """A websocket is open; ``peer`` is a number that is never used again."""
        new = self._peers[peer] = Peer(peer, visitor, self._context.limits, now.instant)
        self._outside.add(peer)
        self._context.timers.set(
            (new, "hello"),
            now.instant + self._context.limits.hello_timeout,
            lambda _: self._joins.turn_away(new, refuse.no_hello()),
        )

    def disconnect(self, peer: int, now: Moment) -> None:
        """The websocket is gone."""
        gone = self._peers.pop(peer, None)
        if gone is None:
            return
        self._outside.discard(peer)
        gone.state = "closed"
        self._joins.gone(gone, now)
        if gone.room is not None:
            gone.room.detach(gone.member_id, peer, now)

    def receive(self, peer: int, text: str, now: Moment) -> None:
        """One text frame of ``peer``."""
        sender = self._peers.get(peer)
        if sender is None or sender.state == "closed":
            return
        wait = sender.limits.take_text(text, now.instant)
        if wait > 0.0:
            self._limited(sender, wait, "", now)
            return
        try:
            message = decode_client(text)
        except DecodeError as error:
            self._undecodable(sender, text, error, now)
            return
        if isinstance(message, Ping):
            self._ping(sender, message, now)
        elif sender.state == "seated":
            self._seated(sender, message, now)
        elif isinstance(message, Hello) and sender.state == "new":
            self._joins.hello(sender, message, now)
        elif isinstance(message, Leave):
            self._bow_out(sender)
        else:
            self._strike(sender, refuse.out_of_place("the first message is hello"), now)

    def rest(self, peer: int, now: Moment) -> float:
        """Seconds in which nothing more is to be read of ``peer``; 0 for go on."""
        sender = self._peers.get(peer)
        return 0.0 if sender is None else max(0.0, sender.rests_until - now.instant)

    def malformed(self, peer: int, now: Moment) -> None:
        """A frame of ``peer`` that is no text at all."""
        sender = self._peers.get(peer)
        if sender is not None and sender.state != "closed":
            self._strike(sender, refuse.out_of_place("messages are text"), now)

    # Time, the store, the end -----------------------------------------------------------

    def handle_timeout(self, now: Moment) -> None:
        """Do what is due."""
        self._context.timers.run(now)

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is due next."""
        return self._context.timers.next_deadline()

    def effects(self) -> list[Effect]:
        """What to do now, in this order."""
        return self._context.take_effects()

    def stored(self, ticket: int, result: StoreResult, now: Moment) -> None:
        """What the store answered."""
        self._context.answered(ticket, result, now)

    def reset(self, records: Iterable[StreamRecord], now: Moment) -> None:
        """These streams were reset in the store."""
        for record in records:
            self._bus.publish(record.stream_id, LogReset(record), now)

    def stop(self, now: Moment) -> None:
        """Take nobody in any more and nothing into the log; see `asking`, then `farewell`."""
        self._stopping = True
        self._owners.stop(now)

    @property
    def asking(self) -> int:
        """Questions that the store has not answered."""
        return self._context.asking

    def farewell(self) -> None:
        """Tell everybody that the server stops."""
        bye = Bye("server_stopping", "the server stops; seats come back when it does")
        for peer in self._peers.values():
            if peer.state != "closed":
                peer.state = "closed"
                self._context.send((peer.number,), bye)
                self._context.close(peer.number, GOING_AWAY, "server_stopping")

    @property
    def live_streams(self) -> tuple[str, ...]:
        """Streams that somebody is in."""
        return self._rooms.stream_ids

    @property
    def participants(self) -> int:
        """Members of all rooms."""
        return sum(len(room.participants) for room in self._rooms)

    def drifts_ms(self) -> list[float]:
        """Milliseconds that each connected seat with a playing film is off, where it tells."""
        return [
            participant.member.drift_ms
            for room in self._rooms
            if room.record.timeline.playing
            for participant in room.participants.values()
            if participant.peer is not None and participant.member.drift_ms is not None
        ]

    # Messages of a seated peer ----------------------------------------------------------

    def _seated(self, sender: Peer, message: ClientMessage, now: Moment) -> None:
        room = sender.room
        assert room is not None
        participant = room.participants.get(sender.member_id)
        if participant is None or participant.peer != sender.number:
            # Another connection has this seat, or another host this party: this one closes.
            return
        event_id = (
            message.event_id if isinstance(message, Command | Note | ModerationRequest) else ""
        )
        wait = sender.limits.take(message, now.instant)
        if wait > 0.0:
            # Surplus reports are what a link has held back; the next one says it all anyway.
            if not isinstance(message, Report):
                self._limited(sender, wait, event_id, now)
            return
        match message:
            case Command():
                self._command(sender, room, message, now)
            case Note():
                reason = clean_text(message.reason, REASON_CELLS)
                note = msgspec.structs.replace(message, reason=reason)
                self._append(sender, room, note, now)
            case Report():
                room.report(sender.member_id, message, now)
            case EphemeralRequest():
                room.link.post(sender.member_id, sender.name, message, now)
            case NewInvite() | Remove() | HandOver():
                self._moderate(sender, room, message, now)
            case Resume():
                self._joins.resume(sender, message.cursor, now)
            case Leave():
                room.leave(sender.member_id, now)
                self._bow_out(sender)
            case Hello() | Ping():
                self._strike(sender, refuse.out_of_place("hello was said already"), now)
            case _:
                assert_never(message)

    def _ping(self, sender: Peer, ping: Ping, now: Moment) -> None:
        wait = sender.limits.take(ping, now.instant)
        if wait > 0.0:
            self._limited(sender, wait, "", now)
            return
        self._context.send((sender.number,), Pong(ping.t0, now.instant, now.instant))

    def _command(self, sender: Peer, room: Room, command: Command, now: Moment) -> None:
        if room.record.host_id != sender.member_id:
            if room.participants[sender.member_id].has_hosted:
                # On its way while another member became host: no rule is broken.
                self._context.send((sender.number,), refuse.stale_host(command.event_id))
                return
            self._strike(sender, refuse.forbidden(room.host_name, command.event_id), now)
            return
        if isinstance(command.act, LoadAct):
            try:
                media = checked_media(command.act.media, self._context.rules)
            except MediaRefused as error:
                no = refuse.media_refused(error, "act.media.url", command.event_id)
                self._context.send((sender.number,), no)
                return
            load = msgspec.structs.replace(command.act, media=media)
            command = msgspec.structs.replace(command, act=load)
        self._append(sender, room, command, now)

    def _moderate(self, sender: Peer, room: Room, request: ModerationRequest, now: Moment) -> None:
        if self._stopping:
            self._context.send((sender.number,), refuse.store_failed("try_again", request.event_id))
            return
        no = self._people.carry_out(sender, room, request, now)
        if no is not None:
            self._strike(sender, no, now)

    def _append(self, sender: Peer, room: Room, change: Command | Note, now: Moment) -> None:
        if self._stopping:
            no = refuse.store_failed("try_again", change.event_id)
            self._context.send((sender.number,), no)
            return
        plan = room.plan(change.act, now) if isinstance(change, Command) else ON_TIME
        leads = room.leads()
        entry = AppendRequest(
            stream_id=room.record.stream_id,
            event_id=change.event_id,
            member_id=sender.member_id,
            name=sender.name,
            change=change,
            now=now,
            lead=leads.seek if plan.is_moving else leads.start,
            seek_lead=leads.seek,
            rate_lead=leads.rate,
            bound=plan.bound,
        )

        def then(result: Outcome | StoreFailed, later: Moment) -> None:
            if isinstance(result, Refusal) and result.code == "stale_base":
                self._context.send((sender.number,), room.state_now())

        self._rooms.append(entry, answer_to=sender.number, then=then)

    # Rules that were broken -------------------------------------------------------------

    def _undecodable(self, sender: Peer, text: str, error: DecodeError, now: Moment) -> None:
        versions = offered_versions(text) if sender.state == "new" else None
        no = refuse.undecodable(error)
        if versions is not None and (
            error.field in ("version_min", "version_max") or not _is_ours(*versions)
        ):
            no = refuse.upgrade_required(*versions)
        if sender.state == "new":
            # A seat that cannot even say hello has nothing to stay for.
            self._joins.turn_away(sender, no)
            return
        self._strike(sender, no, now)

    def _limited(self, sender: Peer, wait: float, event_id: str, now: Moment) -> None:
        sender.rests_until = now.instant + self._context.limits.rest
        self._strike(sender, refuse.rate_limited(wait, event_id), now, burst=True)

    def _strike(self, sender: Peer, no: Refusal, now: Moment, *, burst: bool = False) -> None:
        self._context.send((sender.number,), no)
        if sender.limits.strike(now.instant, burst=burst):
            # A seat that is merely too fast may come back; one that is wrong stays wrong.
            bye = Bye(no.code, f"too many refusals: {no.message}", reconnect=burst)
            self._context.send((sender.number,), bye)
            sender.state = "closed"
            self._context.close(sender.number, POLICY, no.code)

    def _bow_out(self, peer: Peer) -> None:
        peer.state = "closed"
        self._context.timers.cancel((peer, "hello"))
        self._context.close(peer.number, NORMAL, "")


def _is_ours(version_min: int, version_max: int) -> bool:
    return version_min <= PROTOCOL_VERSION and version_max >= PROTOCOL_OLDEST
