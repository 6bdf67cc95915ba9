"""The one thread that owns a player and its follower.

Everything that must be on time happens here: the position is read, the follower is asked,
its commands are carried out, and a start is made at its very instant. Others only post.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple

from player.follower import TICK, Follower
from player.orders import (
    Acted,
    FollowerView,
    PauseNow,
    PlayAtRate,
    PlayerCommand,
    SeekTo,
    StartAt,
    Told,
)
from player.port import Failed, KeyPressed, Player, PlayerEvent, Report, Source
from protocol.exceptions import MatineeError

if TYPE_CHECKING:
    from protocol.timeline import Timeline

log = logging.getLogger(__name__)

SPIN: Final = 0.003
"""Seconds before a start in which the thread does not sleep: a sleep may be late by 2 ms."""
VIEW_INTERVAL: Final = 0.1

Now = float
Work = Callable[[Now], list[PlayerCommand]]


class NoPlayer(NamedTuple):
    """There is no player, and why."""

    error: MatineeError


class Buffered(NamedTuple):
    """How far the media is ready to play, in seconds of position."""

    until: float | None


News = Told | PlayerEvent | FollowerView | NoPlayer | Buffered


class PlayerDriver:
    """Runs a player on a timeline in a thread of its own."""

    def __init__(
        self,
        make_player: Callable[[Report], Player],
        follower: Follower,
        post: Callable[[News], None],
    ) -> None:
        self._make_player = make_player
        self._follower = follower
        self._post = post
        self._player: Player | None = None
        self._inbox: SimpleQueue[Work | None] = SimpleQueue()
        self._start_at: float | None = None
        self._view_at = 0.0
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)

    # Called from other threads: only post -----------------------------------------------

    def start(self) -> None:
        """Make the player and begin."""
        self._thread.start()

    def close(self, wait: float = 3.0) -> None:
        """End the player; waits for it at most ``wait`` seconds."""
        self._inbox.put(None)
        self._thread.join(wait)

    def set_clock(self, offset: float | None) -> None:
        """Server's clock minus the local one; None while it is unknown."""

        def work(now: float) -> list[PlayerCommand]:
            self._follower.set_clock(offset)
            return []

        self._inbox.put(work)

    def set_tolerance(self, tolerance: float) -> None:
        """Drift in seconds that a glide may mend."""

        def work(now: float) -> list[PlayerCommand]:
            self._follower.tolerance = tolerance
            return []

        self._inbox.put(work)

    def follow(self, timeline: Timeline) -> None:
        """Keep to ``timeline`` from now on."""
        self._inbox.put(lambda now: self._follower.follow(timeline, now))

    def release(self) -> None:
        """Give up a hold: back to the timeline."""
        self._inbox.put(lambda now: self._follower.release(now))

    def jump(self) -> None:
        """Go where the timeline is, now."""
        self._inbox.put(lambda now: self._follower.jump(now))

    def hold(self) -> None:
        """Stop at once; `Acted` tells where."""

        def work(now: float) -> list[PlayerCommand]:
            self._perform(self._follower.hold(now), now)
            position = self._follower.view(now).position
            self._post(Acted(True, position or 0.0))
            return []

        self._inbox.put(work)

    def load(self, source: Source) -> None:
        """Open ``source`` where the timeline is."""

        def work(now: float) -> list[PlayerCommand]:
            if self._player is None:
                self._open_player()
            position = self._follower.load(now, is_network=source.is_network)
            self._start_at = None
            if self._player is not None:
                self._player.load(source, position, self._follower.generation)
            return []

        self._inbox.put(work)

    def unload(self) -> None:
        """Close the media."""

        def work(now: float) -> list[PlayerCommand]:
            self._follower.unload()
            self._start_at = None
            if self._player is not None:
                self._player.stop()
            return []

        self._inbox.put(work)

    def with_player(self, act: Callable[[Player], None]) -> None:
        """Do something with the player itself, such as the volume."""

        def work(now: float) -> list[PlayerCommand]:
            if self._player is not None:
                act(self._player)
            return []

        self._inbox.put(work)

    def report(self, event: PlayerEvent) -> None:
        """What the player tells, from any of its threads."""

        def work(now: float) -> list[PlayerCommand]:
            if isinstance(event, Failed) and event.lost:
                self._drop_player()
            commands = self._follower.player_event(event, now)
            self._post(event)
            return commands

        if isinstance(event, KeyPressed):
            self._post(event)
        else:
            self._inbox.put(work)

    # In the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        self._open_player()
        next_tick = time.monotonic()
        while True:
            work = self._next_work(next_tick)
            now = time.monotonic()
            if work is _STOP:
                break
            try:
                if work is not None:
                    self._perform(work(now), now)
                if now >= next_tick:
                    next_tick = now + TICK
                    self._tick(now)
                self._tell(now)
            except Exception:
                log.exception("player thread")
        self._drop_player()

    def _next_work(self, next_tick: float) -> Work | None:
        """The next thing to do; None when it is time for a tick. Makes a start that is due."""
        until = next_tick
        if self._start_at is not None:
            until = min(until, self._start_at - SPIN)
        try:
            work = self._inbox.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            work = None
        else:
            return _STOP if work is None else work
        if self._start_at is not None and time.monotonic() >= self._start_at - SPIN:
            self._start(self._start_at)
        return work

    def _start(self, instant: float) -> None:
        self._start_at = None
        if self._player is None:
            return
        while time.monotonic() < instant:
            pass
        self._player.set_paused(False)
        self._follower.started(time.monotonic())

    def _tick(self, now: float) -> None:
        if self._player is not None and self._follower.wants_sample(now):
            sample = self._player.sample()
            if sample is not None:
                self._follower.sampled(sample)
        self._perform(self._follower.tick(now), now)

    def _perform(self, commands: list[PlayerCommand], now: float) -> None:
        player = self._player
        if player is None:
            return
        for command in commands:
            match command:
                case PauseNow():
                    self._start_at = None
                    player.set_paused(True)
                    position = player.resting_position()
                    if position is not None:
                        self._perform(self._follower.rested(position, now), now)
                case StartAt(instant):
                    self._start_at = instant
                case SeekTo(position):
                    self._start_at = None
                    player.set_paused(True)
                    player.seek(position)
                case PlayAtRate(rate):
                    player.set_rate(rate)

    def _tell(self, now: float) -> None:
        for told in self._follower.take_told():
            self._post(told)
        if now >= self._view_at:
            self._view_at = now + VIEW_INTERVAL
            self._post(self._follower.view(now))
            if self._player is not None:
                self._post(Buffered(self._player.buffered_until()))

    def _open_player(self) -> None:
        try:
            self._player = self._make_player(self.report)
        except MatineeError as error:
            self._player = None
            self._post(NoPlayer(error))

    def _drop_player(self) -> None:
        player, self._player = self._player, None
        self._start_at = None
        if player is not None:
            player.close()


def _STOP(now: float) -> list[PlayerCommand]:
    """Marks the end of the inbox."""
    raise AssertionError("never called")
