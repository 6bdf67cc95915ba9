"""Playlists whose timestamps begin anew in the middle, at two seats with real mpv."""

from __future__ import annotations

from contextlib import AsyncExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.cast import Line, SeatProcess, ServerProcess
from tests.films import serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.films import Films

CLOSE_MS = 40.0
SECONDS = 8


def _in_step_from(position: float) -> Callable[[Line], bool]:
    def holds(line: Line) -> bool:
        drift = line["drift_ms"]
        is_close = line["state"] == "playing" and drift is not None and abs(drift) < CLOSE_MS
        return is_close and line["position"] >= position

    return holds


async def test_all_parts_are_seen_once_and_in_order_by_both(films: Films, tmp_path: Path) -> None:
    playlist = films.joined_hls(films.counter_film(SECONDS))
    async with AsyncExitStack() as stack:
        web = stack.enter_context(serve(films.directory))
        server = await ServerProcess().start(tmp_path / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(server.url, web.url(playlist))
        stack.push_async_callback(host.end)
        ready = await host.wait_for("ready")
        opened = await host.wait_for("media", within=30.0)
        assert abs(opened["duration"] - 3 * SECONDS) < 0.5
        viewer = await SeatProcess().join(ready["invite"])
        stack.push_async_callback(viewer.end)
        await viewer.wait_for("media", within=30.0)
        host.ask("play")
        marks = {seat: seat.mark for seat in (host, viewer)}
        for seat in (host, viewer):
            await seat.wait_for("status", _in_step_from(SECONDS + 3.0), within=25.0)
        for seat, mark in marks.items():
            positions = [
                line["position"]
                for line in seat.lines[mark:]
                if line["event"] == "status" and line["state"] == "playing"
            ]
            assert all(-0.3 < after - before < 1.5 for before, after in pairwise(positions))
        for place in (2 * SECONDS + 3.0, 2.0, SECONDS + 2.0):
            mark = {seat: seat.mark for seat in (host, viewer)}
            host.ask(f"seek {place}")
            for seat in (host, viewer):
                line = await seat.wait_for("status", _in_step_from(place), after=mark[seat])
                assert line["position"] < place + 6.0
        assert not [line for line in (*host.lines, *viewer.lines) if line["event"] == "error"]
