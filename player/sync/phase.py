"""Phases of a followed player: the states, what may follow what, and people's words for them.

::

              load              restarted            the start is due
     idle ──────────▶ loading ──────────▶ resting ──────────────────────▶ running ◀──┐
      ▲                                   ▲  │  ▲      pause               │  │  │   │ data
      │                         restarted │  │  └──────────────────────────┘  │  │   │ is back
      │                                   │  │ seek                           │  │   │
      │ unload, from                      │  ▼          jump or seek          │  ▼   │
      │ every phase                      seeking ◀───────────────────────────┘  stalled
      │                                   │  ▲                                     │
      │                    end of film    │  │ seek                                │
    failed ◀── from every phase           ▼  │                                     │
                                         ended ◀── resting, running, stalled ◀─────┘

A seek may be replaced by another and a pause repeated. From ``stalled`` a player is paused and
sent elsewhere as from ``running``; a start that is due while data is still missing leads to
``stalled``. Where no seek is possible (a live film), a start is planned from ``ended`` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from protocol.wire.messages import SeatState

if TYPE_CHECKING:
    from collections.abc import Mapping

Phase = Literal["idle", "loading", "seeking", "resting", "running", "stalled", "ended", "failed"]
"""``resting`` is paused, with or without a start that is planned."""

PlayerState = SeatState | Literal["waiting"]
"""A seat's state; ``waiting`` is a player that rests until the timeline has come to it."""

CorrectionKind = Literal["hold", "nudge", "jump"]
"""What is done about a drift: nothing, another rate, a seek."""

MOVING: Final[tuple[Phase, ...]] = ("running", "stalled")
"""The player is unpaused."""
HERE: Final[tuple[Phase, ...]] = ("resting", "running", "stalled", "ended")
"""A film is open, and the player is somewhere in it."""

TRANSITIONS: Final[Mapping[Phase, tuple[Phase, ...]]] = {
    "idle": ("idle", "loading", "failed"),
    "loading": ("idle", "resting", "failed"),
    "resting": ("idle", "resting", "seeking", "running", "stalled", "ended", "failed"),
    "seeking": ("idle", "resting", "seeking", "ended", "failed"),
    "running": ("idle", "resting", "seeking", "stalled", "ended", "failed"),
    "stalled": ("idle", "resting", "seeking", "running", "ended", "failed"),
    "ended": ("idle", "resting", "seeking", "running", "stalled", "failed"),
    "failed": ("idle", "failed"),
}
"""Each phase, and those that may come next; a phase that names itself may be entered anew."""

SHOWN_CHANGE: Final = 0.0004
SHOWN_WAIT: Final = 0.5
"""Seconds; a start that is nearer than this is no wait, but how a start begins."""


def check_transition(before: Phase, after: Phase) -> None:
    """Refuse what the table does not have.

    Raises:
        ValueError: ``after`` cannot follow ``before``.
    """
    if after not in TRANSITIONS[before]:
        raise ValueError(f"a player that is {before} cannot be {after} next")


def seat_state(
    phase: Phase,
    *,
    wants_play: bool,
    starts_in: float | None,
    waits: bool,
    is_stalled: bool,
) -> PlayerState:
    """The phase in people's words.

    Args:
        phase: what the player is at.
        wants_play: the timeline plays, or is about to.
        starts_in: seconds until the start that is planned; None while there is none.
        waits: for data, long enough to be shown.
        is_stalled: a stall has been told and is not over, though the party may stand by now.
    """
    match phase:
        case "running":
            return "buffering" if waits else "playing"
        case "stalled":
            return "buffering"
        case "seeking":
            return "buffering" if wants_play else "paused"
        case "resting":
            if is_stalled:
                return "buffering"
            if starts_in is None:
                return "paused"
            return "waiting" if starts_in > SHOWN_WAIT else "playing"
        case "idle" | "loading" | "ended" | "failed":
            return phase


def correction_of(phase: Phase, change: float) -> CorrectionKind:
    """What is done about the drift; ``change`` is the rate's, relative to the timeline's."""
    if phase == "seeking":
        return "jump"
    return "hold" if phase != "running" or abs(change) < SHOWN_CHANGE else "nudge"
