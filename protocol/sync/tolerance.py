"""Effective tolerance: how much drift a glide may mend on a jittery link."""

from __future__ import annotations

from typing import Final

GOOD_JITTER: Final = 0.010
WIDENING: Final = 4.0
"""Seconds of drift that each second of jitter excuses, beyond what is good."""
WIDEST: Final = 2.0
"""No jitter excuses more than so many times the stream's tolerance."""


def effective_tolerance(stream_tolerance: float, jitter: float) -> float:
    """Drift in seconds that is glided, where the stream allows ``stream_tolerance``.

    On a link whose round trips differ by ``jitter`` seconds a jump costs more and is less sure
    to help: there more is left to a glide. It never becomes less, and it has an upper bound.
    """
    excused = WIDENING * max(0.0, jitter - GOOD_JITTER)
    return min(stream_tolerance + excused, WIDEST * stream_tolerance)
