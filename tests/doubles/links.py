"""Links as they are met, in virtual time: one-way delays by chance, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

Delay = Callable[[Random, float], float]
"""Seconds that a message needs that leaves at an instant."""


class Link(NamedTuple):
    """The way to the server and back, each with delays of its own."""

    there: Delay
    back: Delay


def _wifi(chance: Random, at: float) -> float:
    retry = 0.030 * chance.random() if chance.random() < 0.05 else 0.0
    return 0.002 + chance.expovariate(500.0) + retry


def _wan(chance: Random, at: float) -> float:
    return 0.030 + chance.gammavariate(2.0, 0.004)


def _idle(chance: Random, at: float) -> float:
    return 0.020 + chance.expovariate(500.0)


def _loaded(chance: Random, at: float) -> float:
    return 0.020 + chance.expovariate(30.0)


def _bloated(chance: Random, at: float) -> float:
    """A queue of 100 to 300 ms in every other half minute."""
    queue = 0.2 + chance.uniform(-0.1, 0.1) if at % 60.0 >= 30.0 else 0.0
    return _idle(chance, at) + queue


LINKS: Final = {
    "Wi-Fi": Link(_wifi, _wifi),
    "WAN": Link(_wan, _wan),
    "loaded uplink": Link(_loaded, _idle),
    "bufferbloat": Link(_bloated, _idle),
}


def leaning(link: Link, seconds: float) -> Link:
    """The same link with a way there that is always longer, which nobody can see."""

    def there(chance: Random, at: float) -> float:
        return link.there(chance, at) + seconds

    return Link(there, link.back)
