"""Bytes of a terminal become keys, or nothing."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from tui.screen.driver import KeyReader

PASTE, PASTE_END = b"\x1b[200~", b"\x1b[201~"


def keys_of(reader: KeyReader, *blocks: bytes) -> list[str]:
    return [
        message.key
        for block in blocks
        for message in reader.feed(block)
        if isinstance(message, events.Key)
    ]


def pasted(reader: KeyReader, *blocks: bytes) -> list[str]:
    return [
        message.text
        for block in blocks
        for message in reader.feed(block)
        if isinstance(message, events.Paste)
    ]


def test_a_letter_is_a_key_however_its_bytes_are_cut() -> None:
    assert keys_of(KeyReader(), "й".encode()[:1], "й".encode()[1:], b"q") == ["й", "q"]


def test_after_any_byte_and_any_two_the_next_key_is_heard() -> None:
    for first, second in itertools.product(range(256), repeat=2):
        if 0x1B not in (first, second):
            assert keys_of(KeyReader(), bytes([first, second]), b"q")[-1:] == ["q"]


@pytest.mark.parametrize(
    "sequence", [b"\x1b[99999999999u", b"\x1b[97:65;1u", b"\x1b[1;1:2u", b"\x1b[55296u"]
)
def test_a_sequence_that_makes_no_sense_costs_only_itself(sequence: bytes) -> None:
    keys = keys_of(KeyReader(), sequence + b"q")
    assert keys[-1] == "q"
    assert all(key.encode().decode() == key for key in keys)


@given(st.lists(st.binary(max_size=12), max_size=20))
def test_whatever_is_read_is_text_that_can_be_shown(blocks: list[bytes]) -> None:
    reader = KeyReader()
    for block in blocks:
        for message in [*reader.feed(block), *reader.tick()]:
            if isinstance(message, events.Key):
                assert (message.character or "").encode() is not None
            elif isinstance(message, events.Paste):
                assert message.text.encode() is not None


def test_a_paste_is_text_without_what_a_terminal_obeys() -> None:
    text = "a\tb\r\nc\x9b31m\x07👩\u200d👩".encode() + b"\xe9"
    assert pasted(KeyReader(), PASTE + text + PASTE_END + b"q") == ["a\tb\r\nc31m👩\u200d👩\ufffd"]


def test_a_paste_whose_end_was_lost_ends_with_the_next_key_after_a_pause() -> None:
    reader = KeyReader()
    assert keys_of(reader, PASTE[:4], PASTE[4:] + b"text", b"q") == []
    for _ in range(20):
        list(reader.tick())
    assert keys_of(reader, b"q") == ["q"]


def test_a_paste_that_comes_slowly_is_still_one() -> None:
    reader = KeyReader()
    assert pasted(reader, PASTE + b"a") == []
    for _ in range(40):
        list(reader.tick())
    assert keys_of(reader, b"b" * 40) == []
    assert pasted(reader, PASTE_END) == ["a" + "b" * 40]
