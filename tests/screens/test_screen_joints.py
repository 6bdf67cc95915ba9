"""What the screen relies on in Textual without its promise.

A failure here says that an upgrade has moved something; the module that is named uses it.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from rich.segment import Segment
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.strip import Strip

from tests.doubles.scripted_seat import ScriptedSeat
from tests.screens.shown import shown
from tui.screen.app import MatineeApp
from tui.screen.driver import TerminalDriver

if TYPE_CHECKING:
    from collections.abc import Callable

PIXEL_STRIP = "tui/screen/widgets/pixel_strip.py"
APP = "tui/screen/app.py"
DRIVER = "tui/screen/driver.py"


def test_a_strip_is_drawn_from_its_render_cache() -> None:
    strip: Any = Strip([Segment("segments")])
    assert strip._render_cache is None, f"{PIXEL_STRIP} fills this in before it is drawn"
    strip._render_cache = "cache"
    assert strip.render(Console()) == "cache", f"Textual draws {PIXEL_STRIP} by its segments"


class Lazy(Strip):
    """A strip whose segments are made when they are asked for."""

    asked = 0

    @property
    def _segments(self) -> list[Segment]:
        self.asked += 1
        return [Segment("made"), Segment(" on demand")]

    @_segments.setter
    def _segments(self, _: list[Segment]) -> None:
        """Not kept."""


def test_all_that_cuts_a_strip_asks_for_its_segments() -> None:
    ways: list[Callable[[Lazy], Strip]] = [
        lambda strip: strip.crop(0, 4),
        lambda strip: strip.divide([4, 14])[0],
        lambda strip: strip.crop_extend(0, 4, None),
        lambda strip: Strip(list(strip)).crop(0, 4),
    ]
    for way in ways:
        strip = Lazy((), 14)
        assert strip.asked == 0, f"Textual makes segments at once: see {PIXEL_STRIP}"
        assert way(strip).text == "made", f"{PIXEL_STRIP} hands its segments over as _segments"
        assert strip.asked


class Broken(Exception):
    """A bug of ours."""


def break_down() -> None:
    raise Broken


async def test_a_bug_ends_the_app_by_its_own_fatal_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, _, _ = shown("viewer")

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            app.call_later(break_down)
            await pilot.pause()

    with caplog.at_level(logging.ERROR), pytest.raises(Broken):
        await run()
    assert "event=screen_failed" in caplog.text, (
        f"Textual calls App._fatal_error no more: {APP} would leave a traceback on the terminal"
    )
    assert app.return_code == 1
    assert not app._exit_renderables, f"Textual prints what {APP} has logged"  # pyright: ignore[reportPrivateUsage]


class Closing(App[None]):
    """Ends as soon as it has begun."""

    def on_ready(self) -> None:
        self._close_messages_no_wait()


async def test_an_app_ends_once_its_messages_are_closed() -> None:
    running = asyncio.create_task(Closing().run_async(headless=True))
    ended, _ = await asyncio.wait((running,), timeout=10.0)
    running.cancel()
    assert ended, f"{APP} ends the app by _close_messages_no_wait"


def test_a_driver_reads_keys_by_a_method_of_its_own_and_a_parser_is_fed_characters() -> None:
    source = inspect.getsource(LinuxDriver)
    for name in ("def run_input_thread(self)", "self.exit_event", "self.fileno"):
        assert name in source, f"{DRIVER} takes the place of Textual's reading by {name}"
    parser = XTermParser()
    (key,) = parser.feed("q")
    assert isinstance(key, events.Key), f"{DRIVER} makes keys of characters by XTermParser.feed"
    assert list(parser.feed("\x1b")) == list(parser.tick()) == [], f"{DRIVER} waits by tick"


def test_the_screen_reads_its_terminal_by_the_driver_of_its_own() -> None:
    assert MatineeApp(ScriptedSeat()).driver_class is TerminalDriver
