"""Stall detector: whether the player has waited for data for long enough to matter."""

from __future__ import annotations

from typing import Final

SHOWN_AFTER: Final = 0.250
ACTED_AFTER: Final = 0.500


class StallDetector:
    """Detector of one player's stalls; instants are local, in seconds."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._is_lost = False
        """The film itself is away, and with it the player's word that data is back."""
        self.acted = False
        """The stall has been reported and is not over."""

    @property
    def waits(self) -> bool:
        """The player says that it waits, however short."""
        return self._since is not None

    def changed(self, *, stalled: bool, instant: float) -> None:
        """The player says that it waits, or no longer."""
        if not stalled:
            self._since = None
        elif self._since is None:
            self._since = instant

    def lose(self, *, counts: bool) -> bool:
        """The film has broken off; True when a stall begins by it.

        ``counts`` is False for a player that was not meant to run.
        """
        is_news = counts and not self.acted
        self.acted = self.acted or counts
        self._is_lost = self.acted
        return is_news

    def reload(self) -> None:
        """The film is opened anew: a stall lasts until it is open."""
        self._since, self._is_lost = None, self.acted

    def restart(self, instant: float) -> None:
        """A load or seek is done: how long the player waited before it says nothing any more."""
        self._is_lost = False
        if self._since is not None:
            self._since = instant

    def clear(self) -> None:
        """There is no film any more: what the player said was about the one before."""
        self._since, self._is_lost = None, False

    def shown(self, now: float) -> bool:
        """Long enough to be shown."""
        return self._since is not None and now - self._since > SHOWN_AFTER

    def news(self, now: float, *, counts: bool) -> bool | None:
        """True when a stall begins to matter, False when it is over, None without news.

        A player that is not meant to run does not begin to stall: ``counts`` is False then.
        Only the player itself can say that it is over, or a host who stalls would take the
        pause that this brings for its end.
        """
        if self.acted:
            self.acted = self.waits or self._is_lost
            return None if self.acted else False
        if not counts or self._since is None or now - self._since < ACTED_AFTER:
            return None
        self.acted = True
        return True
