"""Media events: what a seat does about the film that is to be watched, found, opened or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

import msgspec

from player.api.views import OWN_COPY, ConsentAsked, Progress, TracksView
from player.media.messages import (
    AnswerConsent,
    CancelSearch,
    ConsentNeeded,
    CopyDiffers,
    FindMedia,
    IdentifyMedia,
    LoaderEvent,
    MediaFound,
    MediaIdentified,
    MediaReady,
    MediaUnavailable,
    ReadSubtitles,
    SearchFailed,
    SearchProgress,
    StopOpening,
    SubtitlesRead,
    SubtitlesUnreadable,
)
from player.session.core.effects import LoadSource, SetLiveOrigin, UnloadMedia
from player.session.core.handlers.track_chooser import TrackChooser
from protocol.exceptions import MatineeError
from protocol.text import TITLE_CELLS, clean_text
from protocol.wire.messages import LoadAct

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.api.views import MediaView
    from player.backend.base import (
        DurationChanged,
        Failed,
        MediaOpened,
        Source,
        TrackKind,
        TracksChanged,
    )
    from player.media.messages import ConsentAnswer
    from player.session.core.choices import Choices
    from player.session.core.current_media import CurrentMedia
    from player.session.core.effects import Outbox
    from player.session.core.handlers.host_commands import HostCommands
    from player.session.core.handlers.outage_events import OutageHandler
    from player.session.core.membership import Membership
    from player.session.core.schedule import Schedule
    from player.session.core.telemetry import SeatTelemetry
    from protocol.wire.messages import Media


BEFORE_BREAK: Final = 1.0
"""Seconds before the place where a film breaks off from which on it is worth opening anew."""
NOT_IN_STEP: Final = (
    "this live stream has no clock of its own: everybody watches it as it comes, and not to the"
    " same second"
)


class _Search(NamedTuple):
    """A film that a person has asked for."""

    own: str
    code: str = "media"
    """Of the error when it fails."""
    goes_on: bool = False
    """Whoever watches goes on watching with it."""


class MediaEventHandler:
    """Takes the loader's news, and what of the player's and the stream's is about the film."""

    def __init__(
        self,
        config: SeatConfig,
        outbox: Outbox,
        membership: Membership,
        current: CurrentMedia,
        choices: Choices,
        telemetry: SeatTelemetry,
        commands: HostCommands,
        schedule: Schedule,
        outage: OutageHandler,
    ) -> None:
        self._is_returning = config.returning
        self._outbox = outbox
        self._membership = membership
        self._current = current
        self._choices = choices
        self._telemetry = telemetry
        self._commands = commands
        self._schedule = schedule
        self._outage = outage
        self._tracks = TrackChooser(config)
        self._own_tracks = self._tracks.own
        """As the face was last told."""
        self._searches: dict[int, _Search] = {}
        self._number = 0
        """Of the newest search."""
        self._asked_site = ""
        self._broken_at: float | None = None
        """Where the film breaks off at which the player has failed."""

    def take(self, event: LoaderEvent, now: float) -> None:
        """What the loader tells."""
        match event:
            case SearchProgress(message=message):
                # Of a look that is repeated every few seconds nobody is told.
                if not self._outage.is_on:
                    self._outbox.emit(Progress(message=message))
            case ConsentNeeded(site=site):
                self._asked_site = site
                media = self._current.media
                title = media.title if site and media else ""
                self._outbox.emit(ConsentAsked(site=site, title=title))
            case CopyDiffers(differences=said):
                self._outbox.notice(f"your copy is not the same file as the host's ({said})")
            case MediaReady(source=source, is_same=is_same):
                self._current.is_same_file = is_same
                origin = self._current.media.live_origin if self._current.media else None
                source = msgspec.structs.replace(source, live_origin=origin)
                self._found_source(source, now)
            case MediaUnavailable(error=error):
                self._not_found(error, now)
            case MediaIdentified(number=number):
                self._identified(number)
            case MediaFound():
                self._found(event, now)
            case SubtitlesRead(media_id=media_id, subtitle=subtitle):
                self._outbox.add(*self._tracks.add_file(media_id, subtitle))
                self._tell_tracks()
            case SubtitlesUnreadable(error=error):
                self._outbox.error("subtitles", error.message, error.remedy)
            case SearchFailed(number=number, error=error):
                self._search_failed(number, error)
            case _:
                assert_never(event)

    # What the stream shows --------------------------------------------------------------

    def show(self, media: Media | None) -> None:
        """The stream watches ``media``."""
        before = self._current.media
        if media is not None and (before is None or before.media_id != media.media_id):
            self._telemetry.search_started()
            self._schedule.soon()
        if media is not None and self._current.show(media, self._choices.own_copy(media)):
            self._outage.end()
            self._outbox.add(UnloadMedia())
            for file in self._tracks.show(media.media_id):
                self._outbox.add(ReadSubtitles(media.media_id, file))
            self._open()
        else:
            self._show_duration(self._current.measured())
            if media and before and media.live_origin not in (None, before.live_origin):
                self._outbox.add(SetLiveOrigin(media.live_origin))

    def reopen(self) -> None:
        """Find and open the current film anew."""
        self._outage.end()
        self._telemetry.recovered()
        if self._current.media is not None:
            self._telemetry.search_started()
        self._open()

    def try_again(self, now: float) -> None:
        """Look whether the film that the network has taken away is back."""
        self._outage.look(now)
        self._open()

    def _open(self) -> None:
        self._broken_at = None
        media = self._current.media
        if media is None:
            return
        opening = self._current.opening(media)
        if isinstance(opening, MatineeError):
            self._outbox.add(StopOpening())
            self._unavailable(opening)
        else:
            self._outbox.add(opening)

    def _found_source(self, source: Source, now: float) -> None:
        if self._outage.wants_source(now):
            self._current.found(source)
            self._outbox.add(LoadSource(self._tracks.opening(source)))

    def _not_found(self, error: MatineeError, now: float) -> None:
        is_founding = self._membership.is_host and not self._current.ever_opened
        if (is_founding and not self._is_returning) or not self._outage.takes_error(error, now):
            self._unavailable(error)

    def _unavailable(self, error: MatineeError) -> None:
        """No film could be found; a host who has none to begin with may as well leave."""
        self._current.unavailable()
        is_host = self._membership.is_host
        if is_host and not self._current.ever_opened and not self._is_returning:
            self._outbox.fail("media", error.message, error.remedy, remedy_code=error.remedy_code)
            return
        code = OWN_COPY if self._current.lacks_copy else "media"
        self._outbox.error(code, error.message, error.remedy, remedy_code=error.remedy_code)
        self.without_film(error.message)

    def without_film(self, reason: str) -> None:
        """There is nothing to watch, because of ``reason``."""
        self._telemetry.failed(reason)
        self._schedule.soon()

    # What the player tells --------------------------------------------------------------

    def opened(self, event: MediaOpened, now: float) -> None:
        """The film is open; the host tells the stream what it is."""
        self._telemetry.recovered()
        self._outage.opened(now)
        media, view = self._current.media, self._current.opened(event, self._choices.queue_left)
        if media is None or view is None:
            return
        self._outbox.emit(view)
        self._outbox.add(*self._tracks.opened(event.tracks))
        if event.notice:
            self._outbox.notice(event.notice, event.remedy_code)
        if event.is_live and event.live_origin is None:
            self._outbox.notice(NOT_IN_STEP)
        if other_cut := self._current.other_cut(event.duration):
            self._outbox.notice(other_cut)
        self._telemetry.search_ended()
        self._commands.film_opened(view.duration, view.chapters)
        self._describe(event.duration, now, event.live_origin)

    def duration_changed(self, event: DurationChanged, now: float) -> None:
        """How long the film is has become known, or was wrong; the host tells the stream."""
        self._show_duration(self._current.duration_changed(event.duration))
        if self._current.view is not None:
            self._describe(event.duration, now)

    def _show_duration(self, view: MediaView | None) -> None:
        if view is not None:
            self._commands.duration_changed(view.duration)
            self._outbox.emit(view)

    def _describe(
        self, duration: float | None, now: float, live_origin: float | None = None
    ) -> None:
        """The host tells the stream what the film is."""
        media, view, state = self._current.media, self._current.view, self._membership.state
        if media is None or view is None or state is None or not self._membership.is_host:
            return
        described = msgspec.structs.replace(
            media,
            title=view.title[:200],
            duration=duration,
            live_origin=media.live_origin if live_origin is None else live_origin,
        )
        if described != state.media:
            self._membership.request(LoadAct(described), now)

    def origin_moved(self, origin: float, now: float) -> None:
        """A live stream's timestamps began anew; the host tells from where they count."""
        state = self._membership.state
        if self._membership.is_host and state and state.media:
            described = msgspec.structs.replace(state.media, live_origin=origin)
            self._membership.request(LoadAct(described), now)

    def tracks_changed(self, event: TracksChanged) -> None:
        """Tracks came, or another was chosen."""
        view = self._current.tracks_changed(event.tracks)
        if view is not None:
            self._outbox.emit(view)
        self._outbox.add(*self._tracks.changed(event))
        for said in self._tracks.missing(event):
            self._outbox.notice(said)
        self._tell_tracks()

    def player_lost(self) -> None:
        """There will be another player, which has to be told all."""
        self._tracks.player_lost()

    def _tell_tracks(self) -> None:
        """Tell the face what the person has chosen, when that is new."""
        own = self._tracks.own
        if own != self._own_tracks:
            self._own_tracks = own
            self._outbox.emit(TracksView(own))

    def broken_off(self, position: float | None) -> None:
        """The player has failed; ``position`` is where the film breaks off, if it does."""
        self._broken_at = position

    def moved(self, position: float) -> None:
        """The timeline is at ``position``: before the place where it breaks off a film is good."""
        if self._broken_at is not None and position < self._broken_at - BEFORE_BREAK:
            self.reopen()

    def is_opened_anew(self, event: Failed, now: float) -> bool:
        """The player could not go on; True when it is tried again with a fresh address."""
        if not self._current.is_stale(event, now):
            return False
        self._outbox.notice("the address is no longer good: asking for it anew")
        self._open()
        return True

    # What a person asks for -------------------------------------------------------------

    def load(self, own: str, *, goes_on: bool = False) -> None:
        """Change the film for everybody only once there is one; until then the old one goes on."""
        if self._number in self._searches:
            self._outbox.add(CancelSearch(self._number))
            del self._searches[self._number]
        self._outbox.add(FindMedia(self._begin(_Search(own, goes_on=goes_on)), own))

    def load_next(self) -> None:
        """The next film of those named at the start."""
        own = self._choices.next_film()
        if own:
            self.load(own, goes_on=True)
        else:
            self._outbox.notice("there is no next film: name several at the start, or load one")

    def copy(self, own: str) -> None:
        """Watch the current film from ``own``, once that can be read."""
        if self._current.media is None:
            self._outbox.notice("there is no film yet to have a copy of")
        else:
            self._outbox.add(IdentifyMedia(self._begin(_Search(own, "copy")), own))

    def next_track(self, kind: TrackKind) -> None:
        """The next track of that kind; after the last subtitles, none."""
        self._outbox.add(self._tracks.next(kind))
        self._tell_tracks()

    def name_subtitles(self, file: str) -> None:
        """Show the current film with the subtitles of ``file``."""
        media = self._current.media
        if media is None:
            self._outbox.notice("there is no film yet to have subtitles for")
        else:
            self._outbox.add(ReadSubtitles(media.media_id, file))

    def cancel(self) -> None:
        """Stop looking for what was asked for last."""
        if self._searches.pop(self._number, None) is None:
            self._outbox.notice("there is nothing to stop")
        else:
            self._outbox.add(CancelSearch(self._number))
            self._outbox.notice("stopped: the film stays")

    def answer_consent(self, answer: ConsentAnswer) -> None:
        """A person's answer to what was asked."""
        if not self._asked_site:
            self._outbox.notice("nothing is asked just now")
            return
        self._asked_site = ""
        self._outbox.add(AnswerConsent(answer))

    def _begin(self, search: _Search) -> int:
        self._number += 1
        self._searches[self._number] = search
        return self._number

    def _found(self, event: MediaFound, now: float) -> None:
        search = self._searches.pop(event.number, None)
        if search is None:
            return
        title = clean_text(event.source.title, TITLE_CELLS) or event.media.title
        media = msgspec.structs.replace(
            event.media, media_id=self._membership.new_id(), title=title
        )
        self._choices.remember(media, search.own)
        self._current.prepare(media.media_id, event.source)
        self._membership.request(LoadAct(media, search.goes_on and self._is_on()), now)

    def _is_on(self) -> bool:
        """Whoever was watching goes on watching: the next film starts as one."""
        state = self._membership.state
        return bool(state and state.timeline.playing) or self._telemetry.state == "ended"

    def _identified(self, number: int) -> None:
        """The copy that was named can be read."""
        search, media = self._searches.pop(number, None), self._current.media
        if search is None or media is None:
            return
        self._choices.remember(media, search.own)
        self._telemetry.recovered()
        self._outage.end()
        self._current.show_copy(search.own)
        self._outbox.add(UnloadMedia())
        self._open()

    def _search_failed(self, number: int, error: MatineeError) -> None:
        search = self._searches.pop(number, None)
        if search is not None:
            self._outbox.error(
                search.code, error.message, error.remedy, remedy_code=error.remedy_code
            )
