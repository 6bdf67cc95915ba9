"""Frames of version 1, as its seats and servers sent them, mean today what they meant then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast, get_args

import msgspec
import pytest

from protocol.wire.codec import decode_client, decode_server, encode
from protocol.wire.messages import Act, ClientMessage, EventType, RefusalCode, ServerMessage
from protocol.wire.versions import EVENT_SINCE

FRAMES = Path(__file__).parent / "frames_v1"
"""Each line holds a frame and all that version 1 read from it, defaults included."""
SEAT = (FRAMES / "seat.jsonl").read_text(encoding="utf-8").splitlines()
SERVER = (FRAMES / "server.jsonl").read_text(encoding="utf-8").splitlines()


def frames(lines: list[str]) -> list[dict[str, Any]]:
    """The frames alone."""
    return [json.loads(line)["frame"] for line in lines]


def tags(union: Any) -> set[str]:
    """The words that stand for the members of a union, of those that version 1 had."""
    return {kind.__struct_config__.tag for kind in get_args(union) if kind.since == 1}


def values(name: str) -> set[str]:
    """All that a field holds anywhere in the frames of the server."""
    return {tree[name] for tree in frames(SERVER) if name in tree}


def whole(value: Any) -> Any:
    """A message with every field, also those that are as they are when left out."""
    if isinstance(value, msgspec.Struct):
        return {name: whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [whole(part) for part in cast("tuple[object, ...]", value)]
    return value


def holds(means: Any, meant: Any) -> bool:
    """Whether all that was meant is still meant; a field that came later may be there."""
    match meant:
        case dict():
            fields = cast("dict[str, Any]", meant)
            return all(name in means and holds(means[name], fields[name]) for name in fields)
        case list():
            parts = cast("list[Any]", meant)
            return len(means) == len(parts) and all(map(holds, means, parts))
        case _:
            return bool(means == meant)


@pytest.mark.parametrize("line", SEAT)
def test_what_a_seat_of_version_1_says_means_what_it_meant(line: str) -> None:
    kept = json.loads(line)
    message = decode_client(json.dumps(kept["frame"]))
    assert holds(whole(message), kept["means"])
    assert json.loads(encode(message)) == kept["frame"]


@pytest.mark.parametrize("line", SERVER)
def test_what_a_server_of_version_1_says_means_what_it_meant(line: str) -> None:
    kept = json.loads(line)
    message = decode_server(json.dumps(kept["frame"]))
    assert holds(whole(message), kept["means"])
    assert json.loads(encode(message)) == kept["frame"]


def test_every_type_of_version_1_is_among_the_frames() -> None:
    assert {frame["type"] for frame in frames(SEAT)} == tags(ClientMessage)
    assert values("type") == tags(ServerMessage)
    acts = {frame.get("act", {}).get("do") for frame in frames(SEAT)} - {None}
    assert acts == tags(Act)
    assert values("event_type") == set(get_args(EventType)) - {"unknown"} - set(EVENT_SINCE)
    refusals = {frame["code"] for frame in frames(SERVER) if frame["type"] == "refused"}
    assert refusals == set(get_args(RefusalCode)) - {"unknown"}
