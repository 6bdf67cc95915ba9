"""Line codec: a configuration, an intent or a view as one JSON line, and bytes from outside as
text.
"""

from __future__ import annotations

from typing import Final, cast

import msgspec

from protocol.text import readable

_encoder: Final = msgspec.json.Encoder()


def encode_line(value: object) -> bytes:
    """``value`` as a line without its end; what no line can carry stands there as U+FFFD."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_readable(msgspec.to_builtins(value)))


def decode_typed(line: bytes) -> str:
    """A line that a person or a program has written: UTF-8, other bytes as Python keeps them in
    the names of files.
    """
    return line.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def _readable(value: object) -> object:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list | tuple):
        return [_readable(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {readable(key): _readable(item) for key, item in fields.items()}
    return value
