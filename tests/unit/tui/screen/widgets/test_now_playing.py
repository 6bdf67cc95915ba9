"""What the line below a film has room for."""

from __future__ import annotations

import pytest

from tui.screen.widgets.now_playing import reason_pieces

HINT = [("q", ""), (" leaves.", "")]


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (60, "the server was stopped  q leaves."),
        (33, "the server was stopped  q leaves."),
        (32, "the server was stopp…  q leaves."),
        (23, "the server…  q leaves."),
        (22, "q leaves."),
    ],
)
def test_of_a_reason_and_what_to_do_the_latter_is_never_cut(width: int, text: str) -> None:
    pieces = reason_pieces("the server was stopped", HINT, width)
    assert "".join(piece for piece, _ in pieces) == text


def test_a_short_reason_is_kept_whole() -> None:
    pieces = reason_pieces("no film", HINT, 18)
    assert "".join(piece for piece, _ in pieces) == "no film  q leaves."


def test_a_reason_without_anything_to_do_stands_alone() -> None:
    assert reason_pieces("the server was stopped", [], 9) == [
        ("the server was stopped", "$warning")
    ]
