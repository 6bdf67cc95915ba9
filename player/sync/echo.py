"""Echo filter: tells a person's pause in the player's window from the echo of our own.

mpv says that its pause flag has changed, not who changed it, and says it late. So what it
said last is compared with what was written last, once every echo must have come: a person
who acts in that time is noticed a moment later, and never missed.
"""

from __future__ import annotations

from typing import Final

ECHO_FOR: Final = 0.25
"""Seconds in which what a player tells may still be about an earlier write."""


class PauseEchoFilter:
    """Filter of the pause flag, as it was written and as it was heard; instants are local."""

    def __init__(self) -> None:
        self._written = True
        self._written_at = float("-inf")
        self._heard: bool | None = None

    def write(self, paused: bool, now: float) -> None:
        """We pause or start the player ourselves."""
        self._written, self._written_at = paused, now

    def hear(self, paused: bool) -> None:
        """The player says that it is paused, or runs."""
        self._heard = paused

    def clear(self) -> None:
        """Another film begins paused, whatever was told of the one before."""
        self._written, self._heard = True, None

    def take_act(self, now: float) -> bool | None:
        """Once per act: whether somebody has paused the player (True) or started it (False)."""
        if self._heard in (None, self._written) or now - self._written_at < ECHO_FOR:
            return None
        acted, self._heard = self._heard, None
        return acted
