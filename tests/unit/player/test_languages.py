"""How a language is known, however a film or a file names it."""

from __future__ import annotations

import pytest

from player.languages import is_language, language_list, language_tag, spellings, spoken_languages


@pytest.mark.parametrize("written", ["de", "ger", "deu", "DE", "de-AT", "de_CH", "German", " ger "])
def test_one_language_has_one_tag(written: str) -> None:
    assert language_tag(written) == "de"


@pytest.mark.parametrize("written", ["", "und", "zxx", "12", "a", "Director's Commentary"])
def test_what_names_no_language_has_no_tag(written: str) -> None:
    assert language_tag(written) == ""


def test_a_code_that_nobody_knows_stands_for_itself() -> None:
    assert (language_tag("xx"), language_tag("qaa-Latn")) == ("xx", "qaa")
    assert not is_language("xx")


@pytest.mark.parametrize(
    ("word", "is_one"),
    [("eng", True), ("pt-BR", True), ("English", True), ("Film", False), ("xyz-ab", False)],
)
def test_a_word_is_a_language_only_when_it_is_known(word: str, is_one: bool) -> None:
    assert is_language(word) == is_one


def test_a_player_is_told_every_code_of_a_language() -> None:
    assert spellings("de") == ("de", "deu", "ger", "german", "deutsch")
    assert spellings("xx") == ("xx",)


def test_a_list_of_languages_has_each_once_in_its_order() -> None:
    assert language_list("de, en,ger und,fr") == ("de", "en", "fr")
    assert language_list("") == ()


def test_a_system_speaks_its_locale_and_english() -> None:
    assert spoken_languages({"LANG": "de_AT.UTF-8"}) == ("de", "en")
    assert spoken_languages({"LC_ALL": "C.UTF-8", "LANG": "POSIX"}) == ("en",)
    assert spoken_languages({"LC_ALL": "sr_RS@latin", "LANG": "en_GB"}) == ("sr", "en")
