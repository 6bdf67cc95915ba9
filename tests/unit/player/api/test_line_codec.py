"""Lines are UTF-8, whatever is put into them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from player.api import views
from player.api.config import SeatConfig
from player.api.line_codec import decode_typed, encode_line


def test_a_line_is_what_the_value_says() -> None:
    line = encode_line(views.Notice(message="café"))
    assert json.loads(line)["message"] == "café"


def test_what_no_line_can_carry_is_replaced_and_the_rest_stays() -> None:
    config = SeatConfig(
        role="host",
        name="caf\udce9",
        instance_id="one",
        server="",
        media=("/films/a.mp4",),
        mpv=(("title", "\udcff"),),
        trim_ms=5.0,
    )
    told = json.loads(encode_line(config).decode())
    assert (told["name"], told["media"], told["mpv"]) == (
        "caf\ufffd",
        ["/films/a.mp4"],
        [["title", "\ufffd"]],
    )
    assert told["trim_ms"] == 5.0


@given(st.text(st.characters(codec=None, categories=None)))
def test_any_text_makes_a_line_of_utf_8(text: str) -> None:
    assert json.loads(encode_line({text: [text]}).decode())


@given(st.binary())
def test_any_bytes_are_a_line_that_can_be_read(raw: bytes) -> None:
    assert decode_typed(raw).encode("utf-8", "surrogateescape") == raw.removeprefix(b"\xef\xbb\xbf")
