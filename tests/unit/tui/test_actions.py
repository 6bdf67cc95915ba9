"""One registry feeds the keys, mpv's window, the palette, the help and the page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from player.api.intent_parser import parse_intent
from player.api.intents import HostIntent
from tui.actions import ACTIONS, BY_ID, keys_page, mpv_keys, words


def test_no_key_does_two_things() -> None:
    keys = Counter(key for action in ACTIONS for key in action.keys)
    mpv = Counter(binding.key for binding in mpv_keys())
    assert max(keys.values()) == max(mpv.values()) == 1
    assert len(BY_ID) == len(ACTIONS)


def test_every_intent_survives_being_written_as_words() -> None:
    for action in ACTIONS:
        if action.intent is not None:
            assert parse_intent(words(action.intent)) == action.intent


def test_mpvs_window_has_the_keys_that_send_intents() -> None:
    keys = {binding.key: binding.line for binding in mpv_keys()}
    assert keys["SPACE"] == "toggle"
    assert keys["Shift+LEFT"] == "seek_by -1"
    assert keys["Ctrl+RIGHT"] == "trim 10"
    assert keys["SHARP"] == "audio"
    assert not {"g", "c", "?"} & set(keys)


def test_only_a_key_that_takes_small_steps_asks_again_while_it_is_held() -> None:
    held = {binding.line.partition(" ")[0] for binding in mpv_keys() if binding.repeats}
    assert held == {"seek_by", "volume", "trim", "subtitle_delay", "subtitle_size"}


def test_what_moves_the_film_is_the_hosts() -> None:
    moving = {a.action_id for a in ACTIONS if isinstance(a.intent, HostIntent)} | {"go_to"}
    assert moving <= {a.action_id for a in ACTIONS if a.host_only}
    assert not BY_ID["resync"].host_only
    assert not BY_ID["mute"].host_only


def test_the_page_about_keys_is_up_to_date() -> None:
    page = Path(__file__).parents[3] / "docs" / "keys.md"
    assert page.read_text(encoding="utf-8") == keys_page(), (
        "python -c 'from tui.actions import keys_page; print(keys_page(), end=\"\")' > docs/keys.md"
    )
