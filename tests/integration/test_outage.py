"""A network that is away for a while and then delivers everything at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bench.links import Link, Way
from tests.cast import SeatProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.films import Films

OUTAGE = 10.5
"""Seconds; a seat gives a silent connection up after 12."""


@pytest.mark.slow
async def test_after_an_outage_of_ten_seconds_nobody_is_told_of_a_flood(
    films: Films, tmp_path: Path
) -> None:
    film = str(films.counter_film())
    server = await ServerProcess().start(tmp_path / "party.sqlite")
    host, viewer = SeatProcess(), SeatProcess()
    try:
        async with Link(server.port, Way("loopback", 0.0, 0.0)).running() as link:
            await host.host(server.url, film, play=True)
            invite = str((await host.wait_for("ready"))["invite"])
            invite = invite.replace(f":{server.port}/", f":{link.port}/")
            await viewer.join(invite, film)
            await viewer.wait_for("status", lambda line: line["state"] == "playing", within=30.0)
            mark = viewer.mark
            link.cut()
            for _ in range(3):
                await asyncio.sleep(OUTAGE / 3)
                viewer.ask("volume -1")
            link.mend()
            host.ask("seek 200")
            await viewer.wait_for(
                "status", lambda line: line["position"] and line["position"] > 200, after=mark
            )
            await asyncio.sleep(1.5)
            lines = viewer.lines[mark:]
            assert [line for line in lines if line["event"] in ("error", "reconnecting")] == []
            away = [line["quality"] for line in lines if line["event"] == "status"]
            assert away[-1] != "lost"
    finally:
        for process in (viewer, host, server):
            await process.end()
