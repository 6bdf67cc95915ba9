"""Intent parser: reads the lines on a seat's standard input.

Two spellings of one thing: words (``seek 240``) for people, JSON objects
(``{"intent":"seek","position":240}``) for programs.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Final

import msgspec

from player.api.intents import WORDS, AnyIntent, arguments_of
from player.api.local_path import media_text
from protocol.exceptions import DecodeError
from protocol.text import raw_bytes, readable

if TYPE_CHECKING:
    from msgspec.structs import FieldInfo

_EXAMPLE: Final = "play, pause, seek 240, rate 1.25, resync, say hi, quit"

_decoder: Final = msgspec.json.Decoder(AnyIntent)


def parse_intent(line: str) -> AnyIntent:
    """Read one line, words or a JSON object; a time may be 240, 4:00 or 0:04:00.

    Raises:
        DecodeError: says which word or field is wrong and how it is written.
    """
    line = line.strip()
    word, _, rest = line.partition(" ")
    name = word.lower()
    kind = WORDS.get(name)
    if kind is not None and kind.names_file:
        rest = media_text(raw_bytes(rest))
    elif readable(line) != line:
        raise DecodeError("bad_message", "", "the line is not UTF-8: write it so")
    if line.startswith("{"):
        return _decode(line)
    if kind is None:
        raise DecodeError(
            "bad_message", "intent", f"{word[:40]!r} is not a command; try {_EXAMPLE}"
        )
    values = _values(name, arguments_of(kind), rest.strip())
    return _decode(msgspec.json.encode({"intent": name, **values}).decode())


def _values(name: str, arguments: tuple[FieldInfo, ...], rest: str) -> dict[str, object]:
    """What the words after ``name`` fill."""
    if rest and not arguments:
        raise DecodeError("invalid_field", name, f"{name} stands alone, without more words")
    texts = rest.split(None, len(arguments) - 1) if rest else []
    for argument in arguments[len(texts) :]:
        if argument.required:
            field = argument.encode_name
            raise DecodeError("invalid_field", field, f"{name} needs one more word, its {field}")
    return {
        argument.encode_name: _value(argument, text.strip(), name)
        for argument, text in zip(arguments, texts, strict=False)
    }


def _value(argument: FieldInfo, text: str, name: str) -> object:
    kind = msgspec.inspect.type_info(argument.type)
    if isinstance(kind, msgspec.inspect.BoolType):
        return _switch(text, name)
    if isinstance(kind, msgspec.inspect.StrType | msgspec.inspect.LiteralType):
        return text
    return _number(text, argument.encode_name)


def _decode(text: str) -> AnyIntent:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`") or "intent"
        raise DecodeError("invalid_field", field, _in_words(field, message)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise DecodeError("bad_message", "", f"not a JSON object ({error})") from None


_WANTED: Final = re.compile(
    r"Expected `(?P<kind>\w+)`(?: of length)?"
    r"(?: (?P<bound>[<>]=) (?P<limit>[\d.]+)|, got `\w+`)?"
)
_KINDS: Final = {"float": "a number", "int": "a whole number", "str": "text"}


def _in_words(field: str, message: str) -> str:
    """What is wrong with ``field``, without a validator's words."""
    wanted = _WANTED.fullmatch(message)
    if wanted is None:
        return message
    if wanted["bound"]:
        bound = "at most" if wanted["bound"] == "<=" else "at least"
        unit = " characters" if wanted["kind"] == "str" else ""
        return f"{field} must be {bound} {wanted['limit'].removesuffix('.0')}{unit}"
    return f"{field} must be {_KINDS.get(wanted['kind'], wanted['kind'])}"


def _switch(text: str, field: str) -> bool:
    match text.lower():
        case "on":
            return True
        case "off":
            return False
        case _:
            raise DecodeError("invalid_field", field, f"{field} is on or off, not {text[:40]!r}")


def _number(text: str, field: str) -> float:
    sign = -1.0 if text.startswith("-") else 1.0
    parts = text.lstrip("+-").split(":")
    seconds = 0.0
    try:
        if len(parts) > 3 or (
            len(parts) > 1 and not all(p.isascii() and p[:1].isdigit() for p in parts)
        ):
            raise ValueError
        for part in parts:
            seconds = seconds * 60 + float(part)
    except ValueError:
        raise DecodeError(
            "invalid_field", field, f"{text[:40]!r} is not a number or a time like 4:00"
        ) from None
    if not isfinite(seconds):
        raise DecodeError("invalid_field", field, f"{text[:40]!r} is not a finite number")
    value = sign * seconds
    return int(value) if value.is_integer() else value
