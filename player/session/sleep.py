"""How long this machine has slept, as far as its clocks tell."""

from __future__ import annotations

import time


def seconds_asleep() -> float:
    """Seconds the machine has slept since it started, or a figure that grows by them.

    The wall clock stands in where there is no other; setting it looks like a sleep then.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.time() - time.monotonic()
