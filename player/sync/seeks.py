"""Seek tracker and jump limiter: so that a player never does nothing but seek.

Pure. Instants are local, in seconds; positions are seconds.
"""

from __future__ import annotations

from typing import Final

SEEK_TIMEOUT: Final = 12.0
SEEK_STALLS: Final = 3.0
"""Seconds; a seek that takes longer while the film should run is a stall like any other."""
MAX_TRIES: Final = 3
"""Seeks in a row that may come too late or too early for a start; then it starts anyway."""
FIRST_MARGIN: Final = 0.050
ELSEWHERE: Final = 1.0
"""A seek under way is given up for one to a place further off than this."""
JUMP_INTERVAL: Final = 4.0
WIDENED_FOR: Final = 60.0
MAX_WIDENING: Final = 16.0


class SeekTracker:
    """Tracker of the seek that is under way, and of how often it was tried."""

    def __init__(self) -> None:
        self._sent_at = 0.0
        self._target = 0.0
        self._replaces = False
        self._under_way = False
        self._tries = 0
        self._rests_for: float | None = None

    def send(self, target: float, now: float) -> None:
        """A seek to ``target`` begins."""
        self._replaces, self._under_way = self._under_way, True
        self._target, self._sent_at = target, now
        self._rests_for = None

    def loading(self, target: float, now: float) -> None:
        """A load does the same as a seek, and what it takes says nothing about seeks."""
        self.send(target, now)
        self._replaces = True
        self._tries = 0

    def done(self, instant: float) -> float | None:
        """Seconds it took; None when it says nothing, such as behind an older seek."""
        if not self._under_way:
            return None
        self._under_way = False
        self._rests_for = self._target
        return None if self._replaces else instant - self._sent_at

    @property
    def target(self) -> float:
        """Where the seek under way goes."""
        return self._target

    @property
    def sent_at(self) -> float:
        """When it was sent."""
        return self._sent_at

    def is_overdue(self, now: float) -> bool:
        """Whether the player should have been there long ago."""
        return now - self._sent_at > SEEK_TIMEOUT

    def rests_at(self, place: float) -> bool:
        """The player has been sent to ``place``, and rests where it came nearest to it."""
        return self._rests_for is not None and abs(self._rests_for - place) < 0.001

    def leave(self) -> None:
        """The player runs: it is no longer where it was sent."""
        self._rests_for = None
        self._tries = 0

    def new_goal(self) -> None:
        """What was tried was for another goal."""
        self._tries = 0

    def may_retry(self, *, is_seekable: bool = True) -> bool:
        """Whether another try may be made."""
        return self._tries < (MAX_TRIES if is_seekable else 1)

    def retry(self) -> None:
        """Another try is made."""
        self._tries += 1

    @property
    def has_missed(self) -> bool:
        """A seek has come too late or too early for the goal that still holds."""
        return self._tries > 0

    @property
    def margin(self) -> float:
        """Seconds to arrive early by; more after each try."""
        return FIRST_MARGIN * 2 ** max(0, self._tries - 1)


class JumpLimiter:
    """Limiter of jumps: where they repeat, they come further apart and for a larger drift only."""

    def __init__(self) -> None:
        self._jumped_at = float("-inf")
        self._counted_at = float("-inf")
        self._widening = 1.0
        self._widened_until = float("-inf")

    def new_goal(self) -> None:
        """There is another timeline: the first jump towards it need not wait."""
        self._jumped_at = float("-inf")

    def widening(self, now: float) -> float:
        """By how much more drift is glided than otherwise."""
        if now >= self._widened_until:
            self._widening = 1.0
        return self._widening

    def may_jump(self, now: float) -> bool:
        """Whether the last jump is long enough ago."""
        return now - self._jumped_at >= JUMP_INTERVAL * self.widening(now)

    def jumped(self, now: float) -> None:
        """A jump is made for a reason that does not lie in jumping, such as a stall."""
        self._jumped_at = now

    def corrected(self, now: float) -> bool:
        """A jump mends a drift; True when jumps repeat, and so will be rarer from now on."""
        repeats = now - self._counted_at < 3 * JUMP_INTERVAL * self.widening(now)
        self._jumped_at = self._counted_at = now
        if repeats:
            self._widening = min(self._widening * 2, MAX_WIDENING)
            self._widened_until = now + WIDENED_FOR
        return repeats
