"""Request headers: what the look at an address and the player say of themselves, alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

USER_AGENT: Final = "Mozilla/5.0"
"""Many servers turn everything else away, and some bind an address to who asked for it."""


_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class RequestHeaders(msgspec.Struct, frozen=True):
    """What a person wants to be said with every request for a film."""

    user_agent: str = USER_AGENT
    referrer: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    def as_mapping(self) -> dict[str, str]:
        """The same as header fields."""
        headers = {"User-Agent": self.user_agent}
        if self.referrer:
            headers["Referer"] = self.referrer
        return {**headers, **dict(self.fields)}


def headers_of(options: Iterable[tuple[str, str]]) -> RequestHeaders:
    """What a person's options for mpv say of it."""
    user_agent, referrer = USER_AGENT, ""
    fields: list[tuple[str, str]] = []
    for key, value in options:
        match key.lstrip("-").replace("_", "-"):
            case "user-agent":
                user_agent = _plain(value)
            case "referrer":
                referrer = _plain(value)
            case "http-header-fields" | "http-header-fields-set":
                fields = _fields(value)
            case "http-header-fields-add":
                fields += _fields(value)
            case "http-header-fields-append":
                fields += _field(value)
            case _:
                pass
    return RequestHeaders(user_agent, referrer, tuple(fields))


def _fields(value: str) -> list[tuple[str, str]]:
    """mpv's list: commas between, a backslash before one that is none."""
    parts, part, escaped = [""], 0, False
    for character in value:
        if escaped or character not in ",\\":
            parts[part] += character
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append("")
            part += 1
    return [field for text in parts for field in _field(text)]


def _field(text: str) -> list[tuple[str, str]]:
    name, mark, value = text.partition(":")
    if not mark or not _NAME.fullmatch(name.strip()) or _plain(text) != text:
        return []
    return [(name.strip(), value.strip())]


def _plain(value: str) -> str:
    """Without what would end the field."""
    return "".join(character for character in value if character >= " " and character != "\x7f")
