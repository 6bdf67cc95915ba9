"""Outage of the way to a film: when the film is tried anew, and why it is away.

Pure. Instants are local, in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from player.sync.messages import FollowerView

FIRST_DELAY: Final = 0.25
LONGEST_DELAY: Final = 2.0
STEADY_AFTER: Final = 10.0
"""Seconds that an open film must last for the next break to be tried as soon as the first."""
HUNG_AFTER: Final = 5.0
"""Seconds; a try that hung for longer has been its own delay."""
QUIET: Final = 4.0
"""Seconds in which nothing more of the film has come until its server is looked at. By then
libavformat has made its own tries."""
QUIET_RELOAD: Final = 12.0
"""The same until the film is opened anew though its server answers."""
DRIBBLE: Final = 0.5
"""Seconds of the film; less is what a connection that breaks off still had on its way."""
NO_DATA: Final = "no data comes"


class ReopenSchedule:
    """Schedule of tries: soon at first, then ever more rarely, without end."""

    def __init__(self) -> None:
        self._delay = FIRST_DELAY
        self._tried_at = float("-inf")
        self.due = float("inf")
        """When the next try is due; infinite while one is under way, or none is wanted."""

    def retry(self, now: float) -> None:
        """The last try has failed: plan the next one."""
        has_hung = self._tried_at > float("-inf") and now - self._tried_at > HUNG_AFTER
        self.due = now + (FIRST_DELAY if has_hung else self._delay)
        self._delay = min(2 * self._delay, LONGEST_DELAY)

    def tried(self, now: float) -> None:
        """A try is under way."""
        self.due, self._tried_at = float("inf"), now

    def reset(self) -> None:
        """Nothing is to be tried; the next outage begins with a quick try."""
        self.due, self._delay, self._tried_at = float("inf"), FIRST_DELAY, float("-inf")


class MediaOutage:
    """Outages of the film that a seat watches, one after the other.

    Either the player has lost the film, or it waits in vain on a connection that may come
    back to life.
    """

    def __init__(self) -> None:
        self._schedule = ReopenSchedule()
        self._cause: str | None = None
        self._is_lost = False
        self._has_no_answer = False
        """A look at the film's server has failed."""
        self._since = 0.0
        self._opened_at = float("-inf")
        self._came_to: float | None = None
        """Position up to which the film has come in; None while the player does not wait."""
        self._quiet_since = 0.0

    @property
    def cause(self) -> str | None:
        """Why the film is away, as a clause; None while it is not."""
        return self._cause

    @property
    def is_lost(self) -> bool:
        """Whether the player has nothing to go on with."""
        return self._is_lost

    @property
    def is_confirmed(self) -> bool:
        """Whether a try has failed: it is no mere hiccup."""
        return self._has_no_answer

    @property
    def due(self) -> float:
        """When the film is to be looked for; infinite while it is not."""
        return self._schedule.due

    def lasted(self, now: float) -> float:
        """Seconds since it began."""
        return now - self._since

    # What happens -----------------------------------------------------------------------

    def lose(self, cause: str, now: float) -> None:
        """The player has lost the film, or failed to open it again."""
        if now - self._opened_at > STEADY_AFTER and not self._is_lost:
            self._schedule.reset()
        self._begin(cause, now)
        self._is_lost = True
        self._schedule.retry(now)

    def hurry(self, now: float) -> None:
        """Look at once, such as when the person asks or the address has expired."""
        self._schedule.due = now

    def look(self, now: float) -> None:
        """The film is looked for."""
        self._schedule.tried(now)

    def no_answer(self, cause: str, now: float, *, is_lost: bool) -> None:
        """The look has failed; ``is_lost`` when the player has nothing to wait for either."""
        self._begin(cause, now)
        self._has_no_answer = True
        self._is_lost = self._is_lost or is_lost
        self._schedule.retry(now)

    def answered(self, now: float) -> bool:
        """The film's server answers; whether the film is to be opened anew."""
        is_quiet = now - self._quiet_since >= QUIET_RELOAD
        if self._cause is None or self._is_lost or self._has_no_answer or is_quiet:
            # From here on the player has nothing to wait for on its old connection.
            self._is_lost = self._cause is not None
            return True
        # The player still has its connection, on which more may come.
        self._schedule.due = self._quiet_since + QUIET_RELOAD
        return False

    def opened(self, now: float) -> None:
        """The player has the film."""
        self._opened_at = now
        self._clear()
        self._schedule.tried(now)

    def end(self) -> None:
        """There is another film or none, or a person sees to it."""
        self._clear()
        self._schedule.reset()

    def watch(self, view: FollowerView, buffered_until: float | None, now: float) -> bool:
        """Look whether the player waits in vain; True when it does so no longer."""
        if self._is_lost:
            return False
        if not view.is_stalled and view.phase != "seeking":
            return self._go_on()
        came_to = buffered_until or 0.0
        if self._came_to is None or came_to > self._came_to + DRIBBLE:
            self._came_to, self._quiet_since = came_to, now
            return self._cause is not None and self._go_on()
        if self._cause is None and now - self._quiet_since >= QUIET:
            self._begin(NO_DATA, now)
            self.hurry(now)
        return False

    def _begin(self, cause: str, now: float) -> None:
        if self._cause is None:
            self._since = now
        self._cause = cause

    def _go_on(self) -> bool:
        was_on = self._cause is not None
        if was_on:
            self.end()
        self._came_to = None
        return was_on

    def _clear(self) -> None:
        self._cause, self._came_to = None, None
        self._is_lost = self._has_no_answer = False


def outage_text(cause: str, *, is_linked: bool) -> str:
    """Why the film is waited for, and what may help.

    Without a link to the party as well it is this machine's own network that is away.
    """
    if is_linked:
        return f"waiting for the film: {cause}; trying again"
    return f"neither the film nor the party is reached ({cause}): look at this machine's network"
