"""Local clocks: what this machine's clocks tell, for the session's core."""

from __future__ import annotations

import time

from player.session.core.sleep_detector import LocalClocks


def read_clocks() -> LocalClocks:
    """The monotonic clock, and how long the machine has slept as far as another one tells.

    The wall clock stands in where there is no other; setting it looks like a sleep then.
    """
    now = time.monotonic()
    if hasattr(time, "CLOCK_BOOTTIME"):
        return LocalClocks(now, time.clock_gettime(time.CLOCK_BOOTTIME) - now)
    return LocalClocks(now, time.time() - now)
