"""What a schedule of a server's day is drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import strategies as st

from protocol.wire.messages import (
    Act,
    LoadAct,
    Media,
    PauseAct,
    PlayAct,
    RateAct,
    SeekAct,
    SettingsAct,
)

if TYPE_CHECKING:
    from tests.stateful.server import How

PEOPLE = ("Ana", "Ben", "Cleo", "Dan")
FILMS = [Media(f"film-000{i}", "file", title="The Film", duration=5400.0) for i in (1, 2)]
FILMS.append(msgspec.structs.replace(FILMS[0], title="The Film, restored"))

some = st.integers(0, 11)
"""Which one of those that there are."""
seldom = st.sampled_from((*([False] * 6), True))
positions = st.sampled_from((0.0, 12.5, 100.0, 5399.0, 5400.0))
acts: st.SearchStrategy[Act] = st.one_of(
    st.just(PlayAct()),
    positions.map(PauseAct),
    positions.map(SeekAct),
    st.sampled_from((0.5, 1.0, 2.0)).map(RateAct),
    st.builds(LoadAct, st.sampled_from(FILMS), st.booleans()),
    st.sampled_from((SettingsAct(wait=True), SettingsAct(sync_tolerance_ms=300))),
)
places = st.none() | some | st.tuples(st.integers(-1, 1), st.integers(-3, 3))
"""Of a cursor: none; how many steps ago; so far from where the party stands, there or not."""
hows: st.SearchStrategy[How] = st.sampled_from(("well", "well", "refuses", "forgets to say so"))
odds = st.sampled_from((*([0] * 8), 1, -1, 2))
"""By how much a number is not the one that is due."""
