"""What a followed player is at, and what of it people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from protocol.wire.messages import SeatState

Phase = Literal["idle", "loading", "seeking", "resting", "running", "stalled", "ended", "failed"]
"""``resting`` is paused, with or without a start that is planned."""

MOVING: tuple[Phase, ...] = ("running", "stalled")
"""The player is unpaused."""
HERE: tuple[Phase, ...] = ("resting", "running", "stalled", "ended")
"""A film is open, and the player is somewhere in it."""

SHOWN_CHANGE = 0.0004


def seat_state(phase: Phase, *, wants_play: bool, is_armed: bool, waits: bool) -> SeatState:
    """The phase in people's words; ``waits`` for data long enough to be shown."""
    match phase:
        case "running":
            return "buffering" if waits else "playing"
        case "stalled":
            return "buffering"
        case "seeking":
            return "buffering" if wants_play else "paused"
        case "resting":
            return "playing" if is_armed else "paused"
        case "idle" | "loading" | "ended" | "failed":
            return phase


def correction_word(phase: Phase, change: float) -> str:
    """What is done about the drift; ``change`` is the rate's, relative to the timeline's."""
    if phase == "seeking":
        return "jump"
    if phase != "running" or abs(change) < SHOWN_CHANGE:
        return ""
    return f"nudge {change * 100:+.1f} %"
