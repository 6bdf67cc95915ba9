"""Text to message and back; what comes in is checked to the last field."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from protocol.exceptions import DecodeError
from protocol.messages import MAX_MESSAGE_BYTES, ClientMessage, ServerMessage

_T = TypeVar("_T")

_encoder: Final = msgspec.json.Encoder()
_client_decoder: Final = msgspec.json.Decoder(ClientMessage)
_server_decoder: Final = msgspec.json.Decoder(ServerMessage)


def encode(message: ClientMessage | ServerMessage) -> str:
    """One line of JSON."""
    return _encoder.encode(message).decode()


def decode_client(text: str) -> ClientMessage:
    """Read what a seat sent.

    Raises:
        DecodeError: not a message; ``field`` says where.
    """
    return _decode(_client_decoder, text, MAX_MESSAGE_BYTES)


def decode_server(text: str) -> ServerMessage:
    """Read what the server sent; it may be larger, since a snapshot lists every member.

    Raises:
        DecodeError: not a message; ``field`` says where.
    """
    return _decode(_server_decoder, text, MAX_SERVER_MESSAGE_BYTES)


MAX_SERVER_MESSAGE_BYTES: Final = 1024 * 1024


def _decode(decoder: msgspec.json.Decoder[_T], text: str, limit: int) -> _T:
    if len(text) > limit:
        raise DecodeError("bad_message", "", f"longer than {limit} bytes")
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise DecodeError("invalid_field", path.rstrip("`"), message) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise DecodeError("bad_message", "", str(error)) from None
