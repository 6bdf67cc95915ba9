"""Live streams at two seats, with real mpv and a list that slides on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests.cast import Line, SeatProcess, ServerProcess
from tests.doubles.odd_web.server import odd_web_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.films import Films

CLOSE_MS = 20.0
JOINS_AFTER = 6.0


def _in_step(line: Line) -> bool:
    drift = line["drift_ms"]
    return line["state"] == "playing" and drift is not None and abs(drift) < CLOSE_MS


@pytest.mark.parametrize("kind", ["live", "dated"])
async def test_a_live_list_is_watched_in_step_by_who_comes_late_too(
    films: Films, tmp_path: Path, kind: str
) -> None:
    playlist = films.hls(films.counter_film(60)).relative_to(films.directory)
    async with AsyncExitStack() as stack:
        odd = stack.enter_context(odd_web_server(films.directory))
        server = await ServerProcess().start(tmp_path / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(server.url, odd.url(f"/{kind}/5/{playlist.as_posix()}"))
        stack.push_async_callback(host.end)
        ready = await host.wait_for("ready")
        opened = await host.wait_for("media", within=30.0)
        assert (opened["is_live"], opened["duration"]) == (True, None)
        host.ask("play")
        await host.wait_for("status", lambda line: line["target"] > JOINS_AFTER, within=20.0)
        viewer = await SeatProcess().join(ready["invite"])
        stack.push_async_callback(viewer.end)
        assert (await viewer.wait_for("media", within=30.0))["is_live"]
        for seat in (host, viewer):
            await seat.wait_for("status", _in_step, within=15.0)
        mark = viewer.mark
        host.ask("pause")
        paused = await viewer.wait_for("pause", after=mark)
        await viewer.wait_for("status", lambda line: line["state"] == "paused", after=mark)
        host.ask("play")
        again = await viewer.wait_for("status", _in_step, after=viewer.mark)
        assert again["position"] == pytest.approx(paused["position"], abs=5.0)
        mark = host.mark
        host.ask("seek 100000")
        said = await host.wait_for("notice", after=mark)
        assert "of this live stream only the last" in said["message"]
        assert not [line for line in viewer.lines if line["event"] in ("error", "notice")]
