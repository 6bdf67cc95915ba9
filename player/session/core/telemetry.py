"""How the seat stands, gathered from its player and its link; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from player.api.views import Status
from player.session.core.outage import outage_text
from player.sync.messages import FollowerView
from protocol.sync.quality import Quality, QualityMeter
from protocol.wire.messages import Cursor, Report, Role

if TYPE_CHECKING:
    from player.backend.base import TracksChanged
    from player.sync.phase import PlayerState
    from protocol.client.protocol import ClientProtocol
    from protocol.client.stream_state import StreamState
    from protocol.sync.clock import ClockEstimate

WAITING: Final = FollowerView(
    at=0.0,
    state="idle",
    position=None,
    target=0.0,
    drift=None,
    correction="hold",
    starts_in=None,
    seek_cost=0.0,
)


class SeatTelemetry:
    """The newest readings of one seat; instants are local, in seconds."""

    def __init__(self) -> None:
        self.view = WAITING
        self.buffered_until: float | None = None
        self.buffered_since: float | None = None
        """Of a live stream: the first position that can be gone to."""
        self.volume = 100.0
        self.muted = False
        self.trim = 0.0
        self.subtitle_delay = 0.0
        self.subtitle_scale = 1.0
        self.failure: str | None = None
        """Why the player has failed; None while it has not."""
        self._away: str | None = None
        """Why the film does not come; None while it does."""
        self._is_lost = False
        self.seeks_film = False
        """A film is being looked for, and the player has nothing to open yet."""
        self.cursor: Cursor | None = None
        """The last event that the player has come to."""
        self._meter = QualityMeter()

    @property
    def state(self) -> PlayerState:
        """What the player does."""
        if self.failure is not None:
            return "failed"
        if self._away is not None:
            return "buffering"
        return "loading" if self.seeks_film and self.view.state == "idle" else self.view.state

    @property
    def position(self) -> float | None:
        """Where the player is, in seconds; None while it has no film or that is not known."""
        return None if self._is_lost else self.view.position

    def failed(self, reason: str) -> None:
        """There is nothing to watch, because of ``reason``."""
        self.failure = reason
        self.seeks_film = False

    def recovered(self) -> None:
        """What had failed is tried anew, or is well."""
        self.failure = None

    def film_away(self, cause: str, *, is_lost: bool) -> None:
        """The film does not come because of ``cause``; the player has lost it, or waits for it."""
        self._away, self._is_lost = cause, is_lost

    def film_came(self) -> None:
        """The film comes, or is not waited for any more."""
        self._away, self._is_lost = None, False

    def search_started(self) -> None:
        """A film is looked for."""
        self.seeks_film = True

    def search_ended(self) -> None:
        """The player has the film."""
        self.seeks_film = False

    def take_sound(self, told: TracksChanged) -> None:
        """The seat's own sound and subtitles."""
        self.volume, self.trim, self.muted = told.volume, told.audio_trim, told.muted
        self.subtitle_delay, self.subtitle_scale = told.subtitle_delay, told.subtitle_scale

    def take_buffered(self, until: float | None, since: float | None = None) -> None:
        """How far the media is ready to play, in seconds of position; live, also since where."""
        self.buffered_until, self.buffered_since = until, since

    def take(self, view: FollowerView, state: StreamState | None = None) -> bool:
        """Take a new view of the player; True when the others want to know of it at once.

        Args:
            view: how the player stands.
            state: the stream as this seat knows it.
        """
        before = self.state, self.cursor
        self.view = view
        if state is not None and view.timeline == state.timeline and not self._is_under_way:
            self.cursor = state.cursor
        if view.drift is not None:
            self._meter.drift(view.at, view.drift)
        return (self.state, self.cursor) != before

    @property
    def _is_under_way(self) -> bool:
        """Whether the player is not yet where the timeline has put it."""
        return self.state == "loading" or self.view.phase in ("loading", "seeking")

    def take_clock(self, now: float, estimate: ClockEstimate) -> None:
        """Take a new estimate of the server's clock."""
        self._meter.delay(now, estimate.delay)

    def quality(self, protocol: ClientProtocol, now: float) -> Quality:
        """One word for how good the connection is."""
        estimate = protocol.clock(now)
        return self._meter.quality(
            now,
            connected=protocol.joined,
            stalled=self.state == "buffering",
            jitter=estimate.jitter if estimate else 0.0,
            lost=protocol.lost_pings(now),
        )

    def status(self, protocol: ClientProtocol, role: Role, now: float) -> Status:
        """The line that the face draws."""
        estimate = protocol.clock(now) if protocol.joined else None
        state, view = protocol.state, self.view
        return Status(
            role=role,
            state=self.state,
            position=_rounded(self.position, 4),
            target=round(view.target, 4),
            drift_ms=_ms(view.drift),
            rate=state.timeline.rate if state else 1.0,
            rtt_ms=_ms(estimate.delay if estimate else None),
            jitter_ms=_ms(estimate.jitter if estimate else None),
            clock_error_ms=_ms(estimate.error if estimate else None),
            quality=self.quality(protocol, now),
            members=len(state.members) + state.others if state else 0,
            playing=state.timeline.playing if state else False,
            at=view.at,
            starts_in=_rounded(view.starts_in, 3),
            correction=_correction_text(view),
            buffered_until=_rounded(self.buffered_until, 1),
            volume=self.volume,
            muted=self.muted,
            trim_ms=round(self.trim * 1000),
            subtitle_delay_ms=round(self.subtitle_delay * 1000),
            subtitle_scale=round(self.subtitle_scale, 2),
            reason=self._reason(is_linked=protocol.joined),
            lost_pings=protocol.lost_pings(now),
            correction_kind=UNSET if view.correction == "hold" else view.correction,
        )

    def _reason(self, *, is_linked: bool) -> str:
        if self.failure is not None:
            return self.failure
        return "" if self._away is None else outage_text(self._away, is_linked=is_linked)

    def report(self, protocol: ClientProtocol, now: float) -> Report:
        """What the other members are told."""
        estimate = protocol.clock(now)
        ahead = None
        if self.buffered_until is not None and self.position is not None:
            ahead = max(0.0, round(self.buffered_until - self.position, 1))
        position = self.position
        state = self.state
        return Report(
            state="playing" if state == "waiting" else state,
            waiting=state == "waiting",
            # A film may begin a little before 0; the wire does not know such places.
            position=None if position is None else round(max(0.0, position), 3),
            drift_ms=_ms(self.view.drift),
            rtt_ms=_ms(estimate.delay if estimate else None),
            buffer=ahead,
            seek_ms=_ms(self.view.seek_cost),
            start_ms=_ms(self.view.start_cost),
            jitter_ms=_ms(max(estimate.jitter, estimate.late) if estimate else None),
            cursor=self.cursor,
        )


def _correction_text(view: FollowerView) -> str:
    if view.correction == "nudge":
        return f"nudge {view.rate_change * 100:+.1f} %"
    return "" if view.correction == "hold" else view.correction


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
