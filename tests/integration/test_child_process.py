"""A child process is spoken with, logged and ended, and its supervisor does not wait in vain."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tui.processes.child_process import LINE_LIMIT, ChildProcess, EndTimeouts, exit_text
from tui.processes.restart_policy import RestartPolicy
from tui.processes.supervisor import Supervisor

if TYPE_CHECKING:
    from pathlib import Path

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True)\nwhile True: signal.pause()"
)
QUICK = EndTimeouts(after_close=0.05, after_terminate=0.05)
PATIENT = EndTimeouts(after_close=30.0, after_terminate=30.0)


async def child(program: str, log_file: Path | None = None) -> ChildProcess:
    return await ChildProcess.start((sys.executable, "-c", program), log_file)


async def test_lines_go_in_and_come_out() -> None:
    echo = await child(ECHO)
    for line in (b"one", b"", b"  two  "):
        echo.write_line(line)
    assert [await echo.read_line() for _ in range(2)] == [b"one", b"two"]
    await echo.end(PATIENT)
    assert await echo.read_line() is None


async def test_a_line_that_is_too_long_is_dropped_and_the_next_one_read() -> None:
    program = f"print('x' * {LINE_LIMIT + 1}); print('short')"
    talker = await child(program)
    assert [line async for line in talker.lines()][-1] == b"short"
    assert await talker.finished() == 0


async def test_its_errors_are_added_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    for _ in range(2):
        assert await (await child("1/0", log)).finished() == 1
    assert log.read_text().count("ZeroDivisionError") == 2


async def test_a_child_whose_input_is_closed_ends_by_itself() -> None:
    echo = await child(ECHO)
    await echo.end(PATIENT)
    assert await echo.finished() == 0


async def test_without_time_to_end_by_itself_it_is_told_by_signal() -> None:
    echo = await child(ECHO)
    await echo.end(EndTimeouts(after_close=None, after_terminate=30.0))
    assert exit_text(await echo.finished()) == "signal 15, SIGTERM"


async def test_a_child_that_does_not_listen_is_killed() -> None:
    deaf = await child(DEAF)
    assert await deaf.read_line() == b"deaf"
    await deaf.end(QUICK)
    assert exit_text(await deaf.finished()) == "signal 9, SIGKILL"
    with pytest.raises(ProcessLookupError):
        os.kill(deaf.pid, 0)


async def test_to_one_that_has_gone_nothing_is_said_and_it_is_not_ended_again() -> None:
    gone = await child("raise SystemExit(3)")
    assert exit_text(await gone.finished()) == "exit code 3"
    gone.write_line(b"hello")
    await gone.end(QUICK)
    assert gone.has_ended


def test_a_signal_without_a_name_has_its_number() -> None:
    assert exit_text(-250) == "signal 250"


async def test_a_supervisor_knows_the_process_that_runs_now() -> None:
    supervisor = Supervisor(None, RestartPolicy(), PATIENT)
    assert supervisor.pid is None
    first = await supervisor.start((sys.executable, "-c", ""))
    await first.finished()
    assert supervisor.pid is None
    second = await supervisor.start((sys.executable, "-c", ECHO))
    assert supervisor.pid == second.pid
    await supervisor.end(b"the last word")
    assert await second.read_line() == b"the last word"
    assert supervisor.pid is None


async def test_a_pause_before_a_restart_ends_with_the_supervisor() -> None:
    supervisor = Supervisor(None, RestartPolicy(), PATIENT)
    waiting = asyncio.create_task(supervisor.pause(3600.0))
    await supervisor.end()
    await waiting
    assert supervisor.is_ending


async def test_deaths_are_counted_by_the_supervisors_clock() -> None:
    now = 0.0
    policy = RestartPolicy(back_off=(0.25, 0.5), limit=3)
    supervisor = Supervisor(None, policy, PATIENT, clock=lambda: now)
    assert [supervisor.wait_before_restart() for _ in range(3)] == [0.25, 0.5, None]
    now = 1000.0
    assert supervisor.wait_before_restart() == 0.25
    supervisor.recovered()
    assert supervisor.wait_before_restart() == 0.25
