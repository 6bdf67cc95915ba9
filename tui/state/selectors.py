"""What a room has to say: its words, and what can be read off it at an instant.

Instants are seconds on CLOCK_MONOTONIC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from protocol.wire.messages import SeatState
from tui.state.party_state import LinkState, position_of
from tui.text.times import span_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from player.api import views
    from player.backend.base import Chapter
    from protocol.wire.messages import Member
    from tui.state.party_state import PartyState

FORESIGHT: Final = 3.0
"""Seconds that a position is carried on without a new word from the seat."""
LONG_AWAY: Final = 60.0
"""Seconds without a server after which it may not come back."""
SILENCE: Final = 4.0
"""Seconds without a word from the seat after which that is said."""

ShownState = SeatState | LinkState | Literal["over", "restarting", "waiting", "opening"]
"""What goes on with this seat: with its process, its link, its party or its player."""
_STATE_WORDS: Final[Mapping[ShownState, str]] = {
    "over": "STOPPED",
    "failed": "STOPPED",
    "idle": "NO FILM",
}
"""Of those that are not their own word."""


def position_at(room: PartyState, now: float) -> float | None:
    """Where the film is at ``now``, carried on from the seat's last word."""
    status = room.status
    if status is None or is_stale(room):
        return room.position_known
    known = position = position_of(status)
    goes_on = room.seat_down_since is None and not room.is_over
    if status.state in ("playing", "waiting") and status.playing and goes_on:
        since = now - status.at - (status.starts_in or 0.0)
        position += status.rate * min(max(0.0, since), FORESIGHT)
    # Only what is carried on stops at the end: the seat itself knows where it is.
    return position if room.duration is None else min(position, max(known, room.duration))


def is_stale(room: PartyState) -> bool:
    """The position is the last one known, from before the seat was started again."""
    status = room.status
    return room.seat_down_since is not None or (status is not None and status.at == 0.0)


def shown_state(room: PartyState) -> ShownState:
    """What goes on."""
    if room.is_over:
        return "over"
    if room.seat_down_since is not None:
        return "restarting"
    if room.link != "up":
        return room.link
    if room.waiting is not None:
        return "waiting"
    return _player_state(room.status, room.progress)


def state_word(room: PartyState) -> str:
    """What goes on, as one word in capitals."""
    state = shown_state(room)
    return _STATE_WORDS.get(state, state.upper())


def _player_state(status: views.Status | None, progress: str) -> ShownState:
    if status is None or (status.at == 0.0 and status.state == "idle"):
        return "opening" if progress else "loading"
    if status.starts_in and status.state in ("playing", "paused"):
        return "waiting"
    if status.state == "paused" and status.playing:
        return "waiting"
    return status.state


def explanation(room: PartyState, now: float) -> str:
    """Why it is so and what comes next, in a few words; "" when the state says it all."""
    status = room.status
    if room.is_over:
        return ""
    if room.seat_down_since is not None:
        return f"the player is being started again ({span_text(now - room.seat_down_since)})"
    if room.link == "joining":
        return room.progress or "asking the server for a seat"
    if room.link == "reconnecting":
        return _next_attempt(room, now)
    if silence := silent_for(room, now):
        return f"no word from the player for {span_text(silence)}"
    if room.progress:
        return room.progress
    if status is None:
        return ""
    if room.waiting is not None:
        return waiting_text(room, now)
    if status.reason:
        return status.reason
    if status.starts_in:
        left = status.starts_in - (now - status.at)
        return f"starts in {left:.0f} s" if left >= 1 else "starts now"
    return "for everybody to be ready" if _player_state(status, "") == "waiting" else ""


def waiting_text(room: PartyState, now: float) -> str:
    """``waiting for Ben · 6 s``, "" while the start waits for nobody."""
    if room.waiting is None:
        return ""
    first, *others = ["you" if name == room.you_are else name for name in room.waiting.names]
    who = first if not others else f"{', '.join([first, *others][:-1])} and {others[-1]}"
    who = who if len(others) < 3 else f"{first} and {len(others)} more"
    left = room.waiting.left - (now - room.waiting_at)
    return f"waiting for {who}" + (f" · {left:.0f} s" if left >= 1 else "")


def _next_attempt(room: PartyState, now: float) -> str:
    left = (room.next_attempt_at or now) - now
    if may_be_over(room, now):
        return "the server was stopped" if room.server_stopped else "the server does not come back"
    ahead = f"next try in {left:.0f} s" if left >= 1 else "trying now"
    return f"{reconnecting_text(room, now)} · {ahead}"


def may_be_over(room: PartyState, now: float) -> bool:
    """The server is away in a way that looks like the end of the party."""
    if room.link != "reconnecting" or room.link_since is None:
        return False
    return room.server_stopped or now - room.link_since >= LONG_AWAY


def reconnecting_text(room: PartyState, now: float) -> str:
    """``reconnecting (3 s)`` while the server is out of reach, else ""."""
    if room.link != "reconnecting" or room.link_since is None:
        return ""
    return f"reconnecting ({span_text(now - room.link_since)})"


def silent_for(room: PartyState, now: float) -> float:
    """Seconds without a word from the seat once that is too long, else 0."""
    silence = now - room.heard_at
    return silence if room.status is not None and silence > SILENCE else 0.0


def chapter_at(room: PartyState, position: float) -> tuple[int, Chapter] | None:
    """Number (from 1) and chapter at ``position``."""
    chapters = room.media.chapters if room.media else ()
    found = None
    for number, chapter in enumerate(chapters, 1):
        if chapter.start <= position + 0.05:
            found = (number, chapter)
    return found


def view_only_text(room: PartyState) -> str:
    """What a viewer is told whose key is the host's."""
    name = room.host_name
    return f"View Only: {name} is hosting" if name else "View Only: nobody hosts just now"


def sync_word(status: views.Status | None) -> tuple[str, Literal["good", "fair", "poor", "none"]]:
    """How well this seat is in step: word and grade."""
    if status is None or status.drift_ms is None or status.state != "playing":
        return ("", "none")
    drift = status.drift_ms
    grade = grade_of(drift)
    if status.correction_kind == "jump":
        return ("jumping into place", "poor")
    if status.correction_kind == "nudge" and abs(drift) >= 8:
        return ("catching up" if drift < 0 else "easing back", grade)
    if abs(drift) < 20:
        return ("in step", grade)
    return ("ahead" if drift > 0 else "behind", grade)


def grade_of(drift_ms: float) -> Literal["good", "fair", "poor"]:
    """Grade of a drift, by the bounds of the quality that is shown."""
    size = abs(drift_ms)
    return "good" if size < 40 else "fair" if size < 120 else "poor"


def member_word(member: Member) -> str:
    """What a member's seat does, in a word that tells who lags."""
    if member.waiting:
        return "waiting"
    if member.state != "playing":
        return {"idle": "no film", "failed": "stopped"}.get(member.state, member.state)
    if member.drift_ms is None:
        return "playing"
    if grade_of(member.drift_ms) == "good":
        return "in step"
    return "ahead" if member.drift_ms > 0 else "lags"


def lags(member: Member) -> bool:
    """The others may want to know that this member is not where the film is."""
    match member.state:
        case "playing":
            return member.drift_ms is not None and grade_of(member.drift_ms) != "good"
        case "buffering" | "loading" | "failed":
            return True
        case "paused" | "ended" | "idle":
            return False


def state_for(room: PartyState, member_id: str, now: float) -> float:
    """Seconds that a member is in its present state."""
    return next((now - at for known, at in room.member_since if known == member_id), 0.0)
