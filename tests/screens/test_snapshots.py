"""What people see, kept as pictures; look at a new one before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.screens.shown import LATER, shown, until

if TYPE_CHECKING:
    from textual.app import App
    from textual.pilot import Pilot

    from tests.screens.evenings import Kind

SIZES = ((80, 24), (120, 36))


class Compare(Protocol):
    def __call__(
        self, app: App[Any], *, terminal_size: tuple[int, int], run_before: Any
    ) -> bool: ...


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("kind", ["host", "viewer", "reconnecting", "over", "waiting", "error"])
def test_the_room_looks_like_this(snap_compare: Compare, kind: Kind, size: tuple[int, int]) -> None:
    app, _, clock = shown(kind)

    async def settle(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.room.drifts)
        if kind in ("reconnecting", "over"):
            await until(pilot, lambda: app.room.link == "reconnecting")
            clock.now += LATER
            await until(pilot, lambda: app.now == clock.now)
        if kind == "error":
            await until(pilot, lambda: len(app.screen_stack) == 3)

    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("theme", ["matinee-light", "matinee-contrast"])
def test_the_other_themes_look_like_this(snap_compare: Compare, theme: str) -> None:
    app, _, _ = shown("viewer", theme=theme)

    async def settle(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.room.drifts)

    assert snap_compare(app, terminal_size=(100, 30), run_before=settle)


@pytest.mark.parametrize("key", ["g", "f", "question_mark", "i", "q"])
def test_the_dialogues_look_like_this(snap_compare: Compare, key: str) -> None:
    app, _, _ = shown("host", leave_text="It goes on without a host.")

    async def settle(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.room.drifts)
        await pilot.press(key)
        await until(pilot, lambda: len(app.screen_stack) == 3)

    assert snap_compare(app, terminal_size=(100, 30), run_before=settle)


def test_a_terminal_that_is_too_small_is_told_what_it_needs(snap_compare: Compare) -> None:
    app, _, _ = shown("host")

    async def settle(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.room.drifts)

    assert snap_compare(app, terminal_size=(40, 10), run_before=settle)
