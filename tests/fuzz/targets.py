"""One function for each end of the wire: takes any text, raises only when a promise is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from player.session.core.presenters import event_view, members_view, waiting_view
from protocol.client import events
from protocol.client.protocol import ClientProtocol
from protocol.exceptions import DecodeError
from protocol.timeline import Timeline
from protocol.wire.codec import decode_client, decode_server, encode, offered_versions
from protocol.wire.messages import Member, Snapshot, Welcome
from tests.doubles.sync_server import Bench, Party
from tests.fuzz.heads import HEADS
from tests.fuzz.manifests import MANIFESTS
from tests.fuzz.parsers import PARSERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from protocol.wire.messages import ClientMessage

_Message = TypeVar("_Message")

YOU, HOST = "11" * 16, "22" * 16
STEP: Final = 0.3
"""Seconds between two frames, so that a limit is met now and then."""


def seat_said(text: str, decode: Callable[[str], ClientMessage] = decode_client) -> None:
    """The server's decoder: a message that survives the way, or a `DecodeError`."""
    offered_versions(text)
    message = _decoded(decode, text)
    if message is not None:
        assert decode(encode(message)) == message


def server_said(text: str) -> None:
    """The seat's decoder, and behind it all that a seat makes of a server's messages.

    Each line is one frame.
    """
    seat = _seat()
    for number, line in enumerate(text.split("\n")):
        message = _decoded(decode_server, line)
        if message is None:
            continue
        assert decode_server(encode(message)) == message
        seat.receive(line, 100.0 + number * STEP)
        seat.handle_timeout(100.0 + number * STEP)
        for event in seat.events_received():
            _look_at(seat, event)
        for frame in seat.data_to_send():
            decode_client(frame)


def party_heard(text: str, decode: Callable[[str], ClientMessage] = decode_client) -> None:
    """A whole server with a store in memory: nobody hears of a frame that does not decode.

    Each line is one frame; its first letter tells who sends it: the host (h), a viewer (v),
    or somebody who has just connected (n).
    """
    party = Party(Bench())
    bench, host, viewer = party.bench, party.host, party.join("Ben")
    listener = party.join("Cleo")
    for line in text.split("\n"):
        sender = {"h": host, "v": viewer}.get(line[:1])
        if sender is None:
            sender = bench.connect(party.stream_id, party.invite)
        bench.settle()
        before = len(bench.sent[listener])
        bench.send_text(sender, line[1:])
        heard = bench.sent[listener][before:]
        if _decoded(decode, line[1:]) is None:
            assert not heard, f"relayed: {heard}"
        bench.advance(STEP)
    for messages in bench.sent.values():
        for message in messages:
            assert decode_server(encode(message)) == message


TARGETS: Final[Mapping[str, Callable[[str], None]]] = {
    "seat": seat_said,
    "server": server_said,
    "party": party_heard,
    **PARSERS,
    **HEADS,
    **MANIFESTS,
}


def _decoded(decode: Callable[[str], _Message], text: str) -> _Message | None:
    try:
        return decode(text)
    except DecodeError as error:
        refusal = error
    assert refusal.code in ("bad_message", "invalid_field")
    assert len(refusal.message) <= 200
    return None


def _seat() -> ClientProtocol:
    """A viewer's that has just joined."""
    seat = ClientProtocol(name="Ben", instance_id="instance-of-ben")
    seat.connection_made(99.0)
    seat.receive(encode(Welcome(1, "clock-0001", "ab" * 16, YOU, "viewer", 1)), 99.1)
    members = (Member(HOST, "Ana", "host"), Member(YOU, "Ben", "viewer"))
    line = Timeline(5.0, at=1000.0, playing=True)
    seat.receive(
        encode(
            Snapshot(
                stream_id="ab" * 16,
                epoch=1,
                seq=1,
                timeline=line,
                host_id=HOST,
                host_term=1,
                members=members,
            )
        ),
        99.2,
    )
    seat.events_received()
    seat.data_to_send()
    return seat


def _look_at(seat: ClientProtocol, event: events.ClientEvent) -> None:
    """What a face is told of it."""
    assert seat.state is not None
    match event:
        case events.EventApplied(event=logged):
            msgspec.json.encode(event_view(logged, seat.state, YOU))
        case events.MembersChanged():
            msgspec.json.encode(members_view(seat.state, YOU))
        case events.StartWaiting(members=members, until=until):
            msgspec.json.encode(waiting_view(members, until - 100.0, seat.state))
        case _:
            pass
    position = seat.state.timeline.position_at(1234.5)
    assert 0.0 <= position <= 604_800.0
