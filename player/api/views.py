"""Views: what a seat tells its face: one JSON object a line, ``event`` names it.

These are the lines that ``--json`` prints and that the TUI draws from. Ends in ``_ms``:
milliseconds; other numbers are seconds.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from player.api.own_tracks import OwnTracks
from player.backend.base import Chapter, Track
from player.sync.phase import CorrectionKind, PlayerState
from protocol.exceptions import RemedyCode
from protocol.sync.quality import Quality
from protocol.wire.messages import Member, Role
from protocol.wire.reasons import ReasonCode

OWN_COPY: Final = "own_copy"
"""Code of the error that asks a person to name his copy of the film."""
LinkLossCode = Literal["server_stopping", "too_slow"]
"""Why the server has closed the connection, where it said so."""


class View(msgspec.Struct, frozen=True):
    """One line of a seat."""


class Ready(View, frozen=True, tag="ready", tag_field="event"):
    """The seat has joined; always the first line of a seat that does."""

    role: Role
    stream_id: str
    member_id: str
    name: str
    host: str
    """Name of the host; "" while there is none."""
    server: str
    invite: str | None = None
    """Given to the host."""


class MediaView(View, frozen=True, tag="media", tag_field="event"):
    """The player has the film open."""

    title: str
    duration: float | None
    """None while it is not known; said again, with all the rest, when that changes."""
    kind: Literal["url", "file"]
    tracks: tuple[Track, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    is_live: bool = False
    queue_left: int = 0
    """Films that wait behind this one (host)."""
    audio_device: str = ""
    """What plays the sound: mpv's name of the device, or of its output."""


class TracksView(View, frozen=True, tag="tracks", tag_field="event"):
    """What this seat's person has chosen of sound and subtitles changed."""

    chosen: OwnTracks


class Status(View, frozen=True, tag="status", tag_field="event"):
    """How the seat stands, at ``at``."""

    role: Role
    state: PlayerState
    """``waiting``: the player rests until the timeline has come to it, in ``starts_in``."""
    position: float | None
    """Where the player is."""
    target: float
    """Where the timeline is."""
    drift_ms: float | None
    """Player minus timeline, + ahead."""
    rate: float
    """Of the timeline."""
    rtt_ms: float | None
    jitter_ms: float | None
    clock_error_ms: float | None
    """Bound of what the clock estimate may be off by."""
    quality: Quality
    members: int
    playing: bool = False
    """Of the timeline: what was agreed."""
    at: float = 0.0
    """Local CLOCK_MONOTONIC instant of ``position`` and ``target``: one clock on a machine."""
    starts_in: float | None = None
    """Seconds until a scheduled start."""
    correction: str = ""
    """What is done about the drift now: nudge +0.8 %, jump; "" when nothing is needed."""
    buffered_until: float | None = None
    volume: float = 100.0
    muted: bool = False
    trim_ms: float = 0.0
    subtitle_delay_ms: float = 0.0
    """Later when positive."""
    subtitle_scale: float = 1.0
    """Size of the subtitles' text, relative to the usual one."""
    reason: str = ""
    """Why the state is failed or buffering, and what to do."""
    lost_pings: int = 0
    """Of the last 10."""
    correction_kind: CorrectionKind | UnsetType = UNSET
    """The same as ``correction`` as a code; left out when nothing is needed."""


class MembersView(View, frozen=True, tag="members", tag_field="event"):
    """Everybody in the stream, the host first."""

    you: str
    members: tuple[Member, ...]
    others: int = 0
    """How many more are here; in a large stream not everybody is listed."""


class RoleView(View, frozen=True, tag="role", tag_field="event"):
    """What this seat is from now on."""

    role: Role
    host: str
    """Name of the host; "" while there is none."""


class InviteView(View, frozen=True, tag="invite", tag_field="event"):
    """What this host may hand on from now on."""

    invite: str
    expires_ms: int
    """Unix milliseconds."""
    uses: int | None = None
    """How many people may come by it; None for any number."""
    asked: bool = False
    """It takes the place of those before it, which open nothing any more."""


class Happened(View, frozen=True, tag="", tag_field="event"):
    """Base of what happened at ``timestamp_ms`` (Unix); ``name`` did it."""

    name: str = ""
    you: bool = False
    timestamp_ms: int = 0


class TimelineEvent(Happened, frozen=True, tag="timeline", tag_field="event"):
    """The timeline changed; replaced on the line by its own name, see `Played` and so on."""

    position: float = 0.0
    rate: float = 1.0
    reason: str = ""
    """Why, where it was no key: end of the film, waiting for Ben, everybody is ready."""
    reason_code: ReasonCode | UnsetType = UNSET
    """The same as a code; left out where there is none."""


class Played(TimelineEvent, frozen=True, tag="play", tag_field="event"):
    """Started."""


class Paused(TimelineEvent, frozen=True, tag="pause", tag_field="event"):
    """Stopped."""


class Sought(TimelineEvent, frozen=True, tag="seek", tag_field="event"):
    """Went to ``position``."""


class RateSet(TimelineEvent, frozen=True, tag="rate", tag_field="event"):
    """Plays at ``rate``."""


class MediaChanged(TimelineEvent, frozen=True, tag="media_changed", tag_field="event"):
    """Another film."""

    title: str = ""


class SettingsChanged(Happened, frozen=True, tag="settings", tag_field="event"):
    """The host changed how the party keeps together."""

    wait: bool = False
    """The party stops for a member who stalls."""
    sync_enabled: bool = True
    """Drift is corrected."""
    sync_tolerance_ms: int = 500
    """What a glide may mend; more is jumped."""


class HostChanged(Happened, frozen=True, tag="host_change", tag_field="event"):
    """``name`` hosts now."""

    by: str = ""
    """Who handed it over; "" for a host who took it."""


class Joined(Happened, frozen=True, tag="joined", tag_field="event"):
    """``name`` came."""


class Left(Happened, frozen=True, tag="left", tag_field="event"):
    """``name`` went."""

    removed: bool = False
    """The host sent ``name`` away."""


class EphemeralLine(Happened, frozen=True):
    """``name`` tells the others something that is in no log."""


class ChatLine(EphemeralLine, frozen=True, tag="chat", tag_field="event"):
    """``name`` said ``text``."""

    text: str = ""


class Resynced(Happened, frozen=True, tag="resync", tag_field="event"):
    """``name`` jumped back into step."""

    before_ms: float | None = None
    after_ms: float | None = None


class BufferStarted(Happened, frozen=True, tag="buffer_start", tag_field="event"):
    """``name`` waits for data."""

    position: float = 0.0


class BufferEnded(Happened, frozen=True, tag="buffer_end", tag_field="event"):
    """``name`` has data again."""

    position: float = 0.0


class Corrected(Happened, frozen=True, tag="correction", tag_field="event"):
    """This seat jumped because a glide could not mend ``drift_ms``."""

    drift_ms: float = 0.0
    reason: str = ""


class Reconnecting(Happened, frozen=True, tag="reconnecting", tag_field="event"):
    """The server is out of reach; said again with every attempt."""

    reason: str = ""
    attempt: int = 1
    retry_in: float = 0.0
    reason_code: LinkLossCode | UnsetType = UNSET
    """Why, where the server has said it; else left out."""


class Recovered(Happened, frozen=True, tag="recovered", tag_field="event"):
    """Connected again."""

    events: int = 0
    """Missed ones that came after all."""
    by: Literal["events", "snapshot"] = "events"
    away: float = 0.0
    """Seconds without a server."""


class ViewOnly(Happened, frozen=True, tag="view_only", tag_field="event"):
    """A viewer asked for what only the host may do; nothing changed."""

    intent: str = ""
    host: str = ""
    message: str = ""


class Notice(Happened, frozen=True, tag="notice", tag_field="event"):
    """Something to know; nothing is broken."""

    message: str = ""
    remedy_code: RemedyCode | UnsetType = UNSET
    """What can be done, as a code; left out where there is none. A face says it in ``message``."""


class ErrorLine(Happened, frozen=True, tag="error", tag_field="event"):
    """Something went wrong; with ``fatal`` the seat ends after it."""

    code: str = ""
    message: str = ""
    remedy: str = ""
    field: str = ""
    fatal: bool = False
    remedy_code: RemedyCode | UnsetType = UNSET
    """What can be done, as a code; left out where there is none. A face says it in ``remedy``,
    or in ``message`` where that is one sentence with it."""


class Waiting(View, frozen=True, tag="waiting", tag_field="event"):
    """The party's start waits for these members; said again when they change."""

    names: tuple[str, ...] = ()
    """Empty: the wait is over."""
    left: float = 0.0
    """Seconds until it starts without them, at the latest."""


class ConsentAsked(View, frozen=True, tag="consent", tag_field="event"):
    """May this seat open a film at ``site``? Answered by ``consent once``, ``always`` or ``no``."""

    site: str
    """"" when it is asked no longer."""
    title: str = ""
    """The film's, in the words of who named it."""


class Progress(View, frozen=True, tag="progress", tag_field="event"):
    """Long work goes on; "" when it is done."""

    message: str = ""


class Ended(View, frozen=True, tag="ended", tag_field="event"):
    """The seat leaves; the last line."""

    reason: str = ""


AnyView = (
    Ready
    | MediaView
    | TracksView
    | Status
    | MembersView
    | RoleView
    | InviteView
    | Played
    | Paused
    | Sought
    | RateSet
    | MediaChanged
    | SettingsChanged
    | HostChanged
    | Joined
    | Left
    | ChatLine
    | Resynced
    | BufferStarted
    | BufferEnded
    | Corrected
    | Reconnecting
    | Recovered
    | ViewOnly
    | Notice
    | ErrorLine
    | Waiting
    | ConsentAsked
    | Progress
    | Ended
)
