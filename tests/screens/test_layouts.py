"""Letters of other layouts are keys on every screen, except where somebody types."""

# ruff: noqa: RUF001

from __future__ import annotations

from player.api.intents import Mute, Say, Trim
from tests.screens.shown import shown, text_of, toasts, until
from tui.screen.screens.help import HelpScreen


async def test_a_letter_of_another_layout_acts_as_the_key_it_lies_on() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.room.ready)
        await pilot.press("ь")
        await until(pilot, lambda: Mute() in seat.asked)
        assert not any(isinstance(asked, Trim) for asked in seat.asked)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("й")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


async def test_while_somebody_types_a_letter_is_text() -> None:
    app, seat, _ = shown("host")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.room.ready)
        await pilot.press("с")
        await pilot.press("й", "ь", "enter")
        await until(pilot, lambda: Say("йь") in seat.asked)
        assert Mute() not in seat.asked


async def test_a_letter_that_is_no_key_anywhere_says_where_the_keys_are() -> None:
    app, _, _ = shown("host")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.room.ready)
        await pilot.press("漢")
        await until(pilot, lambda: any("漢" in toast for toast in toasts(app)))
        assert text_of(app)
