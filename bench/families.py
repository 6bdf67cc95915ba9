"""A process and everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time


def family(pid: int) -> list[int]:
    """The process and its descendants, the eldest first."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    children: dict[int, list[int]] = {}
    for line in listed.stdout.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def tell(pids: list[int], number: int) -> None:
    """Send a signal to each."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end_all(pids: list[int], within: float = 3.0) -> None:
    """End them, gently first; stopped ones too."""
    tell(pids, signal.SIGTERM)
    tell(pids, signal.SIGCONT)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and any(map(_is_alive, pids)):
        time.sleep(0.05)
    tell([pid for pid in pids if _is_alive(pid)], signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    """Whether it runs; our own child that ended but was not waited for does not."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


def seconds_used(pid: int) -> float:
    """Processor time of a process and everything that it started, those that ended included.

    Linux only.
    """
    ticks = 0
    for member in family(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{member}/stat", encoding="utf-8") as file:
                # A name in brackets comes second, and may hold anything.
                fields = file.read().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
