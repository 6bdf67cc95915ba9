"""The faces without a screen, on pipes and a seat of its own process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_seat_process import FAKE_SEAT, QUICK, config
from tui.faces.lines import LineFace, Output
from tui.faces.printers import JsonPrinter, PlainPrinter
from tui.processes.seat import SeatProcess

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from protocol.wire.messages import Role


@dataclass
class Terminal:
    """The other ends of a face's input and output."""

    out: asyncio.StreamReader
    typed: int
    out_transport: asyncio.ReadTransport
    face: asyncio.Task[int]

    def type(self, line: str) -> None:
        os.write(self.typed, line.encode() + b"\n")

    async def line(self, word: str) -> str:
        """The next printed line that holds ``word``."""
        while text := (await self.out.readline()).decode():
            if word in text:
                return text.rstrip("\n")
        raise AssertionError(f"no line with {word!r}")


@asynccontextmanager
async def terminal(*, as_json: bool, role: Role = "host") -> AsyncGenerator[Terminal]:
    out_read, out_write = os.pipe()
    in_read, in_write = os.pipe()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(out_read, "rb")
    )
    printer = JsonPrinter() if as_json else PlainPrinter(colour=False)
    output = Output(out_write)
    seat = SeatProcess(config(role), command=FAKE_SEAT, policy=QUICK)
    face = asyncio.create_task(LineFace(printer, output, input_descriptor=in_read).run(seat))
    try:
        yield Terminal(reader, in_write, transport, face)
    finally:
        await seat.end()
        await face
        transport.close()
        os.close(out_write)
        os.close(in_write)


async def test_json_begins_with_ready_and_prints_the_seats_lines_as_they_are() -> None:
    async with terminal(as_json=True) as there:
        ready = json.loads(await there.line("event"))
        assert ready["event"] == "ready"
        assert ready["role"] == "host"
        assert ready["invite"]
        there.type("seek 240")
        assert json.loads(await there.line('"event":"seek"'))["position"] == 240
        there.type('{"intent":"rate","rate":1.25}')
        assert json.loads(await there.line('"event":"rate"'))["rate"] == 1.25
        there.type("quit")
        await there.line('"ended"')
        assert await there.face == 0


async def test_a_wrong_command_is_answered_and_nothing_ends() -> None:
    async with terminal(as_json=True) as there:
        there.type("dance")
        error = json.loads(await there.line('"error"'))
        assert "dance" in error["message"]
        there.type("say still here")
        await there.line("still here")


async def test_plain_tells_what_happens_in_sentences() -> None:
    async with terminal(as_json=False) as there:
        assert "you host" in await there.line("joined as")
        assert "#token" in await there.line("invite: http")
        assert "0:10:00" in await there.line("film: ")
        await there.line("paused · 0:00:00 of 0:10:00")
        there.type("play")
        await there.line("Ana started the film")
        await there.line("playing · ")
        there.type("say hi [/] there")
        await there.line("Ana: hi [/] there")
        there.type("say /drop")
        await there.line("the server is out of reach: connection refused; trying again")
        await there.line("reconnecting · ")
        there.type("say /back")
        await there.line("connected again after 3 s: recovered 4 events")


async def test_plain_tells_a_viewer_who_controls() -> None:
    async with terminal(as_json=False, role="viewer") as there:
        await there.line("View Only: Ana hosts")
        there.type("pause")
        await there.line("View Only: Ana is hosting")


async def test_plain_tells_that_the_seat_died_and_is_back() -> None:
    async with terminal(as_json=False) as there:
        await there.line("joined as")
        there.type("say /die")
        await there.line("The player process died (signal 9, SIGKILL); starting it again.")
        await there.line("joined as")


async def test_the_end_of_the_input_changes_nothing() -> None:
    async with terminal(as_json=False) as there:
        await there.line("joined as")
        os.close(there.typed)
        there.typed = os.dup(2)
        await there.line("paused · ")
        assert not there.face.done()


async def test_a_closed_output_ends_the_face() -> None:
    async with terminal(as_json=True) as there:
        await there.line("ready")
        there.out_transport.close()
        assert await asyncio.wait_for(there.face, 10) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_a_signal_ends_the_seat_first(number: signal.Signals, code: int) -> None:
    async with terminal(as_json=True) as there:
        await there.line("ready")
        os.kill(os.getpid(), number)
        await there.line('"ended"')
        assert await there.face == code
