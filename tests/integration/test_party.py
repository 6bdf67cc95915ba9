"""A whole party on real parts: server, host and viewer as processes, mpv with null outputs."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cast import Line, SeatProcess, ServerProcess
from tests.films import serve
from tests.integration.test_lengths import piped, with_late_subtitle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from tests.films import Films

CLOSE_MS = 20.0


class Party(NamedTuple):
    """Everybody who is there."""

    server: ServerProcess
    host: SeatProcess
    viewer: SeatProcess

    @property
    def seats(self) -> tuple[SeatProcess, SeatProcess]:
        return self.host, self.viewer


@asynccontextmanager
async def party(folder: Path, film: str, own: str = "") -> AsyncGenerator[Party]:
    """Two seats that have ``film`` open; the viewer's copy is ``own``."""
    async with AsyncExitStack() as stack:
        server = await ServerProcess().start(folder / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(server.url, film)
        stack.push_async_callback(host.end)
        ready = await host.wait_for("ready")
        viewer = await SeatProcess().join(ready["invite"], *([own] if own else []))
        stack.push_async_callback(viewer.end)
        for seat in (host, viewer):
            await seat.wait_for("media", within=30.0)
        yield Party(server, host, viewer)


def _in_step(line: Line) -> bool:
    drift = line["drift_ms"]
    return line["state"] == "playing" and drift is not None and abs(drift) < CLOSE_MS


def _playing_near(position: float) -> Callable[[Line], bool]:
    return lambda line: _in_step(line) and position <= line["position"] < position + 30


async def test_the_viewer_follows_each_thing_the_host_does(films: Films, tmp_path: Path) -> None:
    film = str(films.counter_film())
    async with party(tmp_path, film, film) as (_, host, viewer):
        host.ask("play")
        await viewer.wait_for("play", lambda line: line["name"] == "Ana" and not line["you"])
        for seat in (host, viewer):
            await seat.wait_for("status", _in_step)
        mark = viewer.mark
        host.ask("seek 300")
        await viewer.wait_for("seek", lambda line: line["position"] == 300, after=mark)
        for seat in (host, viewer):
            await seat.wait_for("status", _playing_near(300), after=mark)
        mark = viewer.mark
        host.ask("pause")
        paused = await viewer.wait_for("pause", after=mark)
        here = await viewer.wait_for("status", lambda line: line["state"] == "paused", after=mark)
        assert here["target"] == pytest.approx(paused["position"], abs=0.001)
        assert here["position"] == pytest.approx(paused["position"], abs=0.041)
        mark = viewer.mark
        host.ask("rate 1.25")
        host.ask("play")
        await viewer.wait_for(
            "status", lambda line: _in_step(line) and line["rate"] == 1.25, after=mark
        )
        host.ask("say [/] hi")
        assert (await viewer.wait_for("chat"))["text"] == "[/] hi"
        host.ask("rate 1")
        await viewer.wait_for(
            "status", lambda line: _in_step(line) and line["rate"] == 1, after=viewer.mark
        )
        mark = viewer.mark
        viewer.ask("resync")
        resynced = await viewer.wait_for("resync", after=mark)
        assert resynced["you"]
        assert abs(resynced["after_ms"]) < CLOSE_MS
        assert not (await host.wait_for("resync"))["you"]


@pytest.mark.parametrize("told", [None, 302.0], ids=["no length", "a stray subtitle"])
async def test_the_end_is_one_place_for_all_whatever_the_film_says_of_its_length(
    films: Films, tmp_path: Path, told: float | None
) -> None:
    counter, made = films.counter_film(12), tmp_path / "film.mkv"
    if told is None:
        piped(counter, made, "matroska")
    else:
        made = with_late_subtitle(counter, tmp_path)
    async with party(tmp_path, str(made), str(made)) as (_, host, viewer):
        if told is None:
            assert host.last("media")["duration"] is None
        else:
            assert host.last("media")["duration"] == pytest.approx(told, abs=0.5)
        host.ask("seek 9")
        host.ask("play")
        for seat in (host, viewer):
            await seat.wait_for("status", _in_step)
        paused = await viewer.wait_for("pause", within=20.0)
        assert (paused["reason"], 11.5 < paused["position"] < 12.5) == ("end of the film", True)
        for seat in (host, viewer):
            ended = await seat.wait_for("status", lambda line: line["state"] == "ended")
            assert ended["position"] == pytest.approx(paused["position"], abs=0.001)
            await seat.wait_for("media", lambda line: line["duration"] == paused["position"])
        host.ask("seek_by -6")
        for seat in (host, viewer):
            await seat.wait_for(
                "status", lambda line: line["state"] == "paused" and 5 < line["position"] < 7
            )
        assert not [
            line for seat in (host, viewer) for line in seat.lines if line["event"] == "error"
        ]


async def test_a_viewer_changes_nothing_and_is_told_who_may(films: Films, tmp_path: Path) -> None:
    film = str(films.counter_film())
    async with party(tmp_path, film, film) as (_, host, viewer):
        host.ask("play")
        await viewer.wait_for("status", _in_step)
        mark, host_mark = viewer.mark, host.mark
        for wish in ("pause", "seek 5", "rate 2", "toggle"):
            viewer.ask(wish)
            answer = await viewer.wait_for("view_only", after=mark)
            assert answer["message"] == "View Only: Ana is hosting"
            mark = viewer.mark
        await viewer.wait_for("status", _in_step, after=mark)
        happened = {line["event"] for line in host.lines[host_mark:]}
        assert not happened & {"pause", "seek", "rate"}


async def test_a_stopped_server_is_noticed_and_everybody_comes_back(
    films: Films, tmp_path: Path
) -> None:
    film = str(films.counter_film())
    async with party(tmp_path, film, film) as (server, host, viewer):
        host.ask("play")
        for seat in (host, viewer):
            await seat.wait_for("status", _in_step)
        before = {seat: seat.last("members")["you"] for seat in (host, viewer)}
        marks = {seat: seat.mark for seat in (host, viewer)}
        port = server.port
        server.kill(signal.SIGKILL)
        await server.wait()
        for seat in (host, viewer):
            await seat.wait_for("reconnecting", after=marks[seat])
            await seat.wait_for("status", lambda line: line["quality"] == "lost", after=marks[seat])
        again = await ServerProcess().start(tmp_path / "party.sqlite", port)
        try:
            for seat in (host, viewer):
                await seat.wait_for("recovered", after=marks[seat])
                mark = seat.mark
                await seat.wait_for("status", _in_step, after=mark)
                assert (await seat.wait_for("members", after=marks[seat]))["you"] == before[seat]
                jumps = [
                    line for line in seat.lines[marks[seat] :] if line["event"] == "correction"
                ]
                assert jumps == []
            host.ask("pause")
            await viewer.wait_for("pause", after=marks[viewer])
        finally:
            await again.end()
    assert _log(tmp_path / "party.sqlite") == list(
        range(1, len(_log(tmp_path / "party.sqlite")) + 1)
    )


async def test_a_killed_seat_comes_back_as_who_it_was(films: Films, tmp_path: Path) -> None:
    film = str(films.counter_film())
    key_file = str(tmp_path / "host.key")
    async with AsyncExitStack() as stack:
        server = await ServerProcess().start(tmp_path / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(
            server.url, film, host_key_file=key_file, instance_id="the-host-s-instance"
        )
        stack.push_async_callback(host.end)
        ready = await host.wait_for("ready")
        host.ask("play")
        await host.wait_for("status", _in_step)
        host.kill(signal.SIGKILL)
        await host.wait()
        again = await SeatProcess().host(
            server.url,
            film,
            stream_id=ready["stream_id"],
            host_key_file=key_file,
            instance_id="the-host-s-instance",
        )
        stack.push_async_callback(again.end)
        back = await again.wait_for("ready")
        assert back["member_id"] == ready["member_id"]
        assert back["role"] == "host"
        await again.wait_for("status", _in_step)
        again.ask("pause")
        await again.wait_for("pause", lambda line: line["you"])


async def test_a_seat_ends_when_its_face_is_gone(films: Films, tmp_path: Path) -> None:
    film = str(films.counter_film())
    async with party(tmp_path, film, film) as (_, host, viewer):
        host.ask("play")
        await viewer.wait_for("status", _in_step)
        viewer.close_stdin()
        await viewer.wait(3.0)
        await host.wait_for("left", lambda line: line["name"] == "Ben")


@pytest.mark.parametrize("kind", ["direct", "page", "hls", "dash"])
async def test_a_film_from_an_address_plays_at_both_seats(
    films: Films, tmp_path: Path, kind: str
) -> None:
    film = films.counter_film()
    what = {
        "direct": lambda: film,
        "page": lambda: films.page(film),
        "hls": lambda: films.hls(film),
        "dash": lambda: films.dash(film),
    }[kind]()
    with serve(films.directory) as web:
        async with party(tmp_path, web.url(what)) as (_, host, viewer):
            host.ask("seek 100")
            host.ask("play")
            for seat in (host, viewer):
                media = seat.last("media")
                assert media["duration"] == pytest.approx(600, abs=1)
                assert media["title"]
                assert {track["kind"] for track in media["tracks"]} == {"video", "audio"}
                await seat.wait_for("status", _playing_near(100), within=30.0)


async def test_another_cut_of_a_film_is_noticed_once(films: Films, tmp_path: Path) -> None:
    film, other = films.counter_film(), films.counter_film(seconds=30)
    async with party(tmp_path, str(film), str(other)) as (_, _, viewer):
        said = await viewer.wait_for("notice", lambda line: "not the same file" in line["message"])
        assert "size" in said["message"]
        await viewer.wait_for("notice", lambda line: "another cut" in line["message"])


async def test_a_host_s_file_is_asked_for_and_never_opened_by_path(
    films: Films, tmp_path: Path
) -> None:
    film = str(films.counter_film())
    async with AsyncExitStack() as stack:
        server = await ServerProcess().start(tmp_path / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(server.url, film)
        stack.push_async_callback(host.end)
        viewer = await SeatProcess().join((await host.wait_for("ready"))["invite"])
        stack.push_async_callback(viewer.end)
        error = await viewer.wait_for("error")
        assert "a file of his own" in error["message"]
        assert error["remedy_code"] == "name_copy"


def _log(database: Path) -> list[int]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT seq FROM playback_events ORDER BY epoch, seq").fetchall()
    connection.close()
    return [row[0] for row in rows]
