"""The film's own pictures on the stage: the right ones, at the right size, on time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from player.video.frame_buffer import FrameBuffer, Picture, create_frame_buffer
from player.video.renderer import FrameRenderer
from tests.films import Films, frame_number
from tests.integration.players import PATIENCE, near, watched_player

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FPS = 25


@pytest.fixture
def stage(tmp_path: Path) -> FrameBuffer:
    path = tmp_path / "stage"
    create_frame_buffer(path)
    return FrameBuffer(path)


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    return films.counter_film(60)


def _next(stage: FrameBuffer, right: Callable[[Picture], bool]) -> Picture:
    until = time.monotonic() + PATIENCE
    number = 0
    while time.monotonic() < until:
        picture = stage.read(number)
        if picture is not None:
            if right(picture):
                return picture
            number = picture.number
        time.sleep(0.005)
    raise AssertionError("the picture never came")


def _frame(picture: Picture) -> int:
    """Number of the film's frame that the picture shows."""
    return frame_number(picture.rgb[1::3], picture.width, picture.height)


def test_a_paused_film_is_shown_at_every_size(stage: FrameBuffer, film: Path) -> None:
    with watched_player(video="terminal", stage=stage) as it:
        it.player.resize_picture(160, 90)
        it.load(film, 10.0)
        picture = _next(stage, lambda p: (p.width, p.height) == (160, 90) and _frame(p) == 250)
        assert picture.position == 10.0
        for size in ((320, 180), (64, 36), (640, 360)):
            it.player.resize_picture(*size)
            assert _frame(_next(stage, lambda p, s=size: (p.width, p.height) == s)) == 250


def test_another_shape_is_letterboxed(stage: FrameBuffer, film: Path) -> None:
    with watched_player(video="terminal", stage=stage) as it:
        it.player.resize_picture(160, 160)
        it.load(film, 10.0)
        picture = _next(stage, lambda p: any(p.rgb))
        rows = [picture.rgb[row * 480 : (row + 1) * 480] for row in range(160)]
        assert not any(rows[5])
        assert not any(rows[155])
        assert any(rows[80])


def test_it_keeps_up_with_the_film_and_leaves_the_position_straight(
    stage: FrameBuffer, film: Path
) -> None:
    with watched_player(video="terminal", stage=stage) as it:
        it.player.resize_picture(160, 90)
        it.load(film)
        it.player.set_paused(False)
        it.samples(0.7)
        seen: dict[int, float] = {}
        offsets: list[float] = []
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            sample, picture = it.player.sample(), stage.read()
            if sample is not None and picture is not None:
                seen.setdefault(_frame(picture), sample.position)
                offsets.append(sample.position - sample.instant)
            time.sleep(0.004)
    frames = sorted(seen)
    # A busy machine may drop some; half of them would be a slide show.
    assert len(frames) > 0.7 * (frames[-1] - frames[0])
    late = sorted(seen[frame] - frame / FPS for frame in frames)
    assert near(late[len(late) // 2], 0.0, 0.06)
    offsets.sort()
    assert offsets[len(offsets) * 9 // 10] - offsets[len(offsets) // 10] < 0.005


def test_without_a_size_nothing_is_drawn_and_the_film_plays(stage: FrameBuffer, film: Path) -> None:
    with watched_player(video="terminal", stage=stage) as it:
        it.load(film)
        it.play_past(0.5)
        assert stage.read() is None
        it.player.resize_picture(64, 36)
        number = _next(stage, lambda p: True).number
        it.player.resize_picture(0, 0)
        it.samples(0.2)
        last = stage.read()
        assert last is not None
        it.samples(0.3)
        assert stage.read(last.number) is None
        assert last.number >= number


def test_text_over_the_picture_is_shown_as_it_is(stage: FrameBuffer, films: Films) -> None:
    """Neither mpv's properties nor its subtitle markup are expanded."""

    def ink(text: str) -> int:
        """Bright pixels that a text adds."""
        with watched_player(("osd-font-size", "40"), video="terminal", stage=stage) as it:
            it.player.resize_picture(640, 360)
            it.load(films.counter_film(60), 1.0)
            before = _next(stage, lambda p: p.width == 640 and _frame(p) == 25)
            it.player.show_text(text, seconds=60.0)
            after = _next(stage, lambda p: p.number != before.number and p.rgb != before.rgb)
            return sum(a != b for a, b in zip(before.rgb, after.rgb, strict=True))

    assert ink("${pause}") > 2 * ink("yes")
    assert ink(r"{\b1}x") > 2 * ink("x")


def test_closing_never_hangs_while_a_picture_is_drawn(stage: FrameBuffer, film: Path) -> None:
    with watched_player(video="terminal", stage=stage) as it:
        it.player.resize_picture(640, 360)
        it.load(film)
        it.player.set_paused(False)
        _next(stage, lambda p: True)
        began = time.monotonic()
        it.player.close()
        assert time.monotonic() - began < 2.0


class _Stuck:
    """Pictures whose drawing never ends."""

    def __init__(self) -> None:
        self.is_drawing = threading.Event()
        self.release = threading.Event()
        self.is_free = threading.Event()

    def when_new(self, wake: Callable[[], None]) -> None:
        wake()

    def is_new(self) -> bool:
        return True

    def draw(self, pixels: bytearray, width: int, height: int) -> None:
        self.is_drawing.set()
        self.release.wait(PATIENCE)

    def skip(self) -> None:
        pass

    def free(self) -> None:
        self.is_free.set()


def test_a_stuck_renderer_is_given_up_and_said_to_hold_on(stage: FrameBuffer) -> None:
    pictures = _Stuck()
    renderer = FrameRenderer(pictures, stage, lambda: 0.0)
    renderer.resize(10, 10)
    renderer.start()
    assert pictures.is_drawing.wait(PATIENCE)
    assert renderer.close() is False
    pictures.release.set()
    assert pictures.is_free.wait(PATIENCE)


def test_a_renderer_that_breaks_lets_go_of_the_pictures(
    stage: FrameBuffer, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(_Stuck):
        def draw(self, pixels: bytearray, width: int, height: int) -> None:
            raise ValueError("no such format")

    pictures = Broken()
    renderer = FrameRenderer(pictures, stage, lambda: 0.0)
    renderer.resize(10, 10)
    renderer.start()
    assert pictures.is_free.wait(PATIENCE)
    assert renderer.close() is True
    assert "no such format" in caplog.text
