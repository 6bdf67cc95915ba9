"""One function for each parser of what people and the network give a seat besides frames.

Each takes any text, and raises only when a promise is broken.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import msgspec

from player.api.intent_parser import parse_intent
from player.api.intents import Seek, SeekBy
from protocol.exceptions import DecodeError, InviteError
from protocol.text import TITLE_CELLS, cell_width, clean_text
from protocol.wire.invite import parse_invite, parse_server
from tui.text.times import parse_go_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LENGTH: Final = 5400.0
WEEK: Final = 604_800.0


def line_typed(text: str) -> None:
    """Lines on standard input: intents, or a `DecodeError` in words."""
    for line in text.split("\n"):
        try:
            intent = parse_intent(line)
        except DecodeError:
            continue
        else:
            # As a program would ask for the same.
            assert parse_intent(msgspec.json.encode(intent).decode()) == intent


def invite_pasted(text: str) -> None:
    """An invite or a server's address: read, or refused in words."""
    try:
        invite = parse_invite(text)
    except InviteError:
        pass
    else:
        assert parse_server(invite.server) == invite.server
    try:
        server = parse_server(text)
    except InviteError:
        pass
    else:
        assert parse_server(server) == server


def time_typed(text: str) -> None:
    """A time to go to: within a week, or refused in words."""
    for duration in (None, LENGTH):
        try:
            wanted = parse_go_to(text, duration)
        except ValueError:
            continue
        match wanted:
            case Seek(position=position):
                assert 0.0 <= position <= (WEEK if duration is None else duration)
            case SeekBy(offset=offset):
                assert abs(offset) <= WEEK


def text_shown(text: str) -> None:
    """A title from others: one line that fits, without anything that a terminal obeys."""
    shown = clean_text(text, TITLE_CELLS)
    assert len(shown) <= TITLE_CELLS
    assert sum(map(cell_width, shown)) <= TITLE_CELLS
    joiners = "\u200c\u200d"
    assert not [c for c in shown if unicodedata.category(c)[0] == "C" and c not in joiners]
    assert clean_text(shown, TITLE_CELLS) == shown


PARSERS: Final[Mapping[str, Callable[[str], None]]] = {
    "line": line_typed,
    "invite": invite_pasted,
    "time": time_typed,
    "text": text_shown,
}
