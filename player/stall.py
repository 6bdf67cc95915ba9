"""Whether the player waits for data, once it has waited long enough to matter."""

from __future__ import annotations

from typing import Final

SHOWN_AFTER: Final = 0.250
ACTED_AFTER: Final = 0.500


class StallWatch:
    """Follows one player's stalls; instants are local, in seconds."""

    def __init__(self) -> None:
        self._since: float | None = None
        self.acted = False
        """The stall has been told and is not over."""

    def changed(self, *, stalled: bool, instant: float) -> None:
        """The player says that it waits, or no longer."""
        if not stalled:
            self._since = None
        elif self._since is None:
            self._since = instant

    def clear(self) -> None:
        """A seek or a load begins anew."""
        self._since = None

    def shown(self, now: float) -> bool:
        """Long enough to be shown."""
        return self._since is not None and now - self._since > SHOWN_AFTER

    def news(self, now: float, *, counts: bool) -> bool | None:
        """True when a stall begins to matter, False when it is over, None without news.

        A player that is not meant to run does not stall: ``counts`` is False then.
        """
        matters = counts and self._since is not None and now - self._since >= ACTED_AFTER
        if matters == self.acted:
            return None
        self.acted = matters
        return matters
