"""What was seen of one case, and what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bench.soak.odd.alone import Alone

if TYPE_CHECKING:
    from bench.soak.odd.cases import Case

HEAD: Final = (
    *("case", "kind", "mpv alone", "length", "lands", "play", "seek", "back", "pause", "rest"),
    *("end told as", "bad"),
)
PHASES: Final = ("play", "seek", "back", "pause", "rest")
APART: Final = 0.040
"""Seconds that two seats may be apart."""


@dataclass
class Row:
    """One case, once."""

    case: Case
    alone: Alone = field(default_factory=Alone)
    gaps: dict[str, float] = field(default_factory=dict[str, float])
    """Seconds between the two seats, in each phase."""
    end: str = ""
    told: list[str] = field(default_factory=list[str])
    """Errors and notices of the seats."""
    wrong: list[str] = field(default_factory=list[str])

    def apart(self, phase: str, gap: float | None, most: float = APART) -> None:
        """Note how far apart they are; more than ``most`` is wrong."""
        if gap is None:
            return
        self.gaps[phase] = gap
        if abs(gap) > most:
            self.wrong.append(f"{phase}: {gap * 1000:+.0f} ms apart")

    def cells(self) -> list[str]:
        """Its row of the table."""
        alone = self.alone
        what = "plays" if alone.plays else "opens" if alone.opens else "no"
        landings = " ".join("-" if x is None else f"{x:.1f}" for x in alone.landings)
        gaps = [f"{self.gaps[p] * 1000:+.0f}" if p in self.gaps else "" for p in PHASES]
        length = "" if alone.length is None else f"{alone.length:.1f}"
        bad = f"{len(self.wrong)}" if self.wrong else ""
        return [self.case.name, self.case.kind, what, length, landings, *gaps, self.end, bad]
