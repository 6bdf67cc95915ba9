"""Rate limit: what a token bucket is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many a second on average, and ``burst`` at once."""

    per_second: float
    burst: float
