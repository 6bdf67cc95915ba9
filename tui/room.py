"""Everything a face shows, as one frozen value that the seat's lines are folded into.

Instants are seconds on CLOCK_MONOTONIC, which is one clock for all processes of a machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from player import views
from tui.times import ms_text, span_text
from tui.wording import Tone, sentence_of

if TYPE_CHECKING:
    from player.port import Chapter
    from protocol.messages import Member

FEED_LENGTH: Final = 300
DRIFTS_LENGTH: Final = 240
FORESIGHT: Final = 3.0
"""Seconds that a position is carried on without a new word from the seat."""
LONG_AWAY: Final = 60.0
"""Seconds without a server after which it may not come back."""
SILENCE: Final = 4.0
"""Seconds without a word from the seat after which that is said."""

SEAT_DIED: Final = "seat_died"
"""Code of the error that says that the seat's process is being started again."""

LinkState = Literal["joining", "up", "reconnecting"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the feed."""

    timestamp_ms: int
    name: str
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Room:
    """What is known about the stream, the people in it and this seat."""

    ready: views.Ready | None = None
    media: views.MediaView | None = None
    is_open: bool = False
    """The seat has opened the film since it was started."""
    status: views.Status | None = None
    own: views.Status | None = None
    """The same once it is known how the own sound is set."""
    members: tuple[Member, ...] = ()
    others: int = 0
    """Members who are not listed."""
    member_since: tuple[tuple[str, float], ...] = ()
    """Since when each member is in its present state."""
    position_known: float | None = None
    """Where the film was when the seat last knew, in seconds."""
    waiting: views.Waiting | None = None
    """Who a start waits for, None while it waits for nobody."""
    waiting_at: float = 0.0
    lacks_copy: bool = False
    """The host plays a file, and this seat has no copy of it."""
    drifts: tuple[float | None, ...] = ()
    """This seat's drift in ms, one for each status line, the newest last."""
    feed: tuple[Entry, ...] = ()
    last_correction: str = ""
    link: LinkState = "joining"
    link_since: float | None = None
    """Since when the link is in that state, None before the first line."""
    link_reason: str = ""
    server_stopped: bool = False
    """The server has said that it stops, and was not back since."""
    next_attempt_at: float | None = None
    recovered: str = ""
    recovered_at: float = 0.0
    seat_down_since: float | None = None
    """Since when the seat's process is gone, None while it lives."""
    progress: str = ""
    heard_at: float = 0.0
    fatal: views.ErrorLine | None = None
    ended: str | None = None
    """Why the seat left, None while it has not."""

    @property
    def is_over(self) -> bool:
        """This seat takes no part any more."""
        return self.fatal is not None or self.ended is not None

    @property
    def is_host(self) -> bool:
        return self.ready is not None and self.ready.role == "host"

    @property
    def you(self) -> str:
        return self.ready.member_id if self.ready else ""

    @property
    def you_are(self) -> str:
        """The own name, "" before it is known."""
        return self.ready.name if self.ready else ""

    @property
    def host_name(self) -> str:
        """Who hosts; "" while nobody does."""
        for member in self.members:
            if member.role == "host":
                return member.name
        return self.ready.host if self.ready else ""

    @property
    def title(self) -> str:
        return self.media.title if self.media else ""

    @property
    def duration(self) -> float | None:
        return self.media.duration if self.media else None


def fold(room: Room, view: views.AnyView, now: float) -> Room:
    """The room after ``view`` arrived at ``now``."""
    room = replace(room, heard_at=now)
    entry = _entry(view)
    if entry is not None:
        room = replace(room, feed=(*room.feed, entry)[-FEED_LENGTH:])
    match view:
        case views.Ready():
            room = replace(room, ready=view, is_open=False, own=None, seat_down_since=None)
            return _connected(room, now)
        case views.RoleView() if room.ready is not None:
            ready = msgspec.structs.replace(room.ready, role=view.role, host=view.host)
            return replace(room, ready=ready)
        case views.InviteView() if room.ready is not None:
            ready = msgspec.structs.replace(room.ready, invite=view.invite)
            return replace(room, ready=ready)
        case views.MediaView():
            return replace(room, media=view, is_open=True, progress="", lacks_copy=False)
        case views.MediaChanged():
            # Until this seat has it open, no more than its title is known.
            media = views.MediaView(title=view.title, duration=None, kind="url")
            return replace(room, media=media, is_open=False, position_known=None, lacks_copy=False)
        case views.Waiting():
            return replace(room, waiting=view if view.names else None, waiting_at=now)
        case views.Status():
            return _with_status(room, view)
        case views.MembersView():
            return _with_members(replace(room, others=view.others), view.members, now)
        case views.Reconnecting():
            return _reconnecting(room, view, now)
        case views.Recovered():
            text = entry.text if entry else ""
            return _connected(replace(room, recovered=text, recovered_at=now), now)
        case views.Corrected():
            return replace(room, last_correction=_correction(view))
        case views.Resynced() if view.you:
            return replace(room, last_correction=_resync(view))
        case views.Progress():
            return replace(room, progress=view.message)
        case views.ErrorLine():
            return _with_error(room, view, now)
        case views.Ended():
            return replace(room, ended=view.reason)
        case _:
            return room


def note(room: Room, text: str, timestamp_ms: int, tone: Tone = "event") -> Room:
    """The room with a line of the face's own in its feed."""
    return replace(room, feed=(*room.feed, Entry(timestamp_ms, "", text, tone))[-FEED_LENGTH:])


def _entry(view: views.AnyView) -> Entry | None:
    sentence = sentence_of(view)
    if sentence is None or not isinstance(view, views.Happened):
        return None
    if isinstance(view, views.Reconnecting) and view.attempt > 1:
        return None  # the header counts; the feed says it once
    if isinstance(view, views.ViewOnly):
        return None  # the answer to one key, not a thing that happened in the room
    return Entry(view.timestamp_ms, sentence.name, sentence.text, sentence.tone)


def _with_status(room: Room, status: views.Status) -> Room:
    drift = status.drift_ms if status.state == "playing" else None
    # Before its player has said a word, a seat knows no position, its target neither.
    known = room.position_known if status.at == 0.0 else _position_of(status)
    return replace(
        room,
        status=status,
        position_known=known,
        own=status if room.is_open else None,
        drifts=(*room.drifts, drift)[-DRIFTS_LENGTH:],
    )


def _position_of(status: views.Status) -> float:
    return status.position if status.position is not None else status.target


def _with_members(room: Room, members: tuple[Member, ...], now: float) -> Room:
    before = {member.member_id: member.state for member in room.members}
    since = dict(room.member_since)
    kept = tuple(
        (m.member_id, since.get(m.member_id, now) if before.get(m.member_id) == m.state else now)
        for m in members
    )
    return replace(room, members=members, member_since=kept)


def _connected(room: Room, now: float) -> Room:
    return replace(room, link="up", link_since=now, link_reason="", server_stopped=False)


def _reconnecting(room: Room, view: views.Reconnecting, now: float) -> Room:
    since = room.link_since if room.link == "reconnecting" else now
    return replace(
        room,
        link="reconnecting",
        link_since=since,
        link_reason=view.reason,
        server_stopped=room.server_stopped or view.reason == views.SERVER_STOPPED,
        next_attempt_at=now + view.retry_in,
    )


def _with_error(room: Room, error: views.ErrorLine, now: float) -> Room:
    if error.code == SEAT_DIED:
        return replace(room, seat_down_since=now, progress="", waiting=None)
    if error.code == views.OWN_COPY:
        return replace(room, lacks_copy=True)
    return replace(room, fatal=error, seat_down_since=None) if error.fatal else room


def _correction(view: views.Corrected) -> str:
    return f"jump, was {ms_text(view.drift_ms)}"


def _resync(view: views.Resynced) -> str:
    return f"resync, was {ms_text(view.before_ms)}" if view.before_ms is not None else "resync"


# What can be read off a room ------------------------------------------------------------


def position_at(room: Room, now: float) -> float | None:
    """Where the film is at ``now``, carried on from the seat's last word."""
    status = room.status
    if status is None or is_stale(room):
        return room.position_known
    position = _position_of(status)
    goes_on = room.seat_down_since is None and not room.is_over
    if status.state == "playing" and status.playing and goes_on:
        since = now - status.at - (status.starts_in or 0.0)
        position += status.rate * min(max(0.0, since), FORESIGHT)
    duration = room.duration
    return min(position, duration) if duration is not None else position


def is_stale(room: Room) -> bool:
    """The position is the last one known, from before the seat was started again."""
    status = room.status
    return room.seat_down_since is not None or (status is not None and status.at == 0.0)


def state_word(room: Room) -> str:
    """What goes on, as one word in capitals."""
    if room.is_over:
        return "STOPPED"
    if room.seat_down_since is not None:
        return "RESTARTING"
    if room.link == "joining":
        return "JOINING"
    if room.link == "reconnecting":
        return "RECONNECTING"
    if room.waiting is not None:
        return "WAITING"
    return _player_word(room.status, room.progress)


def _player_word(status: views.Status | None, progress: str) -> str:
    if status is None or (status.at == 0.0 and status.state == "idle"):
        return "OPENING" if progress else "LOADING"
    if status.starts_in and status.state in ("playing", "paused"):
        return "WAITING"
    if status.state == "paused":
        return "WAITING" if status.playing else "PAUSED"
    words = {"idle": "NO FILM", "loading": "LOADING", "failed": "STOPPED"}
    return words.get(status.state, status.state.upper())


def explanation(room: Room, now: float) -> str:
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
    return "for everybody to be ready" if _player_word(status, "") == "WAITING" else ""


def waiting_text(room: Room, now: float) -> str:
    """``waiting for Ben · 6 s``, "" while the start waits for nobody."""
    if room.waiting is None:
        return ""
    first, *others = ["you" if name == room.you_are else name for name in room.waiting.names]
    who = first if not others else f"{', '.join([first, *others][:-1])} and {others[-1]}"
    who = who if len(others) < 3 else f"{first} and {len(others)} more"
    left = room.waiting.left - (now - room.waiting_at)
    return f"waiting for {who}" + (f" · {left:.0f} s" if left >= 1 else "")


def _next_attempt(room: Room, now: float) -> str:
    left = (room.next_attempt_at or now) - now
    if may_be_over(room, now):
        return "the server was stopped" if room.server_stopped else "the server does not come back"
    ahead = f"next try in {left:.0f} s" if left >= 1 else "trying now"
    return f"{reconnecting_text(room, now)} · {ahead}"


def may_be_over(room: Room, now: float) -> bool:
    """The server is away in a way that looks like the end of the party."""
    if room.link != "reconnecting" or room.link_since is None:
        return False
    return room.server_stopped or now - room.link_since >= LONG_AWAY


def reconnecting_text(room: Room, now: float) -> str:
    """``reconnecting (3 s)`` while the server is out of reach, else ""."""
    if room.link != "reconnecting" or room.link_since is None:
        return ""
    return f"reconnecting ({span_text(now - room.link_since)})"


def silent_for(room: Room, now: float) -> float:
    """Seconds without a word from the seat once that is too long, else 0."""
    silence = now - room.heard_at
    return silence if room.status is not None and silence > SILENCE else 0.0


def chapter_at(room: Room, position: float) -> tuple[int, Chapter] | None:
    """Number (from 1) and chapter at ``position``."""
    chapters = room.media.chapters if room.media else ()
    found = None
    for number, chapter in enumerate(chapters, 1):
        if chapter.start <= position + 0.05:
            found = (number, chapter)
    return found


def view_only_text(room: Room) -> str:
    """What a viewer is told whose key is the host's."""
    name = room.host_name
    return f"View Only: {name} is hosting" if name else "View Only: nobody hosts just now"


def sync_word(status: views.Status | None) -> tuple[str, Literal["good", "fair", "poor", "none"]]:
    """How well this seat is in step: word and grade."""
    if status is None or status.drift_ms is None or status.state != "playing":
        return ("", "none")
    drift = status.drift_ms
    grade = grade_of(drift)
    if "jump" in status.correction:
        return ("jumping into place", "poor")
    if status.correction.startswith("nudge") and abs(drift) >= 8:
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
    if member.state != "playing":
        return {"idle": "no film", "failed": "stopped"}.get(member.state, member.state)
    if member.drift_ms is None:
        return "playing"
    if grade_of(member.drift_ms) == "good":
        return "in step"
    return "ahead" if member.drift_ms > 0 else "lags"


def state_for(room: Room, member_id: str, now: float) -> float:
    """Seconds that a member is in its present state."""
    return next((now - at for known, at in room.member_since if known == member_id), 0.0)
