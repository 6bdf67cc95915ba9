"""The film in the terminal, from the stage that the seat draws on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.api.intents import PictureSize
from player.video.frame_buffer import FrameBuffer, create_frame_buffer
from tests.doubles.scripted_seat import ScriptedSeat
from tests.screens.evenings import NOW, evening
from tests.screens.shown import text_of, until
from tui.screen.app import MatineeApp
from tui.screen.widgets.video import VideoView

if TYPE_CHECKING:
    from pathlib import Path

GREY = bytes((90, 90, 90))


@pytest.fixture
def stages(tmp_path: Path) -> tuple[FrameBuffer, FrameBuffer]:
    """The seat's side and the face's."""
    create_frame_buffer(tmp_path / "stage")
    return FrameBuffer(tmp_path / "stage"), FrameBuffer(tmp_path / "stage")


def app_on(frame_buffer: FrameBuffer, seat: ScriptedSeat) -> MatineeApp:
    return MatineeApp(seat, frame_buffer=frame_buffer, theme="matinee-dark", clock=lambda: NOW)


async def test_the_seat_is_told_how_many_pixels_can_be_shown(
    stages: tuple[FrameBuffer, FrameBuffer],
) -> None:
    seat = ScriptedSeat(evening("host"))
    app = app_on(stages[1], seat)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: seat.asked)
        film = app.screen.query_one(VideoView)
        assert seat.asked[-1] == PictureSize(film.size.width, film.size.height * 2)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: len(seat.asked) > 1)
        assert seat.asked[-1] == PictureSize(film.size.width, film.size.height * 2)


async def test_a_picture_is_drawn_in_the_middle_and_the_state_below(
    stages: tuple[FrameBuffer, FrameBuffer],
) -> None:
    app = app_on(stages[1], ScriptedSeat(evening("host")))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.room.drifts)
        stages[0].write(40, 20, 1.0, GREY * 800)
        await until(pilot, lambda: text_of(app).count("\n"))
        film = app.screen.query_one(VideoView)
        await until(pilot, lambda: film.render_line(film.size.height // 2).text.strip())
        screen = text_of(app).splitlines()
        rows = [row for row in screen if "▀" * 40 in row]
        blank = (film.size.width - 40) // 2
        assert [row.index("▀") for row in rows] == [blank] * 10
        assert any("PLAYING" in row and "Chapter 3" in row for row in screen)


async def test_only_rows_that_changed_are_drawn_again(
    stages: tuple[FrameBuffer, FrameBuffer],
) -> None:
    app = app_on(stages[1], ScriptedSeat(evening("host")))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.room.drifts)
        film = app.screen.query_one(VideoView)
        stages[0].write(10, 6, 1.0, GREY * 60)
        await until(pilot, lambda: film.render_line(film.size.height // 2).text.strip())
        top = (film.size.height - 3) // 2
        before = [film.render_line(top + row) for row in range(3)]
        stages[0].write(10, 6, 1.1, GREY * 20 + bytes(30) + GREY * 30)
        await until(pilot, lambda: film.render_line(top + 1) is not before[1])
        after = [film.render_line(top + row) for row in range(3)]
        assert [old is new for old, new in zip(before, after, strict=True)] == [True, False, True]
