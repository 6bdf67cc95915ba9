"""A follower whose player does what it is told, on a clock that only the test moves.

The server's clock is the local one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from player.backend.base import (
    EndReached,
    MediaOpened,
    PlayerEvent,
    Restarted,
    Sample,
)
from player.sync.follower import Follower
from player.sync.latency import FIRST_SEEK_COST
from player.sync.messages import (
    Acted,
    Finished,
    FollowerEvent,
    InStep,
    Jumped,
    LineSlow,
    PauseNow,
    PlayAtRate,
    PlayerCommand,
    SeekTo,
    Stalled,
    Widened,
)
from player.sync.seeks import FIRST_MARGIN
from protocol.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from player.sync.messages import CorrectionMode

DURATION = 600.0
SEEK_TAKES = 0.1
FIRST_SEEK = FIRST_SEEK_COST + FIRST_MARGIN
"""How far ahead of the party a player aims that has never been sought."""


@dataclass
class Stand:
    """A follower whose player does what it is told, on a clock that only the test moves."""

    correction: CorrectionMode = "full"
    now: float = 1000.0
    latency: float = 0.0
    """Seconds from a start until the player moves."""
    said: list[PlayerCommand] = field(default_factory=list[PlayerCommand])
    told: list[FollowerEvent] = field(default_factory=list[FollowerEvent])
    behind: float = 0.0
    """Added to where the player would be by its own."""

    def __post_init__(self) -> None:
        self.follower = Follower(self.correction)
        self.follower.set_clock(0.0)
        self._moves_at = (0.0, 0.0)
        self._rate = 1.0
        self._runs = False

    def do(self, commands: Sequence[PlayerCommand]) -> list[PlayerCommand]:
        """Note commands, as a player takes them."""
        for command in commands:
            self.said.append(command)
            self._moves_at = (self.now, self.position)
            if isinstance(command, PlayAtRate):
                self._rate = command.rate
            else:
                self._runs = False
            if isinstance(command, PauseNow):
                self.do(self.follower.rested(self.position, self.now))
        self.told += self.follower.take_events()
        return list(commands)

    @property
    def position(self) -> float:
        since, position = self._moves_at
        if self._runs:
            position += max(0.0, self.now - since) * self._rate
        return position

    def opened(
        self, position: float = 0.0, *, is_network: bool = False, is_seekable: bool = True
    ) -> Stand:
        self.follower.load(self.now, is_network=is_network)
        opened = MediaOpened(
            self.generation, "", DURATION, (), (), True, True, is_seekable=is_seekable
        )
        self.tell(opened)
        return self.landed(position)

    def landed(self, position: float) -> Stand:
        """The load or seek is done."""
        self._moves_at = (self.now, position)
        self.tell(Restarted(self.generation, position, self.now))
        return self

    @property
    def generation(self) -> int:
        return self.follower.generation

    def end(self, position: float = DURATION, *, ago: float = 0.0) -> list[PlayerCommand]:
        """The player has come to the end of the film, so many seconds ago."""
        return self.tell(EndReached(self.generation, position, self.now - ago))

    def tell(self, event: PlayerEvent) -> list[PlayerCommand]:
        return self.do(self.follower.player_event(event, self.now))

    def follow(self, timeline: Timeline) -> list[PlayerCommand]:
        return self.do(self.follower.follow(timeline, self.now))

    def wait(self, seconds: float) -> list[PlayerCommand]:
        """Tick by tick, with starts and samples; answers what was said meanwhile."""
        before = len(self.said)
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(self.now + 0.05, until)
            armed = self.follower.armed
            if armed is not None and armed <= self.now:
                self._moves_at = (armed + self.latency, self._moves_at[1])
                self._runs = True
                self.follower.started(armed)
            if self.follower.wants_sample(self.now):
                self.follower.sampled(Sample(self.now, self.now, self.position - self.behind))
            self.do(self.follower.tick(self.now))
        return self.said[before:]

    def playing(self, position: float = 50.0) -> Stand:
        """It has been playing in step for a while."""
        self.opened(position)
        self.follow(Timeline(position, self.now + 0.2, 1.0, True))
        self.wait(3.0)
        self.said.clear()
        self.told.clear()
        return self

    def heard(self, kind: type[FollowerEvent]) -> list[FollowerEvent]:
        return [told for told in self.told if isinstance(told, kind)]

    @property
    def target(self) -> float:
        return self.follower.view(self.now).target


def seeks(commands: Sequence[PlayerCommand]) -> list[float]:
    return [command.position for command in commands if isinstance(command, SeekTo)]


def told_near(stand: Stand, kind: type[Acted | Stalled | InStep | Jumped]) -> float | None:
    """What the only thing of this kind that was told says about a place or a drift."""
    (told,) = stand.heard(kind)
    assert not isinstance(told, LineSlow | Widened | Finished)
    return told.drift if isinstance(told, InStep | Jumped) else told.position


def rates(commands: Sequence[PlayerCommand]) -> list[float]:
    return [command.rate for command in commands if isinstance(command, PlayAtRate)]
