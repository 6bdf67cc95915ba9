"""A seat's lines are understood, and are fit to be shown."""

from __future__ import annotations

import json

import msgspec

from player.api import views
from tui.processes.seat_lines import SeatLine, decode_line


def test_a_line_of_a_newer_seat_is_kept_and_not_understood() -> None:
    assert decode_line(b'{"event":"fireworks"}') == SeatLine(b'{"event":"fireworks"}', None)
    assert decode_line(b"not json").view is None


def test_texts_from_others_cannot_speak_to_the_terminal() -> None:
    nasty = "a\x1b]52;c;eHg=\x07b\u202ec[/]"
    text = msgspec.json.encode(views.ChatLine(name="\x1b[2JAna", text=nasty))
    line = decode_line(text)
    assert line.text == text
    assert isinstance(line.view, views.ChatLine)
    assert line.view.text == "a]52;c;eHg=bc[/]"
    assert line.view.name == "[2JAna"


def test_a_remedy_reaches_every_face_in_words_and_with_its_code() -> None:
    there = views.ErrorLine(code="player", message="it broke", remedy_code="try_again")
    line = decode_line(msgspec.json.encode(there))
    told = json.loads(line.text)
    assert (told["message"], told["remedy"]) == ("it broke", "say resync (r) to try again")
    assert told["remedy_code"] == "try_again"
    assert line.view == msgspec.structs.replace(there, remedy="say resync (r) to try again")


def test_a_line_without_a_remedy_s_code_is_handed_on_as_it_came() -> None:
    text = b'{ "event":"notice", "message":"x", "from_2031":1 }'
    assert decode_line(text).text == text
