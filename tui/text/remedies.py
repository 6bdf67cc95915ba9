"""Remedies: what a person can do about what went wrong, with the keys of the registry by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from player.api import views
from player.api.intents import LoadMedia, OwnCopy, Reopen, Resync, word_of
from tui.actions import BY_ID

if TYPE_CHECKING:
    from protocol.exceptions import MatineeError, RemedyCode


def remedy_words(code: RemedyCode) -> str:
    """The remedy as one clause."""
    match code:
        case "ask_again":
            return f"{_with_key(word_of(Resync), 'resync')} asks again"
        case "try_again":
            return f"say {_with_key(word_of(Resync), 'resync')} to try again"
        case "try_again_or_load":
            other = f"{_with_key(word_of(LoadMedia), 'load')} for another film"
            return f"{remedy_words('try_again')}, or {other}"
        case "reopen":
            return f"say {_with_key(word_of(Reopen), 'reopen')} to open it again"
        case "name_copy":
            how = f"{_key('own_copy')}, or {word_of(OwnCopy)} FILE"
            return f"name your copy ({how}), or join again: matinee join INVITE FILE"
        case "name_login":
            how = f"{word_of(OwnCopy)} https://NAME:PASSWORD@SITE/FILM"
            return f"name it with your own login, which only this seat learns: {how}"
        case "next_film":
            return f"{_key('next_film')} goes on to the next film"
        case "take_over":
            return (
                "wait until that seat leaves, or take over with matinee host --return --take-over"
            )
        case "check_machine":
            return "run `matinee doctor`"
        case "allow_plain_http":
            return "use an https address, or add --insecure-lan if you trust this network"
        case "draw_in_terminal":
            return "--video terminal draws them"
        case "log_in":
            return (
                "log in there with your browser, and name it: --cookies-from firefox,"
                ' or cookies_from = "firefox" in the settings; matinee doctor tries it'
            )
        case "log_in_again":
            return "log in there again with your browser; matinee doctor tries your cookies"
        case "slow_line":
            copy = f"a copy of your own ({_key('own_copy')})"
            return f"what helps: {copy}, a smaller picture (--max-height), or a host who waits"
        case _:
            assert_never(code)


def remedy_text(error: MatineeError) -> str:
    """What to do about an error, "" when there is nothing to say."""
    return remedy_words(error.remedy_code) if error.remedy_code else error.remedy


def in_words(view: views.AnyView) -> views.AnyView:
    """A line of the seat with its remedy in words; any other line as it is."""
    if not isinstance(view, views.ErrorLine | views.Notice) or not view.remedy_code:
        return view
    words = remedy_words(view.remedy_code)
    if isinstance(view, views.ErrorLine) and view.remedy_code != "take_over":
        return msgspec.structs.replace(view, remedy=words)
    said = f" ({words})" if view.remedy_code == "draw_in_terminal" else f": {words}"
    return msgspec.structs.replace(view, message=f"{view.message}{said}")


def _with_key(word: str, action_id: str) -> str:
    return f"{word} ({_key(action_id)})"


def _key(action_id: str) -> str:
    return BY_ID[action_id].shown
