"""An app on a scripted seat, at a time that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doubles.scripted_seat import ScriptedSeat
from tests.screens.evenings import NOW, Kind, evening
from tui.screen.app import MatineeApp

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

LATER = 3.2
"""Seconds that a lost server is away in the pictures."""


class Clock:
    """Time as a test wants it."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def shown(
    kind: Kind | None, *, theme: str = "matinee-dark", leave_text: str = ""
) -> tuple[MatineeApp, ScriptedSeat, Clock]:
    """The app with everything of that evening said; None for an evening that has not begun."""
    seat, clock = ScriptedSeat(evening(kind) if kind else ()), Clock()
    if kind == "error":
        seat.over()
    app = MatineeApp(seat, theme=theme, leave_text=leave_text, clock=clock, wall_clock=lambda: 0.0)
    return app, seat, clock


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the app work until the condition holds."""
    for _ in range(200):
        if condition():
            await pilot.pause()
            return
        await pilot.pause()
    raise AssertionError("it never came to that")


def text_of(app: MatineeApp) -> str:
    """The whole screen as lines."""
    strips = app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
    return "\n".join(strip.text for strip in strips)


def toasts(app: MatineeApp) -> list[str]:
    """What pops up now."""
    return [toast.message for toast in app._notifications]  # pyright: ignore[reportPrivateUsage]
