"""A letter acts as the key it lies on."""

# ruff: noqa: RUF001

from __future__ import annotations

import pytest

from tui.actions import ACTIONS, mpv_keys
from tui.keyboard_layouts import KEYS, LAYOUTS, Layout, LayoutReader, language_of, letters_for


def keys_of(typed: str, language: str = "") -> str:
    reader = LayoutReader(language)
    return "".join(map(reader.key_of, typed))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_letter_of_a_layout_is_its_key_to_who_writes_that_language(layout: Layout) -> None:
    for letter, key in zip(layout.written, KEYS, strict=True):
        if letter.isalpha() and not letter.isascii() and layout.written.count(letter) == 1:
            assert LayoutReader(layout.languages[0]).key_of(letter) == key


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("йцукен", "qwerty"),
        ("хъ", "[]"),
        ("Й", "Q"),
        ("κρ", "kr"),
        ("ף", ";"),
        ("ض", "q"),
        ("ㅂ", "q"),
        ("ｑ９", "q9"),
        ("٩۰", "90"),
        ("qЙq", "qQq"),
        ("漢", "漢"),
        ("\ufffd", "\ufffd"),
    ],
)
def test_a_letter_is_the_key_it_lies_on(typed: str, keys: str) -> None:
    assert keys_of(typed) == keys


def test_a_mark_is_a_letter_s_key_only_to_who_writes_in_such_letters() -> None:
    assert keys_of(";/") == ";/"
    assert keys_of("κ;") == "kq"
    assert keys_of("ש/") == "aq"
    assert keys_of("κq;") == "kq;"


def test_of_two_layouts_the_person_s_own_is_meant_or_the_one_in_use() -> None:
    assert keys_of("у") == "e"
    assert keys_of("у", "bg") == "w"
    assert keys_of("з") == "p"
    assert keys_of("љз") == "qy"


def test_a_layout_with_our_letters_counts_for_its_own_language_alone() -> None:
    assert keys_of("ü", "de") == "["
    assert keys_of("ü", "tr") == "]"
    assert keys_of("çà", "fr") == "90"
    assert keys_of("ü") == "ü"
    assert keys_of("q", "fr") == "q"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LC_ALL": "el", "LANG": "ru_RU"}, "el"),
        ({"LC_CTYPE": "he_IL@x"}, "he"),
        ({"LANG": "C.UTF-8"}, "c"),
        ({"LANG": "\udcff.x"}, ""),
        ({}, ""),
    ],
)
def test_the_language_is_the_locale_s(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_in_the_window_every_letter_does_what_its_key_does_and_keys_stay_what_they_are() -> None:
    lines = {binding.key: binding.line for binding in mpv_keys()}
    assert len(lines) == len(mpv_keys())
    for letter, key in letters_for("").items():
        assert lines.get(letter) == lines.get(key)
    for action in ACTIONS:
        for key in action.mpv_keys:
            assert key in lines
    assert lines["й"] == "quit"
    bulgarian = {binding.key: binding.line for binding in mpv_keys("bg")}
    assert (lines["х"], bulgarian["х"]) == (lines["["], lines["n"])
