"""Texts: what the dialer answers from memory: lists and subtitles that the seat made or fetched."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

TEXT_HOST: Final = "texts.invalid"
"""A host that nobody has: requests for it end at the dialer."""
MAX_TEXT: Final = 32 * 1024 * 1024
_FROM: Final = re.compile(r"bytes=([0-9]{1,18})-")
_RANGE: Final = re.compile(r"bytes=([0-9]{1,12})-([0-9]{0,12})")


class Text(msgspec.Struct, frozen=True):
    """A text and the item that may ask for it."""

    item: int
    content: bytes
    content_type: str


def path_of(url: str) -> str:
    """Under what a text's address keeps it."""
    return urlsplit(url).path


def answer(text: Text | None, method: str, wanted_range: str) -> bytes:
    """The whole response to a request for ``text``, as it is sent."""
    if text is None:
        return response(404, "Dialer: there is no such text")
    size = len(text.content)
    first, end, status = 0, size, "200 OK"
    fields = [
        f"Content-Type: {text.content_type}",
        "Accept-Ranges: bytes",
        "Cache-Control: no-store",
    ]
    found = _RANGE.fullmatch(wanted_range)
    if found is not None:
        first = int(found[1])
        if first >= size:
            return response(416, "Dialer: the text is shorter")
        end = min(size, int(found[2]) + 1) if found[2] else size
        status = "206 Partial Content"
        fields.append(f"Content-Range: bytes {first}-{max(first, end) - 1}/{size}")
    content = text.content[first:end]
    head = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(content)}", "Connection: close"]
    body = b"" if method == "HEAD" else content
    return "\r\n".join((*head, "", "")).encode("latin-1") + body


def challenge(wanted_range: str) -> bytes:
    """The response to who has not said the secret; ``wanted_range`` is what was asked for."""
    fields = ['Proxy-Authenticate: Basic realm="seat"']
    found = _FROM.match(wanted_range)
    if found is not None:
        # Where this answer is not for the place that it asked for, libavformat gives up.
        fields.append(f"Content-Range: bytes {found[1]}-{found[1]}/*")
    return response(407, "Dialer: this proxy has one user", *fields)


def response(status: int, reason: str, *fields: str) -> bytes:
    """A response without a body; ``reason`` stands where players log it."""
    words = reason.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
    head = [f"HTTP/1.1 {status} {words[:400]}", *fields, "Content-Length: 0", "Connection: close"]
    return "\r\n".join((*head, "", "")).encode("ascii")
