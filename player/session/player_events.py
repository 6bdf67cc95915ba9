"""What a seat does about what its player says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.api.views import OWN_COPY, Corrected
from player.backend.base import Failed, KeyPressed, MediaOpened, TracksChanged
from player.sync.messages import (
    Acted,
    Buffered,
    Finished,
    FollowerView,
    InStep,
    Jumped,
    NoPlayer,
    PlayerNews,
    Stalled,
    Widened,
)
from protocol.wire import messages

if TYPE_CHECKING:
    from player.session.context import SessionContext
    from protocol.exceptions import MatineeError
    from protocol.wire.messages import Media


END_OF_FILM: Final = "end of the film"
"""Why the party pauses then, as everybody's seat can tell it."""


class PlayerEventHandler:
    """Takes the news of the player's thread, on the event loop."""

    def __init__(self, seat: SessionContext) -> None:
        self._seat = seat
        self._resync_asked = False
        self._resync_before: float | None = None
        self._stalled_at: float | None = None
        """Where the host's stall has paused the party."""

    def resync_asked(self) -> None:
        """The next jump is a person's wish: log what it mended."""
        self._resync_asked = True
        self._resync_before = self._seat.gauges.view.drift

    def take(self, news: PlayerNews) -> None:
        """Take what the player's thread tells."""
        seat = self._seat
        match news:
            case FollowerView():
                if seat.gauges.take(news, seat.protocol.state):
                    seat.report_soon()
            case Buffered(until=until):
                seat.gauges.buffered_until = until
            case MediaOpened():
                seat.gauges.reason = ""
                seat.screening.player_opened(news)
            case Failed():
                self._player_failed(news)
            case KeyPressed(intent=line):
                seat.ask_line(line)
            case TracksChanged():
                seat.gauges.volume, seat.gauges.muted = news.volume, news.muted
                seat.gauges.trim = news.audio_trim
                seat.screening.tracks_changed(news)
                seat.report_soon()
            case Jumped(drift=drift, reason=reason):
                if not self._resync_asked:
                    self._corrected(drift, reason)
            case Widened(tolerance=tolerance):
                seat.notice(
                    "jumps do not help here: for a while a drift of up to"
                    f" {tolerance:.1f} s is only glided"
                )
            case InStep(drift=drift):
                self._in_step(drift)
            case Stalled():
                self._stalled(news)
            case Acted():
                self._acted(news)
            case Finished(position=position):
                self._finished(position)
            case NoPlayer(error=error):
                seat.gauges.reason = error.message
                seat.fail("no_player", error.message, error.remedy)
            case _:
                pass

    def film_opened(self, media: Media) -> None:
        """The film is open; the host tells the stream what it is."""
        seat = self._seat
        seat.gauges.seeks_film = False
        view = seat.screening.view
        if view is not None:
            seat.controls.duration = view.duration
            seat.controls.chapters = view.chapters
        if seat.is_host and seat.protocol.state and media != seat.protocol.state.media:
            seat.request(messages.LoadAct(media))

    def film_failed(self, error: MatineeError) -> None:
        """No film could be found; a host who has none to begin with may as well leave."""
        seat = self._seat
        if seat.is_host and not seat.screening.ever_opened and not seat.config.returning:
            seat.fail("media", error.message, error.remedy)
            return
        code = OWN_COPY if seat.screening.lacks_copy else "media"
        seat.say_error(code, error.message, error.remedy)
        self._without_film(error.message)

    def _without_film(self, reason: str) -> None:
        seat = self._seat
        seat.gauges.seeks_film = False
        seat.gauges.reason = reason
        seat.report_soon()

    def _player_failed(self, event: Failed) -> None:
        seat = self._seat
        if seat.screening.player_failed(event):
            return
        self._without_film(event.reason)
        remedy = "say resync (r) to try again"
        if event.lost:
            remedy = "say reopen (o) to open it again"
        elif seat.is_host:
            remedy += ", or load (l) for another film"
        seat.say_error("player", event.reason, remedy)

    def _corrected(self, drift: float | None, reason: str) -> None:
        seat = self._seat
        if drift is not None:
            seat.emit(
                Corrected(
                    name=seat.config.name,
                    you=True,
                    drift_ms=round(drift * 1000, 1),
                    reason=reason,
                )
            )

    def _in_step(self, drift: float) -> None:
        seat = self._seat
        if not self._resync_asked:
            return
        self._resync_asked = False
        seat.note(
            "sync_request",
            seat.gauges.view.position or 0.0,
            before=self._resync_before,
            after=drift,
        )

    def _stalled(self, event: Stalled) -> None:
        seat = self._seat
        seat.note("buffer_start" if event.stalled else "buffer_end", event.position)
        if not seat.is_host:
            return
        if event.stalled:
            self._stalled_at = max(0.0, event.position)
            seat.request(messages.PauseAct(self._stalled_at, f"waiting for {seat.config.name}"))
        elif self._stalled_at is not None:
            # A start that waits goes on by itself, and with it those who are not ready.
            if not seat.controls.waits and not self._moved_since(self._stalled_at):
                seat.request(messages.PlayAct())
            self._stalled_at = None

    def _moved_since(self, stalled_at: float) -> bool:
        """Whether somebody has gone elsewhere meanwhile, and so is not waiting."""
        state = self._seat.protocol.state
        if state is None or state.timeline.playing:
            return False
        return abs(state.timeline.position - stalled_at) > 0.001

    def _acted(self, event: Acted) -> None:
        seat = self._seat
        if seat.is_host:
            seat.request(
                messages.PauseAct(max(0.0, event.position)) if event.paused else messages.PlayAct()
            )
        else:
            seat.driver.release()
            seat.view_only("pause" if event.paused else "play")

    def _finished(self, position: float) -> None:
        seat = self._seat
        state = seat.protocol.state
        if seat.is_host and state and state.timeline.playing:
            seat.request(messages.PauseAct(position, END_OF_FILM))
        if seat.is_host and seat.screening.queue_left:
            seat.notice(f"{seat.screening.queue_left} more to watch: n goes on to the next film")
