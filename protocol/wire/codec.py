"""Codec: text to message and back; what comes in is checked to the last field.

The standard library's scanner is used for what msgspec's does not tell (duplicate keys,
infinities, the sign of zero), and msgspec for the types and bounds of every field.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, TypeVar, cast, get_args

import msgspec

from protocol.exceptions import DecodeError
from protocol.wire.closed_sets import take_as_known
from protocol.wire.messages import (
    MAX_MESSAGE_BYTES,
    ClientMessage,
    Hello,
    ServerMessage,
    Unknown,
)

MAX_SERVER_MESSAGE_BYTES: Final = 1024 * 1024
"""What a server sends may be larger, since a snapshot lists every member."""
MAX_DEPTH: Final = 6
"""Of objects and arrays within each other; no message needs more than 4."""

_Message = TypeVar("_Message")

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"?')
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")
_MAX_DIGITS: Final = 20

_SERVER_TYPES: Final = {kind.__struct_config__.tag for kind in get_args(ServerMessage)}
_encoder: Final = msgspec.json.Encoder()


def encode(message: ClientMessage | ServerMessage | Unknown) -> str:
    """One line of JSON."""
    return _encoder.encode(message).decode()


def decode_client(text: str) -> ClientMessage:
    """Read what a seat sent.

    Raises:
        DecodeError: not a message; ``field`` says where.
    """
    return _convert(_parse(text, MAX_MESSAGE_BYTES), ClientMessage)


def decode_server(text: str) -> ServerMessage | Unknown:
    """Read what the server sent; a newer one's types and values are no mistake of its.

    Raises:
        DecodeError: not a message; ``field`` says where.
    """
    tree = _parse(text, MAX_SERVER_MESSAGE_BYTES)
    kind = tree.get("type")
    if isinstance(kind, str) and kind not in _SERVER_TYPES:
        return Unknown()
    try:
        return _convert(tree, ServerMessage)
    except DecodeError:
        if not take_as_known(tree):
            raise
    return _convert(tree, ServerMessage)


class _Versions(msgspec.Struct):
    version_min: int = 0
    version_max: int = 0


def offered_versions(text: str) -> tuple[int, int] | None:
    """The versions that a hello offers, however strange the rest of it is; None for no hello.

    A peer of another age may say hello in a shape that `decode_client` cannot read, and is
    owed an answer about versions all the same. (0, 0) stands for none named.
    """
    try:
        tree = _parse(text, MAX_MESSAGE_BYTES)
        if tree.get("type") != Hello.__struct_config__.tag:
            return None
        versions = msgspec.convert(tree, _Versions)
    except (DecodeError, msgspec.ValidationError):
        return None
    return versions.version_min, versions.version_max


def _parse(text: str, limit: int) -> dict[str, Any]:
    """A tree of plain values without anything that JSON's readers disagree about."""
    # The number of characters bounds the bytes from below: nothing large is encoded.
    if len(text) > limit or len(text.encode(errors="replace")) > limit:
        raise DecodeError("bad_message", "", f"longer than {limit} bytes")
    if _depth(text) > MAX_DEPTH:
        raise DecodeError("bad_message", "", f"nested deeper than {MAX_DEPTH}")
    try:
        tree: object = _decoder.decode(text)
    except ValueError:
        raise DecodeError("bad_message", "", "not JSON") from None
    if not isinstance(tree, dict):
        raise DecodeError("bad_message", "", "not a JSON object")
    found = cast("dict[str, Any]", tree)
    _check(found, "")
    return found


def _depth(text: str) -> int:
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DecodeError("bad_message", "", "a key stands twice in one object")
    return found


def _integer(digits: str) -> float:
    # Reading thousands of digits takes quadratic time; no field has room for 20.
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _float(digits: str) -> float:
    # Adding zero turns -0.0 into 0.0, which compares and prints like any other start.
    return float(digits) + 0.0


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float
)


def _check(value: object, path: str) -> None:
    """Refuse numbers and text that no field may hold, whatever its type."""
    match value:
        case str():
            if _UNFIT.search(value):
                raise DecodeError("bad_message", path, "has a character that text cannot have")
        case float():
            if not math.isfinite(value):
                raise DecodeError("invalid_field", path, "not a finite number")
        case dict():
            for key, part in cast("dict[str, object]", value).items():
                # A long key is somebody else's text: it is not repeated to anybody.
                _check(key, path)
                _check(part, f"{path}.{key}"[:80] if path else key[:80])
        case list():
            for part in cast("list[object]", value):
                _check(part, path)
        case _:
            pass


def _convert(tree: dict[str, Any], kind: type[_Message] | object) -> _Message:
    try:
        return msgspec.convert(tree, cast("type[_Message]", kind))
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        message = message[:120]
    field = path.rstrip("`").replace("[...]", "")
    missing = re.fullmatch(r"Object missing required field `(\w+)`", message)
    if missing:
        field = f"{field}.{missing[1]}" if field else missing[1]
        message = "is missing"
    # An unknown type is no message at all; any other field belongs to one that is known.
    code = "bad_message" if field == "type" else "invalid_field"
    raise DecodeError(code, field, message)
