"""A fake player whose seeks and rate changes take as long as a real one's: never the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from player.backend.fake import Costs, FakePlayer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from player.backend import base
    from player.backend.fake import FakeFilm


class Mood(msgspec.Struct, frozen=True):
    """How much a player's costs vary, and what else is wrong with it; seconds."""

    costs: Costs = Costs()
    seek_spread: float = 0.0
    """Mean of what a seek takes on top."""
    rate_late: float = 0.0
    """From writing a rate until it is heard."""


class MoodyPlayer(FakePlayer):
    """A `FakePlayer` with a mood."""

    def __init__(
        self,
        report: base.EventSink,
        clock: Callable[[], float],
        random: Random,
        mood: Mood,
        films: Mapping[str, FakeFilm],
    ) -> None:
        super().__init__(report, clock, films=films, costs=mood.costs)
        self._mood = mood
        self._random = random
        self._era = 0
        """What was written in an earlier one is not heard any more."""

    def seek(self, position: float) -> None:
        """See `Player.seek`."""
        spread = self._mood.seek_spread
        late = min(self._random.expovariate(1 / spread), 5 * spread) if spread else 0.0
        costs = self._mood.costs
        self._costs = msgspec.structs.replace(costs, seek=costs.seek + late)
        self._era += 1
        super().seek(position)

    def set_rate(self, rate: float) -> None:
        """See `Player.set_rate`."""
        if self._paused or not self._mood.rate_late:
            self._era += 1
            super().set_rate(rate)
            return
        era = self._era

        def heard(at: float) -> None:
            if era == self._era:
                self._rebase(at)
                self._rate = rate

        self._at(self.tick() + self._mood.rate_late, heard)
