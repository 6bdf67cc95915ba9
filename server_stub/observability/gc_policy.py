"""Garbage collection policy: looks for garbage when it is worth it, not in the middle of an
event.

Python's full collection looks at every object there is: with a thousand seats 45 ms, in which
nobody is told of anything. It comes when there are enough new objects, that is while people
come, or at any moment. And it looks at the young, for up to 5 ms, whenever they are many enough,
which is always in the middle of something. Here they are looked at between two events, and what
has become old after a time, or when enough connections have ended to have left some.
"""

from __future__ import annotations

import gc
from typing import Final

ENDED: Final = 20
"""Connections that may end, or as many as are open, before there is a look all the same: what it
costs is in proportion to them, and so is what they may have left."""
YOUNG: Final = 2_000
"""New objects that are worth a look; hardly any are garbage, as Python counts references."""
_BY_ITSELF: Final = (20_000, 5, 1_000_000)
"""New objects until Python looks all the same, and so on; the old ones are left to us."""


class GcPolicy:
    """Decides when; an instant is seconds on any monotonic clock.

    Args:
        now: an instant.
        interval: seconds between two looks at everything.
    """

    def __init__(self, now: float, interval: float) -> None:
        self._looked_at = now
        self._interval = interval
        self._ended = 0

    def ended(self) -> None:
        """A connection has ended."""
        self._ended += 1

    def is_due(self, now: float, connections: int) -> bool:
        """Whether to `collect` now that so many are open; says so once."""
        is_due = now - self._looked_at >= self._interval or self._ended > max(ENDED, connections)
        if is_due:
            self._looked_at, self._ended = now, 0
        return is_due


def leave_the_old_to_us() -> None:
    """For the whole process: what there is already stays, and Python does not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_BY_ITSELF)


def collect() -> None:
    """Look at everything that has come since."""
    gc.collect()


def collect_the_young() -> bool:
    """Look at what is new, if that is worth it; says whether it was."""
    is_worth_it = gc.get_count()[0] >= YOUNG
    if is_worth_it:
        gc.collect(1)
    return is_worth_it
