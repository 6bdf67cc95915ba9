"""Where in the film, in one line."""

from __future__ import annotations

import msgspec

from player.api import views
from tests.screens.evenings import evening
from tui.screen.widgets.transport import TransportBar, bar
from tui.state.party_state import PartyState, reduce


def room(duration: float | None, *, is_live: bool = False) -> PartyState:
    state = PartyState()
    for view in evening("viewer"):
        if isinstance(view, views.MediaView):
            view = msgspec.structs.replace(view, duration=duration, is_live=is_live)
        state = reduce(state, view, 1000.0)
    return state


def shown(state: PartyState) -> str:
    widget = TransportBar()
    widget.room, widget.now = state, 1000.0
    return widget.draw(80, 1).plain


def test_a_film_without_a_length_says_so_and_has_no_place_on_a_scale() -> None:
    line = shown(room(None))
    assert line.rstrip().endswith("length unknown")
    assert "●" not in line
    assert len(line) == 80


def test_what_is_live_says_so_and_what_is_not_open_says_nothing() -> None:
    assert "LIVE" in shown(room(None, is_live=True))
    closed = reduce(room(2712.0), views.MediaChanged(title="Other"), 1000.0)
    assert shown(closed).rstrip().endswith("-:--:--")


def test_a_place_behind_the_length_is_at_the_end_of_the_scale() -> None:
    pieces = bar(room(60.0), 767.0, 40)
    assert pieces[-1][0] == "●"
