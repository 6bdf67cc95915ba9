"""Frames of version 1, as its seats and servers sent them, mean today what they meant then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from protocol.wire.codec import decode_client, decode_server, encode
from protocol.wire.messages import Act, ClientMessage, EventType, RefusalCode, ServerMessage
from protocol.wire.versions import EVENT_SINCE, MESSAGE_SINCE

FRAMES = Path(__file__).parent / "frames_v1"
SEAT = (FRAMES / "seat.jsonl").read_text(encoding="utf-8").splitlines()
SERVER = (FRAMES / "server.jsonl").read_text(encoding="utf-8").splitlines()


def tags(union: Any) -> set[str]:
    """The words that stand for the members of a union on the wire."""
    return {kind.__struct_config__.tag for kind in get_args(union)}


def values(name: str) -> set[str]:
    """All that a field holds anywhere in the frames of the server."""
    return {tree[name] for tree in map(json.loads, SERVER) if name in tree}


@pytest.mark.parametrize("frame", SEAT)
def test_what_a_seat_of_version_1_says_is_read_and_written_alike(frame: str) -> None:
    assert json.loads(encode(decode_client(frame))) == json.loads(frame)


@pytest.mark.parametrize("frame", SERVER)
def test_what_a_server_of_version_1_says_is_read_and_written_alike(frame: str) -> None:
    assert json.loads(encode(decode_server(frame))) == json.loads(frame)


def test_every_type_of_version_1_is_among_the_frames() -> None:
    assert {json.loads(frame)["type"] for frame in SEAT} == tags(ClientMessage)
    newer = {kind.__struct_config__.tag for kind in MESSAGE_SINCE}
    assert values("type") == tags(ServerMessage) - newer
    acts = {json.loads(frame).get("act", {}).get("do") for frame in SEAT} - {None}
    assert acts == tags(Act)
    assert values("event_type") == set(get_args(EventType)) - {"unknown"} - set(EVENT_SINCE)
    refusals = {json.loads(frame)["code"] for frame in SERVER if '"refused"' in frame}
    assert refusals == set(get_args(RefusalCode))
