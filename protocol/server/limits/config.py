"""Configuration of every limit of the server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from protocol.wire.messages import ClientMessage
from protocol.wire.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of the server in one place; tests make them small."""

    hello_timeout: float = 5.0
    """Seconds from an open socket to its hello."""
    hurried_hello: float = 1.5
    """The same while others wait for a place."""
    state_interval: float = 5.0
    """Seconds between two repetitions of the timeline."""
    presence_interval: float = 0.25
    """Seconds between two tellings of who is here."""
    drift_interval: float = 1.0
    """Seconds between two tellings that differ in measured values only."""
    grace: float = 10.0
    """Seconds that a lost connection's member stays listed."""
    idle_interval: float = 10.0
    """Seconds that a film plays on with nobody connected."""
    resume_events: int = 300
    resume_bytes: int = 256 * 1024
    members_told: int = 200
    """Members that a stream tells of; of those beyond it tells how many there are."""
    strikes: RateLimit = RateLimit(1 / 30, 3)
    """Broken rules before the connection closes; one is forgiven every 30 s."""
    strike_interval: float = 1.0
    """A burst that is over a rate counts once in so many seconds."""
    rest: float = 0.05
    """Seconds in which nothing is read of who is over a rate: a flood stays in its own network."""
    rates: Mapping[type[ClientMessage], RateLimit] = field(
        default_factory=dict[type[ClientMessage], RateLimit]
    )
    """Other limits of messages than those that they carry."""
    characters: RateLimit = RateLimit(64 * 1024, 128 * 1024)
    opens: RateLimit = RateLimit(20, 40)
    """Of one address."""
    open_at_once: int = 50
    """Of one address."""
    unauthenticated: int = 256
    """Sockets that have not been let in yet, of all addresses."""
    failures: RateLimit = RateLimit(10 / 60, 10)
    """Wrong tokens of one address."""
    reads: RateLimit = RateLimit(20, 40)
    """Of the state and the log without a websocket, of one address."""
    creations: RateLimit = RateLimit(5 / 60, 5)
    """New streams of one address."""
    unread: int = 256 * 1024
    """Bytes that wait for a seat which does not read."""
    behind: float = 5.0
    """Seconds that anything may wait for a seat which does not read."""
    invite_lifetime: float = 24 * 3600.0
    """Seconds."""


def for_crowds(limits: Limits, most: int) -> Limits:
    """The same with ``most`` connections of one address, and so much quicker if they are more."""
    times = max(1.0, most / limits.open_at_once)
    opens, reads = (
        RateLimit(rate.per_second * times, rate.burst * times)
        for rate in (limits.opens, limits.reads)
    )
    return replace(limits, open_at_once=most, opens=opens, reads=reads)
