"""Lines of a seat: as they came and as what they mean."""

from __future__ import annotations

from typing import Final, NamedTuple, cast

import msgspec

from player.api import views
from player.api.line_codec import encode_line
from protocol.text import clean_text
from tui.text.remedies import in_words

_TEXT_CELLS: Final = 2048
"""The longest text there is, an address."""
_decoder: Final[msgspec.json.Decoder[views.AnyView]] = msgspec.json.Decoder(views.AnyView)


class SeatLine(NamedTuple):
    """One line of a seat, as text and as what it means; remedies are in words."""

    text: bytes
    """As it came but for a remedy; without the end of the line."""
    view: views.AnyView | None
    """None for a line that this face does not know."""


def line_of(view: views.AnyView) -> SeatLine:
    """A line of our own, as a seat would say it."""
    return SeatLine(encode_line(view), view)


def decode_line(text: bytes) -> SeatLine:
    """One line of a seat, its texts fit to be shown; unknown lines have no view.

    Names, titles and chat come from others, and a terminal obeys what it is sent.
    """
    try:
        if text.isascii() and b"\\" not in text:
            view = _decoder.decode(text)
        else:
            view = msgspec.convert(_cleaned(msgspec.json.decode(text)), views.AnyView)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return SeatLine(text, None)
    told = in_words(view)
    return SeatLine(text if told is view else encode_line(told), told)


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value, _TEXT_CELLS)
    if isinstance(value, list):
        return [_cleaned(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in cast("dict[str, object]", value).items()}
    return value
