"""A value that a newer server has added to a closed set costs no seat its connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec.inspect
import pytest

from protocol.exceptions import DecodeError
from protocol.wire.closed_sets import take_as_known
from protocol.wire.codec import decode_client, decode_server
from protocol.wire.messages import Bye, Event, Presence, Refusal, ServerMessage, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW = "of_tomorrow"
LINE = {"at": 5.0, "position": 1.0, "rate": 1.0, "playing": True}
MEDIA = {"media_id": "film-0001", "kind": "url", "title": "The Film"}
MEMBER = {"member_id": "member-a", "name": "Ana", "role": "host", "state": "playing"}
FRAMES: dict[str, dict[str, Any]] = {
    "event": {
        "type": "event",
        "epoch": 1,
        "seq": 2,
        "event_id": "event-01",
        "event_type": "media",
        "member_id": "member-a",
        "name": "Ana",
        "timestamp_ms": 1,
        "timeline": LINE,
        "media": MEDIA,
    },
    "snapshot": {
        "type": "snapshot",
        "stream_id": "stream-01",
        "epoch": 1,
        "seq": 2,
        "timeline": LINE,
        "host_id": "member-a",
        "host_term": 1,
        "media": MEDIA,
        "members": [MEMBER],
    },
    "welcome": {
        "type": "welcome",
        "version": 2,
        "clock_id": "clock-01",
        "stream_id": "stream-01",
        "member_id": "member-a",
        "role": "host",
        "host_term": 1,
    },
    "presence": {"type": "presence", "changed": [MEMBER]},
    "refused": {"type": "refused", "code": "internal", "message": "the moon is full"},
    "bye": {"type": "bye", "code": "internal", "message": "the moon is full", "reconnect": False},
}
NEUTRAL = {
    "event.event_type": "unknown",
    "event.media.kind": "file",
    "snapshot.media.kind": "file",
    "snapshot.members.0.role": "viewer",
    "snapshot.members.0.state": "idle",
    "welcome.role": "viewer",
    "presence.changed.0.role": "viewer",
    "presence.changed.0.state": "idle",
    "refused.code": "unknown",
    "bye.code": "unknown",
}
"""What is read in each place where the server says a word of a closed set."""


def at(value: Any, path: list[str]) -> Any:
    """What is at a path within a frame or a message."""
    for name in path:
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value)[name]
        else:
            value = value[int(name)] if name.isdigit() else getattr(value, name)
    return value


def with_new(place: str) -> tuple[dict[str, Any], list[str]]:
    """A frame with the new word in this place, and the way to it."""
    kind, *path = place.split(".")
    frame = json.loads(json.dumps(FRAMES[kind]))
    at(frame, path[:-1])[path[-1]] = NEW
    return frame, path


def places(found: msgspec.inspect.Type, path: str) -> Iterator[str]:
    """Where within a type there are words of a closed set."""
    match found:
        case msgspec.inspect.LiteralType():
            yield path
        case msgspec.inspect.StructType(fields=fields):
            for field in fields:
                yield from places(field.type, f"{path}.{field.encode_name}")
        case msgspec.inspect.UnionType(types=types):
            for part in types:
                yield from places(part, path)
        case msgspec.inspect.VarTupleType(item_type=item):
            yield from places(item, f"{path}.0")
        case _:
            pass


def test_every_closed_set_of_the_servers_messages_has_a_neutral_value() -> None:
    found = {
        place
        for kind in get_args(ServerMessage)
        for place in places(msgspec.inspect.type_info(kind), kind.__struct_config__.tag)
    }
    assert found == set(NEUTRAL)


@pytest.mark.parametrize("place", NEUTRAL)
def test_a_new_value_is_taken_for_the_neutral_one_and_nothing_else_is_changed(place: str) -> None:
    frame, path = with_new(place)
    known = decode_server(json.dumps(FRAMES[place.split(".")[0]]))
    message = decode_server(json.dumps(frame))
    assert at(message, path) == NEUTRAL[place]
    before, after = (msgspec.to_builtins(part) for part in (known, message))
    at(before, path[:-1])[path[-1]] = at(after, path[:-1])[path[-1]] = None
    assert after == before


def test_several_new_values_are_taken_at_once() -> None:
    frame = {**FRAMES["snapshot"], "media": {**MEDIA, "kind": NEW}}
    frame["members"] = [MEMBER, {**MEMBER, "role": NEW, "state": NEW}]
    message = decode_server(json.dumps(frame))
    assert isinstance(message, Snapshot)
    assert message.media is not None
    assert message.media.kind == "file"
    assert [(m.role, m.state) for m in message.members] == [("host", "playing"), ("viewer", "idle")]


def test_the_words_of_a_new_refusal_are_kept_with_what_is_to_be_done() -> None:
    refused, bye = (decode_server(json.dumps(with_new(f"{k}.code")[0])) for k in ("refused", "bye"))
    assert refused == Refusal("unknown", "the moon is full")
    assert bye == Bye("unknown", "the moon is full", reconnect=False)


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({**FRAMES["presence"], "changed": [{**MEMBER, "state": NEW, "rtt_ms": "x"}]}, "rtt_ms"),
        ({**FRAMES["presence"], "changed": [{**MEMBER, "state": 7}]}, "state"),
        ({**FRAMES["presence"], "changed": [7]}, "changed"),
        ({**FRAMES["presence"], "changed": 7}, "changed"),
        ({**FRAMES["event"], "media": 7}, "media"),
        ({**FRAMES["event"], "event_type": None}, "event_type"),
        ({"code": NEW}, "type"),
        ({"type": ["bye"], "code": NEW}, "type"),
    ],
)
def test_what_is_wrong_in_another_way_is_still_refused(frame: dict[str, Any], field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_server(json.dumps(frame))
    assert field in caught.value.field


def test_what_is_known_is_left_alone() -> None:
    for frame in FRAMES.values():
        message = json.loads(json.dumps(frame))
        assert not take_as_known(message)
        assert message == frame
    assert isinstance(decode_server(json.dumps(FRAMES["event"])), Event)
    assert isinstance(decode_server(json.dumps(FRAMES["presence"])), Presence)


def test_a_server_takes_no_new_value_from_a_seat() -> None:
    with pytest.raises(DecodeError):
        decode_client(json.dumps({"type": "report", "state": NEW}))
