"""What is typed into the palette finds what people mean."""

from __future__ import annotations

import pytest

from tui.actions import ACTIONS
from tui.screen.palette import found


@pytest.mark.parametrize(
    ("typed", "action_ids"),
    [
        ("kick", ["kick"]),
        ("rem", ["kick"]),
        ("quit", ["quit"]),
        ("exit", ["quit"]),
        ("normal sp", ["normal_rate"]),
        ("take b", ["take"]),
        ("take back", ["take"]),
        ("take", ["take", "revoke"]),
        ("leave", ["quit", "sync_off"]),
        ("wait", ["wait_on", "wait_off"]),
        ("speed", ["normal_rate", "slower", "faster"]),
        ("volume", ["mute", "louder", "quieter"]),
        ("language", ["subtitles", "audio"]),
        ("send", ["chat"]),
        ("RESYNC", ["resync"]),
    ],
)
def test_the_best_of_what_is_found(typed: str, action_ids: list[str]) -> None:
    wanted = typed.casefold().split()
    scores = {a.action_id: found(wanted, a.label, a.aka, a.help) for a in ACTIONS}
    best = sorted(scores, key=lambda action_id: -scores[action_id])[: len(action_ids)]
    assert best == action_ids
    assert all(scores[action_id] for action_id in best)


@pytest.mark.parametrize("typed", ["kck", "tkb", "zzz", ""])
def test_letters_scattered_over_a_title_find_nothing(typed: str) -> None:
    wanted = typed.split()
    assert not any(found(wanted, a.label, a.aka, a.help) for a in ACTIONS)


def test_a_word_of_the_help_is_found_last() -> None:
    assert found(["picture"], "Fullscreen", "window", "The picture as large as it goes") < 0.4
    assert 0 < found(["1:02:03"], "Go to", "", "Go to a time: 1:02:03, 4:30") < 0.4
