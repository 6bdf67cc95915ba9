"""What `protocol.text` leaves of text from others."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.text import cell_width, clean_text, readable


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Ana", "Ana"),
        ("  two\twords\r\n ", "two words"),
        ("\x1b]52;c;aGk=\x07\x1b[31mred", "]52;c;aGk=[31mred"),
        ("\x9b31m", "31m"),
        ("\u202egnp.exe\u2069", "gnp.exe"),
        ("a\U000e0041b", "ab"),
        ("a\ufeff\u00adb\ue000c\U0010ffff", "abc"),
        ("\ud800", ""),
        ("\u3164 \u2800\u115f", ""),
        ("\u2028next", "next"),
        ("[/][@click=app.quit] ${path} {\\b1}", "[/][@click=app.quit] ${path} {\\b1}"),
        ("e\u0301", "\u00e9"),
        ("\u0301\u0301", ""),
        ("a \u0301", "a"),
        ("z" + "\u0335" * 40, "z" + "\u0335" * 3),
        ("z" + "\u0335" * 3 + "\x1a" + "\u0335" * 3, "z" + "\u0335" * 3),
        ("\u0646\u0627\u0645\u200c\u0647\u0627", "\u0646\u0627\u0645\u200c\u0647\u0627"),
        ("\u200da\u200d\u200db\u200d", "a\u200db"),
        ("e\u202e\u0301", "\u00e9"),
    ],
)
def test_text_is_what_it_looks_like(text: str, clean: str) -> None:
    assert clean_text(text, 80) == clean


def test_a_cut_is_marked_and_keeps_within_the_cells() -> None:
    assert clean_text("abcdef", 6) == "abcdef"
    assert clean_text("abcdefg", 6) == "abcde…"
    assert clean_text("日本日本", 8) == "日本日本"
    assert clean_text("日本日本", 6) == "日本…"
    assert clean_text("ab   cdefgh", 4) == "ab…"


def test_marks_that_take_no_cell_are_bounded_by_their_number() -> None:
    assert len(clean_text("a\u0335\u0336\u0337" * 20, 30)) <= 30


@pytest.mark.parametrize(
    ("character", "cells"),
    [("a", 1), ("日", 2), ("\u0335", 0), ("\u200d", 0), ("\ufe0f", 1), ("👩", 2), ("ｱ", 1)],
)
def test_cells(character: str, cells: int) -> None:
    assert cell_width(character) == cells


@given(st.text(), st.integers(2, 40))
def test_any_text_becomes_one_bounded_line_for_good(text: str, cells: int) -> None:
    clean = clean_text(text, cells)
    assert len(clean) <= cells
    assert sum(map(cell_width, clean)) <= cells
    assert clean == clean.strip()
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") for c in clean)
    assert clean_text(clean, cells) == clean


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ana", "Ana"),
        ("café", "café"),
        ("caf\udce9", "caf\ufffd"),
        ("caf\udcc3\udca9", "café"),
        ("\ud800", "\ufffd\ufffd\ufffd"),
    ],
)
def test_bytes_that_no_decoder_knew_are_read_as_utf_8_or_shown_as_unknown(
    text: str, shown: str
) -> None:
    assert readable(text) == shown
