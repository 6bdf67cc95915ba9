"""Player events: what a seat does about what its player's thread tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from player.api.views import Corrected
from player.backend.base import (
    DurationChanged,
    EndReached,
    Failed,
    KeyPressed,
    MediaGrown,
    MediaOpened,
    PauseChanged,
    Restarted,
    StallChanged,
    SubtitlesFailed,
    TimestampsRestarted,
    TracksChanged,
)
from player.session.core.effects import ReleasePlayer
from player.sync.messages import (
    Acted,
    Buffered,
    Finished,
    FollowerView,
    HasPlayer,
    InStep,
    Jumped,
    LineSlow,
    NoPlayer,
    OriginMoved,
    OutOfReach,
    PlayerNews,
    Stalled,
    Widened,
)
from protocol.sync.fill import HOPELESS
from protocol.timeline import clamp_position
from protocol.wire.messages import PauseAct, PlayAct, SeekAct
from protocol.wire.reasons import END_OF_FILM, waiting_for

if TYPE_CHECKING:
    from player.session.core.choices import Choices
    from player.session.core.effects import Outbox
    from player.session.core.handlers.host_commands import HostCommands
    from player.session.core.handlers.intent_handler import IntentHandler
    from player.session.core.handlers.media_events import MediaEventHandler
    from player.session.core.handlers.outage_events import OutageHandler
    from player.session.core.membership import Membership
    from player.session.core.resync import ResyncProcedure
    from player.session.core.schedule import Schedule
    from player.session.core.telemetry import SeatTelemetry
    from protocol.wire.reasons import Reason


SAME_PLACE: Final = 0.001
BEYOND_END: Final = 1.0
"""Seconds; so far behind the end nobody is by how exactly it is told."""


SLOW_TOLD_EVERY: Final = 180.0
"""Seconds."""


class PlayerEventHandler:
    """Takes the news of the player's thread."""

    def __init__(
        self,
        outbox: Outbox,
        membership: Membership,
        media: MediaEventHandler,
        intents: IntentHandler,
        choices: Choices,
        telemetry: SeatTelemetry,
        commands: HostCommands,
        schedule: Schedule,
        resync: ResyncProcedure,
        outage: OutageHandler,
    ) -> None:
        self._outbox = outbox
        self._membership = membership
        self._media = media
        self._intents = intents
        self._choices = choices
        self._telemetry = telemetry
        self._commands = commands
        self._schedule = schedule
        self._resync = resync
        self._outage = outage
        self._stalled_at: float | None = None
        """Where the host's stall has paused the party."""
        self._slow_told_at = float("-inf")
        self._ended_at: float | None = None
        """Where the end of the host's film has paused the party."""
        self._has_noted_stall = False

    def take(self, news: PlayerNews, now: float) -> None:
        """Take what the player's thread tells."""
        match news:
            case FollowerView():
                if self._telemetry.take(news, self._membership.state):
                    self._schedule.soon()
            case Buffered(until=until, since=since):
                self._telemetry.take_buffered(until, since)
                self._outage.watch(now)
            case OriginMoved(origin=origin):
                self._media.origin_moved(origin, now)
            case OutOfReach(position=position):
                self._out_of_reach(position, now)
            case MediaOpened():
                self._media.opened(news, now)
            case Failed():
                self._player_failed(news, now)
            case DurationChanged():
                self._media.duration_changed(news, now)
            case MediaGrown():
                self._grown(now)
            case KeyPressed(intent=line):
                self._intents.take_line(line, now)
            case TracksChanged():
                self._telemetry.take_sound(news)
                self._media.tracks_changed(news)
                self._schedule.soon()
            case SubtitlesFailed(title=title):
                self._outbox.notice(f"subtitles that cannot be read are left out: {title}")
            case Jumped(drift=drift, reason=reason):
                if not self._resync.is_asked:
                    self._corrected(drift, reason)
            case Widened(tolerance=tolerance):
                self._outbox.notice(
                    "jumps do not help here: for a while a drift of up to"
                    f" {tolerance:.1f} s is only glided"
                )
            case LineSlow(rate=rate):
                self._line_slow(rate, now)
            case InStep(drift=drift):
                self._resync.ended(drift)
            case Stalled():
                self._stalled(news, now)
            case Acted():
                self._acted(news, now)
            case Finished(position=position):
                self._finished(position, now)
            case NoPlayer(error=error):
                self._telemetry.failed(error.message)
                self._outbox.fail(
                    "no_player", error.message, error.remedy, remedy_code=error.remedy_code
                )
            case Restarted() | PauseChanged() | StallChanged() | EndReached():
                # What the follower makes of them is told besides.
                pass
            case HasPlayer() | TimestampsRestarted():
                pass
            case _:
                assert_never(news)

    def _player_failed(self, event: Failed, now: float) -> None:
        if self._outage.takes_failure(event, now) or self._media.is_opened_anew(event, now):
            return
        self._outage.end()
        self._media.without_film(event.reason)
        self._media.broken_off(event.position)
        if event.lost:
            self._media.player_lost()
            code = "reopen"
        else:
            code = "try_again_or_load" if self._membership.is_host else "try_again"
        self._outbox.error("player", event.reason, remedy_code=code)

    def _corrected(self, drift: float | None, reason: str) -> None:
        if drift is not None:
            self._outbox.emit(
                Corrected(
                    name=self._membership.name,
                    you=True,
                    drift_ms=round(drift * 1000, 1),
                    reason=reason,
                )
            )

    def _line_slow(self, rate: float, now: float) -> None:
        """Said every few minutes, to whom it concerns."""
        if now - self._slow_told_at < SLOW_TOLD_EVERY:
            return
        self._slow_told_at = now
        self._outbox.notice(
            f"this line carries {rate:.0%} of what the film needs, so it stops now and then"
            + ("" if rate >= HOPELESS else ", too often to keep in step"),
            "slow_line",
        )

    def _stalled(self, event: Stalled, now: float) -> None:
        member = self._membership
        if event.stalled and self._telemetry.failure is None:
            self._has_noted_stall = True
            member.note("buffer_start", event.position)
        elif self._has_noted_stall:
            self._has_noted_stall = False
            member.note("buffer_end", event.position)
        if not member.is_host:
            return
        # Without a link the party has gone on without him, and he joins it where it is.
        if event.stalled and member.is_joined:
            self._stalled_at = max(0.0, event.position)
            member.request(_pause(self._stalled_at, waiting_for(member.name)), now)
        elif self._stalled_at is not None:
            # A start that waits goes on by itself, and with it those who are not ready.
            if not self._commands.waits and not self._moved_since(self._stalled_at):
                member.request(PlayAct(), now)
            self._stalled_at = None

    def _moved_since(self, stopped_at: float) -> bool:
        """Whether somebody has gone elsewhere since the party was stopped, and does not wait."""
        state = self._membership.state
        if state is None or state.timeline.playing:
            return False
        return abs(state.timeline.position - stopped_at) > SAME_PLACE

    def _acted(self, event: Acted, now: float) -> None:
        if self._membership.is_host:
            act = PauseAct(max(0.0, event.position)) if event.paused else PlayAct()
            self._membership.request(act, now)
        else:
            self._outbox.add(ReleasePlayer())
            self._membership.view_only("pause" if event.paused else "play")

    def _out_of_reach(self, position: float, now: float) -> None:
        """The party goes on where its host's live stream is; another seat stays behind alone."""
        if self._membership.is_host:
            self._membership.request(SeekAct(clamp_position(position)), now)
        else:
            self._outbox.notice(
                "the party is at a part of this live stream that cannot be had here any more:"
                " you watch it as it comes"
            )

    def _finished(self, position: float, now: float) -> None:
        state = self._membership.state
        self._commands.film_ended(position)
        if not self._membership.is_host:
            return
        if state and (state.timeline.playing or state.timeline.position > position + BEYOND_END):
            # Nobody is left waiting for what lies behind the end.
            self._ended_at = position if state.timeline.playing else None
            self._membership.request(_pause(position, END_OF_FILM), now)
        if self._choices.queue_left:
            self._outbox.notice(f"{self._choices.queue_left} more to watch", "next_film")

    def _grown(self, now: float) -> None:
        """The film's file goes on behind its end: whoever watched it watches on."""
        self._outbox.notice("the film goes on: its file has grown")
        self._media.reopen()
        ended_at, self._ended_at = self._ended_at, None
        if self._membership.is_host and ended_at is not None and not self._moved_since(ended_at):
            self._membership.request(PlayAct(), now)


def _pause(position: float, reason: Reason) -> PauseAct:
    return PauseAct(position, reason.words, reason.code)
