"""Text from others, made fit to be shown in a terminal, in mpv and in a log."""

from __future__ import annotations

import unicodedata
from typing import Final

NAME_CELLS: Final = 32
TITLE_CELLS: Final = 200
CHAT_CELLS: Final = 500
REASON_CELLS: Final = 200

UNKNOWN: Final = "\ufffd"
"""Stands for bytes that are no text."""

MAX_MARKS: Final = 3
"""Combining marks on one character; living scripts need no more."""

_JOINERS: Final = "\u200c\u200d"
"""Between letters and emoji they change the shape of words; at an edge they only hide."""
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Look like nothing, yet count as letters."""
_MARKS: Final = frozenset({"Mn", "Me"})
_WIDE: Final = frozenset({"W", "F"})
_EMOJI_STYLE: Final = "\ufe0f"


def clean_text(text: str, cells: int) -> str:
    """``text`` as one line that is what it looks like, at most ``cells`` wide and long.

    Composed (NFC); without control, format, private and unassigned characters, direction
    overrides and tags; any run of white space is one space. A cut is marked with an
    ellipsis.
    """
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in _MARKS:
            marks += 1
            if marks <= MAX_MARKS and kept and kept[-1] != " ":
                kept.append(character)
        elif character in _JOINERS:
            if kept and kept[-1] != " " and kept[-1] not in _JOINERS:
                kept.append(character)
        # Cc before the rest: a tab or a line's end still parts two words.
        elif character.isspace() or character in _BLANK:
            if kept and kept[-1] != " ":
                kept.append(" ")
        elif category[0] != "C":
            # What is taken out parts no marks.
            marks = 0
            kept.append(character)
    # What was taken out may have kept a letter and its mark apart.
    return _cut(unicodedata.normalize("NFC", "".join(kept).strip(" " + _JOINERS)), cells)


def readable(text: str) -> str:
    """``text`` as Unicode has it: bytes that no decoder knew are read as UTF-8, or as U+FFFD."""
    return text if text.isascii() else raw_bytes(text).decode("utf-8", "replace")


def raw_bytes(text: str) -> bytes:
    """The bytes that ``text`` was read from, those among them that are no UTF-8 as well."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def cell_width(character: str) -> int:
    """Columns that a terminal gives to ``character``; where they differ, the larger one."""
    if character == _EMOJI_STYLE:
        return 1
    if character in _JOINERS or unicodedata.category(character) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _cut(text: str, cells: int) -> str:
    # A mark takes no cell, yet bytes and time: the number of characters is held as well.
    if len(text) <= cells and sum(map(cell_width, text)) <= cells:
        return text
    width = index = 0
    while index < cells - 1 and width + cell_width(text[index]) < cells:
        width += cell_width(text[index])
        index += 1
    return text[:index].rstrip(" " + _JOINERS) + "…"
