"""What can be done is a code below the faces, and words with the keys of the registry here."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from player.api import views
from protocol.exceptions import MatineeError, RemedyCode
from tui.actions import BY_ID
from tui.text.remedies import in_words, remedy_text, remedy_words

WORDS: dict[RemedyCode, str] = {
    "ask_again": "resync (r) asks again",
    "try_again": "say resync (r) to try again",
    "try_again_or_load": "say resync (r) to try again, or load (l) for another film",
    "reopen": "say reopen (o) to open it again",
    "name_copy": "name your copy (f, or copy FILE), or join again: matinee join INVITE FILE",
    "name_login": (
        "name it with your own login, which only this seat learns: copy"
        " https://NAME:PASSWORD@SITE/FILM"
    ),
    "next_film": "n goes on to the next film",
    "take_over": "wait until that seat leaves, or take over with matinee host --return --take-over",
    "check_machine": "run `matinee doctor`",
    "allow_plain_http": "use an https address, or add --insecure-lan if you trust this network",
    "draw_in_terminal": "--video terminal draws them",
    "log_in": (
        "log in there with your browser, and name it: --cookies-from firefox,"
        ' or cookies_from = "firefox" in the settings; matinee doctor tries it'
    ),
    "log_in_again": "log in there again with your browser; matinee doctor tries your cookies",
    "slow_line": (
        "what helps: a copy of your own (f), a smaller picture (--max-height), or a host who waits"
    ),
}


def test_every_code_has_its_words() -> None:
    assert {code: remedy_words(code) for code in get_args(RemedyCode)} == WORDS


@pytest.mark.parametrize(
    ("action_id", "code", "words"),
    [
        ("resync", "ask_again", "resync (F5) asks again"),
        ("resync", "try_again", "say resync (F5) to try again"),
        ("load", "try_again_or_load", "say resync (r) to try again, or load (F5) for another film"),
        ("reopen", "reopen", "say reopen (F5) to open it again"),
        ("own_copy", "name_copy", WORDS["name_copy"].replace("(f,", "(F5,")),
        ("next_film", "next_film", "F5 goes on to the next film"),
    ],
)
def test_the_words_follow_a_key_that_changes_in_the_registry(
    monkeypatch: pytest.MonkeyPatch, action_id: str, code: RemedyCode, words: str
) -> None:
    monkeypatch.setitem(BY_ID, action_id, replace(BY_ID[action_id], shown="F5"))
    assert remedy_words(code) == words


@pytest.mark.parametrize(
    ("view", "message", "remedy"),
    [
        (
            views.ErrorLine(message="it broke", remedy_code="try_again"),
            "it broke",
            WORDS["try_again"],
        ),
        (
            views.ErrorLine(message="Ben is hosting this party", remedy_code="take_over"),
            f"Ben is hosting this party: {WORDS['take_over']}",
            "",
        ),
        (views.ErrorLine(message="no such stream", remedy="ask"), "no such stream", "ask"),
    ],
)
def test_an_error_s_remedy_is_put_in_words(
    view: views.ErrorLine, message: str, remedy: str
) -> None:
    told = in_words(view)
    assert isinstance(told, views.ErrorLine)
    assert (told.message, told.remedy, told.remedy_code) == (message, remedy, view.remedy_code)


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (
            views.Notice(message="2 more to watch", remedy_code="next_film"),
            "2 more to watch: n goes on to the next film",
        ),
        (
            views.Notice(
                message="no display: the pictures are not shown", remedy_code="draw_in_terminal"
            ),
            "no display: the pictures are not shown (--video terminal draws them)",
        ),
        (views.Notice(message="nothing to say"), "nothing to say"),
    ],
)
def test_a_notice_says_what_can_be_done(view: views.Notice, message: str) -> None:
    told = in_words(view)
    assert isinstance(told, views.Notice)
    assert told.message == message


def test_any_other_line_stays_as_it_is() -> None:
    view = views.Joined(name="Ben")
    assert in_words(view) is view


def test_an_error_s_own_words_are_kept_where_there_is_no_code() -> None:
    assert remedy_text(MatineeError("no", "yes")) == "yes"
    assert remedy_text(MatineeError("no", remedy_code="check_machine")) == "run `matinee doctor`"
    assert remedy_text(MatineeError("no")) == ""
