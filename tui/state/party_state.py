"""Everything a face shows, as one frozen value that the seat's lines are folded into.

Instants are seconds on CLOCK_MONOTONIC, which is one clock for all processes of a machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, assert_never

import msgspec

from player.api import views
from tui.text.sentences import Tone, sentence_of
from tui.text.times import ms_text

if TYPE_CHECKING:
    from protocol.wire.messages import Member

FEED_LENGTH: Final = 300
_NEWS_ONLY: Final = (
    views.Played,
    views.Paused,
    views.Sought,
    views.RateSet,
    views.SettingsChanged,
    views.HostChanged,
    views.Joined,
    views.Left,
    views.EphemeralLine,
    views.BufferStarted,
    views.BufferEnded,
    views.ViewOnly,
    views.Notice,
    views.ConsentAsked,
)
"""What the feed tells, and nothing else shows."""
DRIFTS_LENGTH: Final = 240

SEAT_DIED: Final = "seat_died"
"""Code of the error that says that the seat's process is being started again."""

LinkState = Literal["joining", "up", "reconnecting"]


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One line of the feed."""

    timestamp_ms: int
    name: str
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class PartyState:
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
    feed: tuple[FeedEntry, ...] = ()
    last_correction: str = ""
    link: LinkState = "joining"
    link_since: float | None = None
    """Since when the link is in that state, None before the first line."""
    link_reason: str = ""
    server_stopped: bool = False
    """The server has said that it stops, and was not back since."""
    next_attempt_at: float | None = None
    recovered: views.Recovered | None = None
    """The newest return of the link, at ``recovered_at``."""
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
        is_known = bool(self.members) and not self.others
        return self.ready.host if self.ready and not is_known else ""

    @property
    def title(self) -> str:
        return self.media.title if self.media else ""

    @property
    def duration(self) -> float | None:
        return self.media.duration if self.media else None


def reduce(room: PartyState, view: views.AnyView, now: float) -> PartyState:
    """The room after ``view`` arrived at ``now``."""
    room = replace(room, heard_at=now)
    entry = _entry(view)
    if entry is not None:
        room = replace(room, feed=(*room.feed, entry)[-FEED_LENGTH:])
    if isinstance(view, _NEWS_ONLY):
        return room
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
            return _connected(replace(room, recovered=view, recovered_at=now), now)
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
        case views.RoleView() | views.InviteView() | views.Resynced() | views.TracksView():
            return room
        case _:
            assert_never(view)


def note(room: PartyState, text: str, timestamp_ms: int, tone: Tone = "event") -> PartyState:
    """The room with a line of the face's own in its feed."""
    return replace(room, feed=(*room.feed, FeedEntry(timestamp_ms, "", text, tone))[-FEED_LENGTH:])


def _entry(view: views.AnyView) -> FeedEntry | None:
    sentence = sentence_of(view)
    if sentence is None or not isinstance(view, views.Happened):
        return None
    if isinstance(view, views.Reconnecting) and view.attempt > 1:
        return None  # the header counts; the feed says it once
    if isinstance(view, views.ViewOnly):
        return None  # the answer to one key, not a thing that happened in the room
    return FeedEntry(view.timestamp_ms, sentence.name, sentence.text, sentence.tone)


def _with_status(room: PartyState, status: views.Status) -> PartyState:
    drift = status.drift_ms if status.state == "playing" else None
    # Before its player has said a word, a seat knows no position, its target neither.
    known = room.position_known if status.at == 0.0 else position_of(status)
    return replace(
        room,
        status=status,
        position_known=known,
        own=status if room.is_open else None,
        drifts=(*room.drifts, drift)[-DRIFTS_LENGTH:],
    )


def position_of(status: views.Status) -> float:
    """Where the player stands, or where it is to stand while it does not know."""
    return status.position if status.position is not None else status.target


def _with_members(room: PartyState, members: tuple[Member, ...], now: float) -> PartyState:
    before = {member.member_id: member.state for member in room.members}
    since = dict(room.member_since)
    kept = tuple(
        (m.member_id, since.get(m.member_id, now) if before.get(m.member_id) == m.state else now)
        for m in members
    )
    return replace(room, members=members, member_since=kept)


def _connected(room: PartyState, now: float) -> PartyState:
    return replace(room, link="up", link_since=now, link_reason="", server_stopped=False)


def _reconnecting(room: PartyState, view: views.Reconnecting, now: float) -> PartyState:
    since = room.link_since if room.link == "reconnecting" else now
    return replace(
        room,
        link="reconnecting",
        link_since=since,
        link_reason=view.reason,
        server_stopped=room.server_stopped or view.reason_code == "server_stopping",
        next_attempt_at=now + view.retry_in,
    )


def _with_error(room: PartyState, error: views.ErrorLine, now: float) -> PartyState:
    if error.code == SEAT_DIED:
        return replace(room, seat_down_since=now, progress="", waiting=None)
    if error.code == views.OWN_COPY:
        return replace(room, lacks_copy=True)
    return replace(room, fatal=error, seat_down_since=None) if error.fatal else room


def _correction(view: views.Corrected) -> str:
    return f"jump of {ms_text(view.drift_ms)}"


def _resync(view: views.Resynced) -> str:
    return f"resync of {ms_text(view.before_ms)}" if view.before_ms is not None else "resync"
