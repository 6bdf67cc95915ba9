"""Starts that wait, on real parts: a film that comes slowly, one that stalls, and a queue."""

from __future__ import annotations

import threading
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cast import NULL_OUTPUTS, Line, SeatProcess, ServerProcess
from tests.films import serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from tests.films import Films

CLOSE_MS = 20.0
SOON = 2.5
"""Seconds within which a seat has told of a start and is measured."""
LITTLE_CACHE = (*NULL_OUTPUTS, ("demuxer-max-bytes", "150KiB"), ("demuxer-readahead-secs", "3"))


class Tap:
    """Lets a web server's bytes through, or not."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_open = threading.Event()


@contextmanager
def tapped(films: Films, film: Path) -> Generator[Tap]:
    """The film behind a tap, which is closed at first."""
    with serve(films.directory) as web:
        tap = Tap(web.url(film))
        web.count = lambda size: tap.is_open.wait(60.0) and None  # type: ignore[method-assign]
        try:
            yield tap
        finally:
            tap.is_open.set()


class Party(NamedTuple):
    host: SeatProcess
    viewer: SeatProcess

    @property
    def seats(self) -> tuple[SeatProcess, SeatProcess]:
        return self.host, self.viewer


@asynccontextmanager
async def party(
    folder: Path, *media: str, own: str = "", **settings: object
) -> AsyncGenerator[Party]:
    """A host who has the film open, and a viewer who looks for it."""
    async with AsyncExitStack() as stack:
        server = await ServerProcess().start(folder / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(server.url, *media)
        stack.push_async_callback(host.end)
        ready = await host.wait_for("ready")
        viewer = await SeatProcess().join(ready["invite"], *([own] if own else []), **settings)
        stack.push_async_callback(viewer.end)
        await host.wait_for("media", within=30.0)
        await viewer.wait_for("ready")
        yield Party(host, viewer)


def _in_step(line: Line) -> bool:
    drift = line["drift_ms"]
    return line["state"] == "playing" and drift is not None and abs(drift) < CLOSE_MS


def _ben_loads(line: Line) -> bool:
    return ("Ben", "loading") in [(m["name"], m.get("state")) for m in line["members"]]


def _has_begun(line: Line) -> bool:
    return _in_step(line) and line["target"] < 6.0


async def test_a_party_starts_when_the_last_one_has_the_film_open(
    films: Films, tmp_path: Path
) -> None:
    film = films.counter_film()
    with tapped(films, film) as tap:
        async with party(tmp_path, str(film), own=tap.url) as (host, viewer):
            await host.wait_for("members", _ben_loads)
            host.ask("play")
            for seat in (host, viewer):
                waiting = await seat.wait_for("waiting")
                assert waiting["names"] == ["Ben"]
                assert 5.0 < waiting["left"] <= 8.0
            mark = host.mark
            still = await host.wait_for("status", after=mark)
            assert (still["playing"], still["target"]) == (True, 0.0)
            tap.is_open.set()
            start = await host.wait_for("play", lambda line: not line["name"])
            said = (start["reason_code"], start["reason"])
            assert said == ("everybody_ready", "everybody is ready")
            await host.wait_for("waiting", lambda line: not line["names"])
            for seat in (host, viewer):
                await seat.wait_for("status", _has_begun)


async def test_the_host_goes_on_without_one_who_is_late(films: Films, tmp_path: Path) -> None:
    film = films.counter_film()
    with tapped(films, film) as tap:
        async with party(tmp_path, str(film), own=tap.url) as (host, viewer):
            await host.wait_for("members", _ben_loads)
            host.ask("play")
            await host.wait_for("waiting")
            host.ask("play")
            await host.wait_for("status", _in_step, within=3.0)
            assert host.last("waiting")["names"] == []
            tap.is_open.set()
            await viewer.wait_for("status", _in_step)


async def test_nobody_is_waited_for_beyond_the_bound(films: Films, tmp_path: Path) -> None:
    film = films.counter_film()
    with tapped(films, film) as tap:
        async with party(tmp_path, str(film), own=tap.url) as (host, _):
            await host.wait_for("members", _ben_loads)
            host.ask("play")
            await host.wait_for("waiting")
            began = time.monotonic()
            await host.wait_for("status", _in_step, within=12.0)
            assert 6.0 < time.monotonic() - began < 8.0 + SOON


async def test_the_next_film_starts_by_itself_and_together(films: Films, tmp_path: Path) -> None:
    first, second = films.counter_film(), films.counter_film(seconds=20)
    with serve(films.directory) as web:
        async with party(tmp_path, web.url(first), web.url(second)) as (host, viewer):
            await viewer.wait_for("media")
            host.ask("play")
            for seat in (host, viewer):
                await seat.wait_for("status", _in_step)
            marks = {seat: seat.mark for seat in (host, viewer)}
            host.ask("next")
            for seat in (host, viewer):
                mark = marks[seat]
                await seat.wait_for("media_changed", after=mark)
                await seat.wait_for("status", _has_begun, after=mark)
                lines = [line for line in seat.lines[mark:] if line["event"] == "status"]
                assert not any(line["correction"] == "jump" for line in lines)
            # At its end, the one after it would begin in the same way; here there is none.
            mark = viewer.mark
            ended = await viewer.wait_for("pause", after=mark, within=40.0)
            said = (ended["reason_code"], ended["reason"])
            assert said == ("end_of_film", "end of the film")


async def test_a_party_that_waits_stops_for_a_stall(films: Films, tmp_path: Path) -> None:
    film = films.counter_film()
    with tapped(films, film) as tap:
        tap.is_open.set()
        async with party(tmp_path, str(film), own=tap.url, mpv=LITTLE_CACHE) as (host, viewer):
            await viewer.wait_for("media")
            host.ask("wait on")
            assert (await viewer.wait_for("settings"))["wait"]
            host.ask("play")
            for seat in (host, viewer):
                await seat.wait_for("status", _in_step)
            mark = host.mark
            tap.is_open.clear()
            # Its first bytes are let through: some seconds of the film.
            host.ask("seek 300")
            await viewer.wait_for("buffer_start", within=40.0)
            pause = await host.wait_for("pause", after=mark)
            assert (pause["name"], pause["reason"]) == ("", "waiting for Ben")
            assert pause["reason_code"] == "waiting_for_member"
            tap.is_open.set()
            await host.wait_for("play", lambda line: not line["name"], after=mark)
            for seat in (host, viewer):
                await seat.wait_for("status", _in_step, after=seat.mark)
            host.ask("wait off")
            assert not (await viewer.wait_for("settings", lambda line: not line["wait"]))["wait"]


@pytest.mark.parametrize("line", ["sync off", "tolerance 250"])
async def test_settings_reach_everybody(films: Films, tmp_path: Path, line: str) -> None:
    film = str(films.counter_film())
    async with party(tmp_path, film, own=film) as (host, viewer):
        host.ask(line)
        told = await viewer.wait_for("settings")
        assert (told["sync_enabled"], told["sync_tolerance_ms"]) == (
            (False, 500) if line == "sync off" else (True, 250)
        )
