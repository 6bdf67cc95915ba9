"""A seat is started, heard, told, started again when it dies, and ended: on real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pytest

from player.api import views
from player.api.config import SeatConfig
from player.api.intents import OwnCopy, PictureSize, Say, Seek
from tui.processes.child_process import EndTimeouts
from tui.processes.restart_policy import RestartPolicy
from tui.processes.seat import SeatProcess
from tui.state.party_state import SEAT_DIED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from protocol.wire.messages import Role
    from tui.processes.seat_lines import SeatLine

FAKE_SEAT = (sys.executable, "-m", "tests.doubles.fake_seat")
QUICK = RestartPolicy(back_off=(0.0,))
View = TypeVar("View", bound=views.View)


def config(role: Role = "host", **more: object) -> SeatConfig:
    fields: dict[str, object] = {
        "role": role,
        "name": "Ana",
        "instance_id": "instance-0001",
        "server": "http://127.0.0.1:1",
        "status_interval": 0.05,
    }
    return msgspec.convert(fields | more, SeatConfig)


class Heard:
    """The lines of a seat, looked through from the place of the last find."""

    def __init__(self, lines: AsyncGenerator[SeatLine]) -> None:
        self._lines = lines
        self.all: list[views.AnyView | None] = []

    async def next(self, kind: type[View], holds: Callable[[View], bool] = lambda _: True) -> View:
        """The next view of that kind that holds."""
        async for line in self._lines:
            self.all.append(line.view)
            if isinstance(line.view, kind) and holds(line.view):
                return line.view
        raise AssertionError(f"the seat ended before {kind.__name__}; it said {self.all}")

    async def rest(self) -> list[views.AnyView | None]:
        """All that is left, until the seat has ended for good."""
        return [line.view async for line in self._lines]


async def test_a_seat_says_and_does_what_it_is_told() -> None:
    seat = SeatProcess(config(), command=FAKE_SEAT)
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        assert (await heard.next(views.Ready)).name == "Ana"
        seat.send(Seek(120.0))
        assert (await heard.next(views.Sought)).position == 120.0
        seat.send(b"say  hello there")
        assert (await heard.next(views.ChatLine)).text == "hello there"
        await seat.end()
        assert isinstance((await heard.rest())[-1], views.Ended)
    assert seat.exit_code == 0


async def test_a_killed_seat_comes_back_as_quiet_and_with_the_copy_that_was_named() -> None:
    seat = SeatProcess(config("viewer", mpv=(("volume", "80"),)), command=FAKE_SEAT, policy=QUICK)
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        await heard.next(views.MediaView)
        await heard.next(views.Status)
        seat.send(OwnCopy("/films/mine.mkv"))
        seat.send(Say("/die"))
        await heard.next(views.ErrorLine)
        await heard.next(views.Ready)
        assert dict(seat.config.mpv) == {"volume": "100", "mute": "no", "sub-scale": "1"}
        assert seat.config.media == ("/films/mine.mkv",)
        assert seat.config.returning
        await seat.end()


async def test_a_killed_seat_comes_back_as_the_host_of_the_same_stream() -> None:
    seat = SeatProcess(config(play=True, media=("/a", "/b")), command=FAKE_SEAT, policy=QUICK)
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        first = await heard.next(views.Ready)
        await heard.next(views.MediaView)
        pid = seat.pid
        seat.send(Say("/die"))
        died = await heard.next(views.ErrorLine)
        assert died.code == SEAT_DIED
        assert "signal 9" in died.message
        assert (await heard.next(views.Ready)).stream_id == first.stream_id
        assert seat.pid != pid
        assert seat.config.stream_id == first.stream_id
        assert seat.config.instance_id == "instance-0001"
        assert not seat.config.play
        assert seat.config.media == ("/b",), "the queue goes on where it was"
        await seat.end()


async def test_a_viewer_comes_back_with_his_invite() -> None:
    seat = SeatProcess(
        config("viewer", stream_id="stream-0009", token="token-0009"),
        command=FAKE_SEAT,
        policy=QUICK,
    )
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        await heard.next(views.Ready)
        seat.send(Say("/exit 3"))
        assert "exit code 3" in (await heard.next(views.ErrorLine)).message
        await heard.next(views.Ready)
        assert (seat.config.stream_id, seat.config.token) == ("stream-0009", "token-0009")
        await seat.end()


async def test_a_seat_that_keeps_dying_is_given_up_with_a_reason(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "seat.log"
    crash = (sys.executable, "-c", "import sys; sys.exit('no such thing')")
    seat = SeatProcess(config(log_file=str(log)), command=crash, policy=QUICK)
    said = [line.view async for line in seat.lines()]
    assert len(said) == 5
    last = said[-1]
    assert isinstance(last, views.ErrorLine)
    assert last.fatal
    assert "5 times" in last.message
    assert str(log) in last.remedy
    assert seat.exit_code == 1
    assert log.read_text().count("no such thing") == 5


async def test_a_fatal_error_is_no_reason_to_start_again() -> None:
    seat = SeatProcess(config(), command=FAKE_SEAT)
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        await heard.next(views.Ready)
        seat.send(Say("/fatal"))
        await heard.next(views.ErrorLine, lambda error: error.fatal)
        assert all(not isinstance(view, views.Ready) for view in await heard.rest())
    assert seat.exit_code == 1


async def test_a_seat_that_does_not_listen_is_killed() -> None:
    deaf = (
        sys.executable,
        "-c",
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        'print(\'{"event":"progress","message":"deaf"}\', flush=True)\nwhile True: signal.pause()',
    )
    seat = SeatProcess(config(), command=deaf, timeouts=EndTimeouts(0.05, 0.05))
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        await heard.next(views.Progress)
        pid = seat.pid
        assert pid is not None
        await seat.end()
        assert await heard.rest() == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_leaving_does_not_wait_for_a_restart() -> None:
    crash = (sys.executable, "-c", "raise SystemExit(1)")
    seat = SeatProcess(config(), command=crash, policy=RestartPolicy(back_off=(30.0,)))
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        await heard.next(views.ErrorLine)
        rest = asyncio.create_task(heard.rest())
        await seat.end()
        assert await rest == []


async def test_what_is_asked_before_the_seats_first_word_waits_for_it() -> None:
    seat = SeatProcess(config(), command=FAKE_SEAT)
    seat.send(Seek(1.0))
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        assert (await heard.next(views.Sought)).position == 1.0
        await seat.end()
        await heard.rest()


async def test_a_seat_that_comes_back_is_told_the_size_of_the_stage_again() -> None:
    seat = SeatProcess(config(), command=FAKE_SEAT, policy=QUICK)
    async with aclosing(seat.lines()) as lines:
        heard = Heard(lines)
        await heard.next(views.Ready)
        seat.send(PictureSize(80, 46))
        seat.send(Say("/die"))
        await heard.next(views.ErrorLine)
        assert "80x46" in (await heard.next(views.Notice)).message
        await seat.end()
        await heard.rest()
