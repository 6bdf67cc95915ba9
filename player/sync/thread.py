"""Player thread: the one thread that owns a player and its follower.

Everything that must be on time happens here: the position is read, the follower is asked,
its commands are carried out, and a start is made at its very instant. Others only post.
What the thread does is `step`; a simulation calls it on a clock of its own instead.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from player.backend.base import (
    EventSink,
    Failed,
    KeyPressed,
    Player,
    PlayerEvent,
    Restarted,
    Source,
)
from player.sync.follower import TICK, Follower
from player.sync.live.origin import TimestampOrigin
from player.sync.messages import (
    Buffered,
    HasPlayer,
    NoPlayer,
    OriginMoved,
    PauseNow,
    PlayAtRate,
    PlayerCommand,
    PlayerNews,
    SeekTo,
)
from player.sync.planner import LATE
from protocol.exceptions import MatineeError
from protocol.log_line import log_line

if TYPE_CHECKING:
    from protocol.timeline import Timeline

logger = logging.getLogger(__name__)

SPIN: Final = 0.003
"""Seconds before a start in which the thread does not sleep: a sleep may be late by 2 ms."""
VIEW_INTERVAL: Final = 0.1

Now = float
Work = Callable[[Now], list[PlayerCommand]]


class PlayerThread:
    """Thread that runs a player on a timeline.

    Args:
        make_player: makes the player; again when it was lost.
        follower: decides; nobody else may touch it.
        post: takes the news, in the thread; must only enqueue.
        clock: the local monotonic clock, in seconds.
    """

    def __init__(
        self,
        make_player: Callable[[EventSink], Player],
        follower: Follower,
        post: Callable[[PlayerNews], None],
        clock: Callable[[], float],
    ) -> None:
        self._make_player = make_player
        self._follower = follower
        self._post = post
        self._clock = clock
        self._player: Player | None = None
        self._players = 0
        self._origin = TimestampOrigin()
        self._inbox: SimpleQueue[Work] = SimpleQueue()
        self._taken: Work | None = None
        self._stopping = False
        self._tick_at = float("-inf")
        self._view_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)

    # Called from other threads: only post -----------------------------------------------

    def start(self) -> None:
        """Make the player and begin."""
        self._thread.start()

    def close(self, wait: float = 3.0) -> None:
        """End the player; waits for it at most ``wait`` seconds."""

        def work(now: float) -> list[PlayerCommand]:
            self._stopping = True
            return []

        self._inbox.put(work)
        if self._thread.is_alive():
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
            self._follower.set_tolerance(tolerance)
            return []

        self._inbox.put(work)

    def set_sync_enabled(self, enabled: bool) -> None:
        """Whether the stream wants drifts to be mended."""

        def work(now: float) -> list[PlayerCommand]:
            self._follower.set_sync_enabled(enabled)
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
        self._inbox.put(lambda now: self._follower.hold(now))

    def load(self, source: Source) -> None:
        """Open ``source`` where the timeline is."""

        def work(now: float) -> list[PlayerCommand]:
            if self._player is None:
                self.open()
            position = self._follower.load(
                now,
                is_network=source.is_network,
                is_live=source.is_live,
                has_shared_timestamps=source.has_shared_timestamps,
            )
            self._origin.load(
                is_shared=source.has_shared_timestamps,
                told=source.live_origin,
                begins_at=position,
            )
            generation = self._follower.generation
            if self._player is None:
                return self._follower.player_event(Failed(generation, "there is no player"), now)
            self._player.load(source, position, generation)
            return []

        self._inbox.put(work)

    def set_origin(self, origin: float) -> None:
        """The host's seat reckons positions of a live stream from this timestamp."""

        def work(now: float) -> list[PlayerCommand]:
            return self._follower.shift(self._origin.tell(origin), now)

        self._inbox.put(work)

    def unload(self) -> None:
        """Close the media."""

        def work(now: float) -> list[PlayerCommand]:
            self._follower.unload(now)
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

    # In the thread ----------------------------------------------------------------------

    def open(self) -> None:
        """Make the player; what an earlier one still tells is not heard any more."""
        self._players += 1
        number = self._players
        try:
            self._player = self._make_player(lambda event: self._report(event, number))
        except MatineeError as error:
            self._player = None
            self._post(NoPlayer(error))
        else:
            self._post(HasPlayer())

    def next_deadline(self) -> float:
        """When `step` is due, unless something is posted before."""
        start = self._follower.armed
        return self._tick_at if start is None else min(self._tick_at, start)

    def step(self) -> None:
        """Do everything that is posted or due."""
        while (work := self._next_work()) is not None:
            now = self._clock()
            self._perform(work(now), now)
        now = self._clock()
        start = self._follower.armed
        if start is not None and now - start > LATE:
            # The thread has stood still: the tick finds another place to start from.
            self._tick_at = now
        elif start is not None and now >= start:
            self._start()
        if now >= self._tick_at:
            self._tick_at = now + TICK
            self._tick(now)
        self._tell(now)

    def _next_work(self) -> Work | None:
        work, self._taken = self._taken, None
        if work is None and not self._inbox.empty():
            work = self._inbox.get()
        return work

    def _run(self) -> None:
        self.open()
        while not self._stopping:
            self._wait()
            try:
                self.step()
            except Exception:
                logger.exception(log_line("player_thread_failed"))
        self._drop_player()

    def _wait(self) -> None:
        """Until something is posted or due; a start is waited for to its very instant."""
        start = self._follower.armed
        wake_at = self._tick_at if start is None else min(self._tick_at, start - SPIN)
        timeout = wake_at - self._clock()
        if timeout > 0.0:
            with contextlib.suppress(Empty):
                self._taken = self._inbox.get(timeout=timeout)
                return
        while start is not None and start - SPIN <= self._clock() < start:
            pass

    def _start(self) -> None:
        if self._player is not None:
            self._player.set_paused(False)
        self._follower.started(self._clock())

    def _tick(self, now: float) -> None:
        if self._player is not None and self._follower.wants_sample(now):
            sample = self._player.sample()
            if sample is not None:
                self._follower.sampled(self._origin.sample(sample, self._follower.rate))
        self._perform(self._follower.tick(now), now)

    def _perform(self, commands: list[PlayerCommand], now: float) -> None:
        player = self._player
        if player is None:
            return
        for command in commands:
            match command:
                case PauseNow():
                    player.set_paused(True)
                    self._perform(self._follower.rested(self._resting_position(player), now), now)
                case SeekTo(position):
                    player.set_paused(True)
                    player.seek(self._origin.timestamp(position))
                case PlayAtRate(rate):
                    player.set_rate(rate)

    def _tell(self, now: float) -> None:
        for event in self._follower.take_events():
            self._post(event)
        if now >= self._view_at:
            # The tick that is nearest, not the first one after.
            self._view_at = now + VIEW_INTERVAL - TICK / 2
            self._post(self._follower.view(now))
            if self._player is not None:
                buffered = self._buffered(self._player)
                self._follower.filled(buffered.until if self._player.is_filling() else None, now)
                self._post(buffered)

    def _resting_position(self, player: Player) -> float | None:
        timestamp = player.resting_position()
        return None if timestamp is None else self._origin.position(timestamp)

    def _buffered(self, player: Player) -> Buffered:
        if not self._origin.is_shared:
            return Buffered(player.buffered_until())
        if self._origin.has_moved():
            self._post(OriginMoved(self._origin.value))
        loaded = self._look_what_is_loaded(player)
        return Buffered(loaded[1], loaded[0]) if loaded is not None else Buffered(None)

    def _look_what_is_loaded(self, player: Player) -> tuple[float, float] | None:
        """Of a live stream; also tells the follower, who can go only there."""
        loaded = player.loaded_range() if self._origin.is_shared else None
        if loaded is None:
            return None
        start, end = map(self._origin.position, loaded)
        self._follower.set_loaded(start, end)
        return start, end

    def _report(self, event: PlayerEvent, number: int) -> None:
        """What a player tells, from any of its threads."""

        def work(now: float) -> list[PlayerCommand]:
            if number != self._players:
                return []
            if isinstance(event, Failed) and event.lost:
                self._drop_player()
            told = self._origin.take(event, self._follower.generation)
            if isinstance(told, Restarted) and self._player is not None:
                self._look_what_is_loaded(self._player)
            commands = self._follower.player_event(told, now)
            self._post(told)
            return commands

        if isinstance(event, KeyPressed):
            self._post(event)
        else:
            self._inbox.put(work)

    def _drop_player(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.close()
