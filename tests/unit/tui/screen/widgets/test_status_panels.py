"""What of a link that is back there is room for."""

from __future__ import annotations

import pytest

from player.api.views import Recovered
from tests.screens.evenings import evening
from tui.screen.widgets.status_panels import LinkPanel
from tui.state.party_state import PartyState, reduce


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (46, "connected again after 4 s: recovered 4 events"),
        (40, "recovered 4 events"),
    ],
)
def test_where_both_do_not_fit_what_was_missed_is_said(width: int, text: str) -> None:
    room = PartyState()
    for view in (*evening("viewer"), Recovered(events=4, away=4.0)):
        room = reduce(room, view, 50.0)
    panel = LinkPanel()
    panel.room, panel.now = room, 51.0
    assert panel.draw(width, 4).plain.splitlines()[3] == text
