"""``python -m bench.heartbeat``: how long this machine lets a process stand still.

Sleeps 10 ms at a time until its input ends, then prints by how many ms it was woken late, at most
and at p99. Whatever is on time elsewhere on the machine was late by as much.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import sys
import time
from typing import TYPE_CHECKING, Final

from bench.table import percentile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

BEAT: Final = 0.010


def main() -> None:
    """Beat until told to stop."""
    late: list[float] = []
    while True:
        due = time.monotonic() + BEAT
        ended, _, _ = select.select([sys.stdin], [], [], BEAT)
        if ended:
            break
        late.append((time.monotonic() - due) * 1000)
    late.sort()
    print(f"{late[-1]:.3f} {percentile(late, 99):.3f}" if late else "nan nan")


@contextlib.asynccontextmanager
async def heartbeat() -> AsyncGenerator[list[float]]:
    """Beats until left; then the list holds both figures."""
    figures: list[float] = []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.heartbeat"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield figures
    finally:
        # Nothing to say, but without it the input would stay open (Python 3.11).
        said, _ = await process.communicate(b"")
        figures += map(float, said.split())


if __name__ == "__main__":
    main()
