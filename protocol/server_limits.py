"""How much may be asked of the server, and of each peer how much; over it, they wait."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from protocol.messages import (
    ClientMessage,
    Command,
    HandOver,
    Hello,
    Leave,
    NewInvite,
    Note,
    Ping,
    Remove,
    Report,
    Resume,
    Say,
)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second on average, and ``burst`` at once."""

    per_second: float
    burst: float


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
    deserted_interval: float = 10.0
    """Seconds that a film plays on with nobody connected."""
    resume_events: int = 300
    resume_bytes: int = 256 * 1024
    members_told: int = 200
    """Members that a stream tells of; of those beyond it tells how many there are."""
    strikes: Rate = Rate(1 / 30, 3)
    """Broken rules before the connection closes; one is forgiven every 30 s."""
    strike_interval: float = 1.0
    """A burst that is over a rate counts once in so many seconds."""
    rest: float = 0.05
    """Seconds in which nothing is read of who is over a rate: a flood stays in its own network."""
    command: Rate = Rate(10, 20)
    note: Rate = Rate(2, 10)
    say: Rate = Rate(1, 5)
    report: Rate = Rate(4, 10)
    ping: Rate = Rate(20, 40)
    resume: Rate = Rate(1, 5)
    errand: Rate = Rate(1, 10)
    """Each of invites, removals and hand-overs."""
    characters: Rate = Rate(64 * 1024, 128 * 1024)
    opens: Rate = Rate(20, 40)
    """Of one address."""
    open_at_once: int = 50
    """Of one address."""
    unauthenticated: int = 256
    """Sockets that have not been let in yet, of all addresses."""
    failures: Rate = Rate(10 / 60, 10)
    """Wrong tokens of one address."""
    reads: Rate = Rate(20, 40)
    """Of the state and the log without a websocket, of one address."""
    creations: Rate = Rate(5 / 60, 5)
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
        Rate(rate.per_second * times, rate.burst * times) for rate in (limits.opens, limits.reads)
    )
    return replace(limits, open_at_once=most, opens=opens, reads=reads)


class Bucket:
    """Tokens that come back with time; instants are seconds on any one clock."""

    __slots__ = ("_at", "_rate", "_tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = rate.burst
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until there is a whole token; 0 when there is one."""
        elapsed = max(0.0, now - self._at)
        self._tokens = min(self._rate.burst, self._tokens + elapsed * self._rate.per_second)
        self._at = now
        return max(0.0, 1.0 - self._tokens) / self._rate.per_second

    def take(self, now: float, amount: float = 1.0) -> float:
        """Take ``amount``, or answer after how many seconds to come again.

        More than one token may be taken on credit, so that one large message passes and
        the next ones wait.
        """
        wait = self.wait(now)
        if wait == 0.0:
            self._tokens -= amount
        return wait

    def is_full(self, now: float) -> bool:
        """Whether nothing taken is still missed."""
        self.wait(now)
        return self._tokens >= self._rate.burst

    def charge(self, now: float) -> None:
        """Take a token, or what is left of one: no debt is run up."""
        self.wait(now)
        self._tokens = max(0.0, self._tokens - 1.0)

    def whole(self, now: float) -> int:
        """How many may be taken now; not more than 0 when `wait` is not over."""
        self.wait(now)
        return int(self._tokens)


class PeerLimits:
    """The buckets of one connection."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._characters = Bucket(limits.characters, now)
        self._strikes = Bucket(limits.strikes, now)
        self._struck_at = -limits.strike_interval
        self._buckets = {
            kind: Bucket(rate, now)
            for kind, rate in (
                (Command, limits.command),
                (Note, limits.note),
                (Say, limits.say),
                (Report, limits.report),
                (Ping, limits.ping),
                (Resume, limits.resume),
                (NewInvite, limits.errand),
                (Remove, limits.errand),
                (HandOver, limits.errand),
            )
        }

    def go_on_from(self, before: PeerLimits) -> None:
        """The same member has connected anew, which fills no bucket of messages."""
        self._buckets = before._buckets

    def take_text(self, text: str, now: float) -> float:
        """Seconds to wait before more may be sent; 0 for go on."""
        return self._characters.take(now, len(text))

    def take(self, message: ClientMessage, now: float) -> float:
        """Seconds to wait before such a message may be sent; 0 for go on."""
        if isinstance(message, Hello | Leave):
            return 0.0
        return self._buckets[type(message)].take(now)

    def strike(self, now: float, *, burst: bool = False) -> bool:
        """Count a broken rule; True when it was one too many.

        Args:
            now: instant.
            burst: a rate was exceeded, which happens many times in a row.
        """
        if burst:
            if now - self._struck_at < self._limits.strike_interval:
                return False
            self._struck_at = now
        self._strikes.take(now)
        return self._strikes.wait(now) > 0.0


MAX_GONE: Final = 1024
"""Members remembered at once who are not here."""
REFILLED: Final = 10.0
"""Seconds after which every bucket of messages is full again."""


class _Gone(NamedTuple):
    limits: PeerLimits
    since: float


class MemberLimits:
    """What members have used up, over their connections and after they have left."""

    def __init__(self) -> None:
        self._here: dict[str, PeerLimits] = {}
        self._gone: OrderedDict[str, _Gone] = OrderedDict()
        """Longest gone first."""

    def __len__(self) -> int:
        return len(self._here) + len(self._gone)

    def seated(self, member_id: str, limits: PeerLimits) -> None:
        """This member has a new connection: it goes on where the last one is, or ended."""
        before, gone = self._here.get(member_id), self._gone.pop(member_id, None)
        if before is None and gone is not None:
            before = gone.limits
        if before is not None:
            limits.go_on_from(before)
        self._here[member_id] = limits

    def left(self, member_id: str, limits: PeerLimits, now: float) -> None:
        """This connection of a member has ended."""
        if self._here.get(member_id) is not limits:
            # Another one has the seat.
            return
        del self._here[member_id]
        self._gone[member_id] = _Gone(limits, now)
        while len(self._gone) > MAX_GONE or next(iter(self._gone.values())).since < now - REFILLED:
            self._gone.popitem(last=False)
