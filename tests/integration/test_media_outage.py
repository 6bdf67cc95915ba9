"""The way to a film is away for a while: nobody presses a key, and everybody is back in step."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cast import NULL_OUTPUTS, SeatProcess, ServerProcess
from tests.doubles.odd_web.server import odd_web_server

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from tests.cast import Line
    from tests.doubles.odd_web.handler import OddWebServer
    from tests.films import Films

SMALL_CACHE = (*NULL_OUTPUTS, ("demuxer-max-bytes", "64KiB"), ("network-timeout", "5"))
CLOSE_MS = 40.0
NAMES = ("film.mp4", "hls/film.m3u8")
USUAL = {("closed", "film.mp4"), ("portal", "film.mp4")}
TAKES_LONG = pytest.mark.skipif(
    "MATINEE_LONG" not in os.environ, reason="takes 40 s: MATINEE_LONG=1 runs it"
)
BACK_WITHIN = 12.0
"""Seconds; 10 are promised, on machines that do nothing else."""


def put_a_portal_before(odd: OddWebServer, on: bool) -> None:
    """A network that is joined anew cuts what is under way, too."""
    odd.portal = on
    odd.down = on
    time.sleep(0.2)
    odd.down = False


FAULTS: dict[str, Callable[[OddWebServer, bool], None]] = {
    "closed": lambda odd, on: setattr(odd, "down", on),
    "silent": lambda odd, on: setattr(odd, "silent", on),
    "portal": put_a_portal_before,
    "busy": lambda odd, on: setattr(odd, "refuses", 503 if on else 0),
    "refused": lambda odd, on: setattr(odd, "refuses", 404 if on else 0),
}


class Party(NamedTuple):
    host: SeatProcess
    viewer: SeatProcess


@asynccontextmanager
async def party(folder: Path, url: str) -> AsyncGenerator[Party]:
    """Two seats that have the film at ``url`` open and little of it ahead."""
    async with AsyncExitStack() as stack:
        server = await ServerProcess().start(folder / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(server.url, url, mpv=SMALL_CACHE)
        stack.push_async_callback(host.end)
        invite = (await host.wait_for("ready"))["invite"]
        viewer = await SeatProcess().join(invite, mpv=SMALL_CACHE)
        stack.push_async_callback(viewer.end)
        for seat in (host, viewer):
            await seat.wait_for("media", within=30.0)
        yield Party(host, viewer)


def is_in_step(line: Line) -> bool:
    drift = line["drift_ms"]
    return line["state"] == "playing" and drift is not None and abs(drift) < CLOSE_MS


async def back_in_step(it: Party) -> None:
    for seat, mark in [(seat, seat.mark) for seat in it]:
        await seat.wait_for("status", is_in_step, after=mark, within=BACK_WITHIN)


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("fault", "name"),
    [
        pytest.param(fault, name, marks=() if (fault, name) in USUAL else TAKES_LONG)
        for fault in FAULTS
        for name in NAMES
    ],
)
async def test_a_film_that_is_away_for_a_while_comes_back_by_itself(
    films: Films, tmp_path: Path, fault: str, name: str
) -> None:
    film = films.counter_film(120)
    films.hls(film)
    change = FAULTS[fault]
    with odd_web_server(film.parent) as odd:
        url = odd.url(f"/slow/40/{name}")
        async with party(tmp_path, url) as it:
            it.host.ask("play")
            for seat in it:
                await seat.wait_for("status", is_in_step)
            change(odd, True)
            said = await it.host.wait_for(
                "status",
                lambda line: line["state"] == "buffering" and line["reason"],
                # What the sockets on the way still hold is played first.
                within=75.0,
            )
            assert "waiting for the film" in said["reason"]
            paused = await it.viewer.wait_for("pause")
            assert paused["reason_code"] == "waiting_for_member"
            await asyncio.sleep(2.0)
            change(odd, False)
            await back_in_step(it)
            for seat in it:
                assert not [line for line in seat.lines if line["event"] == "error"]
