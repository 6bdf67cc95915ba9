"""Which frames two players show side by side: one grab of the whole screen holds both."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.evening import SETTLE
from bench.table import percentile
from tests.films import frame_number

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bench.parties import Party

WIDTH: Final = 320
HEIGHT: Final = 180
"""Of each window."""
GRABS: Final = 37
"""A second; no divisor of the film's rate, so that grabs fall everywhere between frames."""
INSTALL: Final = "The frames on screen need Xvfb and ffmpeg; scripts/setup --tests installs both."


class Seen(NamedTuple):
    """What the grabs of one run say."""

    grabs: float
    same: float
    """Share with the same frame in both windows."""
    near: float
    """Share with the same frame or its neighbour."""
    median: float
    """Frames apart."""
    p95: float
    paused: float
    """Frames apart while paused."""


def has_screen() -> bool:
    """Whether there is what it takes."""
    return all(map(shutil.which, ("Xvfb", "ffmpeg")))


def outputs() -> tuple[tuple[tuple[str, str], ...], ...]:
    """mpv options that put the two windows side by side, silent."""
    return tuple(
        (
            ("vo", "x11"),
            ("ao", "null"),
            ("border", "no"),
            ("osc", "no"),
            ("osd-level", "0"),
            ("geometry", f"{WIDTH}x{HEIGHT}+{WIDTH * index}+0"),
        )
        for index in (0, 1)
    )


@asynccontextmanager
async def display() -> AsyncGenerator[None]:
    """A screen in memory, named by ``DISPLAY`` until left."""
    size = f"{2 * WIDTH}x{HEIGHT}x24"
    server = await asyncio.create_subprocess_exec(
        *("Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    before = os.environ.get("DISPLAY")
    try:
        assert server.stdout is not None
        async with asyncio.timeout(10):
            number = (await server.stdout.readline()).decode().strip()
        os.environ["DISPLAY"] = f":{number}"
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        if before is not None:
            os.environ["DISPLAY"] = before
        if server.returncode is None:
            server.terminate()
        await server.wait()


async def watch(party: Party, seconds: float) -> Seen:
    """Play, compare for ``seconds``, pause, compare again."""
    await party.ready()
    await asyncio.sleep(SETTLE)
    party.play()
    # Time for a start, and for what is written on the film to go.
    await asyncio.sleep(8.0)
    playing = await _grab(seconds)
    party.pause()
    await asyncio.sleep(4.0)
    paused = await _grab(1.0)
    ordered = sorted(map(abs, playing))
    count = len(ordered)
    if not ordered or not paused:
        raise AssertionError("no frames seen on the screen")
    return Seen(
        count,
        sum(d == 0 for d in ordered) / count,
        sum(d <= 1 for d in ordered) / count,
        statistics.median(ordered),
        percentile(ordered, 95),
        statistics.median(map(abs, paused)),
    )


async def _grab(seconds: float) -> list[int]:
    """Frames the second window is ahead of the first, grab by grab."""
    size = f"{2 * WIDTH}x{HEIGHT}"
    grabber = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin"),
        *("-f", "x11grab", "-draw_mouse", "0", "-framerate", str(GRABS), "-video_size", size),
        *("-i", os.environ["DISPLAY"], "-t", str(seconds)),
        *("-pix_fmt", "gray", "-f", "rawvideo", "-"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    found: list[int] = []
    try:
        assert grabber.stdout is not None
        async with asyncio.timeout(seconds + 20):
            while True:
                picture = await grabber.stdout.readexactly(2 * WIDTH * HEIGHT)
                found.append(_difference(picture))
    except asyncio.IncompleteReadError:
        return found
    except BaseException:
        grabber.kill()
        raise
    finally:
        await grabber.wait()


def _difference(picture: bytes) -> int:
    """The row of bars is all it takes, so the rest of each window is left out."""
    row = picture[2 * WIDTH * (HEIGHT // 4) :][: 2 * WIDTH]
    first, second = row[:WIDTH], row[WIDTH:]
    return frame_number(second, WIDTH, 1) - frame_number(first, WIDTH, 1)


def median_seen(runs: Sequence[Seen]) -> Seen:
    """Each figure's median over the runs."""
    return Seen(*(statistics.median(values) for values in zip(*runs, strict=True)))
