"""Shared state: state shared by a player's two threads: the caller's, and the one that
translates events.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import msgspec

from player.backend.base import Source


class LoadRecord(msgspec.Struct, frozen=True):
    """An item that mpv was asked to open."""

    generation: int
    source: Source
    ticket: int


class PicturesAway(msgspec.Struct, frozen=True):
    """Pictures that are switched off where there are none yet."""

    track_id: int
    begin: float
    """Position of the first one, in seconds."""


@dataclass
class PlaybackState:
    """Loads and seeks that were asked for, and how far they have come.

    Every load and seek draws a ticket. Where the player is, is known only while the last
    ticket is done and the core is not seeking.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while a load is asked for: its entry must be known before its first event; and while
    a seek is: one that is tried again must not come after one that is asked for."""
    loads: dict[int, LoadRecord] = field(default_factory=dict[int, LoadRecord])
    """By mpv's number of the playlist entry."""
    asked: int = 0
    """Written by the caller, as is the next."""
    target: float = 0.0
    """Position that the last load or seek asked for, in seconds."""
    done: int = 0
    """Written by the translator, as are the next ones."""
    seeking: bool = False
    jumps: int = 0
    """Restarts so far: what was measured before one says nothing about after it."""
    landed: float | None = None
    """Where a paused load or seek came to rest, in seconds, until the player is started: what is
    in the sound's buffer makes mpv's own clocks tell another place."""
    pictures: PicturesAway | None = None
    """Set where the sound is played first."""

    @property
    def settled(self) -> bool:
        return self.asked == self.done and not self.seeking

    def next_ticket(self, target: float) -> int:
        """A ticket for the load or seek to ``target`` that is about to be asked for."""
        self.target = target
        self.asked += 1
        return self.asked
