"""Current media: the film that this seat watches, and how it was opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from player.api.views import MediaView
from player.media.messages import OpenMedia
from protocol.exceptions import MediaError

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.backend.base import Failed, MediaOpened, Source, Track
    from protocol.wire.messages import Media

SAME_DURATION: Final = 1.0
"""Seconds two copies of one film may differ by."""
RETRY_STATUS: Final = (401, 403, 404, 410)
"""Answers of an address that is no longer good; a fresh one may be."""
RETRY_INTERVAL: Final = 30.0


class CurrentMedia:
    """One film at a time."""

    def __init__(self, config: SeatConfig) -> None:
        self._config = config
        self.media: Media | None = None
        self.own_duration: float | None = None
        """Seconds that this seat's copy is long, as far as that is known."""
        self.view: MediaView | None = None
        """How the player has it open; None while it has not."""
        self.ever_opened = False
        self.is_same_file = False
        """This seat's copy is known to be the host's file, byte by byte."""
        self._own = ""
        """Where this seat finds the film: a path or an address."""
        self._is_named = False
        """Its own person said so, and not the host."""
        self._prepared: tuple[str, Source] | None = None
        """media_id of what was found before it is shown, and what was found."""
        self.is_network = False
        """What the player was given last comes from the network."""
        self._retried_at = float("-inf")
        self._is_opening = False
        """Tracks come and go meanwhile, which nobody has chosen."""

    @property
    def has_been_open(self) -> bool:
        """The player has had this very film open."""
        return self.view is not None

    @property
    def lacks_copy(self) -> bool:
        """The host plays a file, and this seat has been told of no copy of it."""
        return self.media is not None and not self._own

    def show(self, media: Media | None, own: str = "") -> bool:
        """The stream's film is ``media``; True when it is another one than before.

        ``own`` is where this seat finds it, when not at its address.
        """
        if media is None or (self.media and media.media_id == self.media.media_id):
            self.media = media or self.media
            return False
        self.media = media
        self.view = self.own_duration = None
        self._own = own or media.url
        self._is_named = bool(own)
        return True

    def show_copy(self, own: str) -> None:
        """The current film is watched from ``own`` instead."""
        self._own = own
        self._is_named = True
        self.view = None

    def prepare(self, media_id: str, source: Source) -> None:
        """``source`` was found for a film that is to be shown."""
        self._prepared = (media_id, source)

    def opening(self, media: Media) -> OpenMedia | MediaError:
        """How to open the film now, or why it cannot be."""
        self._is_opening = True
        if not self._own:
            title = media.title or "without a title"
            return MediaError(
                f"this party watches {title}, which is not where it was and was not named"
                if self._config.role == "host"
                else f"the host plays a file of his own, {title}",
                remedy_code="name_copy",
            )
        return OpenMedia(
            media,
            self._own,
            self._is_named,
            compares=media.kind == "file" and self._config.role != "host",
            source=self._take_prepared(media.media_id),
        )

    def _take_prepared(self, media_id: str) -> Source | None:
        """Once: an address that is opened again later may have expired."""
        prepared, self._prepared = self._prepared, None
        return prepared[1] if prepared and prepared[0] == media_id else None

    def found(self, source: Source) -> None:
        """The player is given ``source``."""
        self.is_network = source.is_network

    def unavailable(self) -> None:
        """It could not be opened."""
        self._is_opening = False

    def opened(self, event: MediaOpened, queue_left: int) -> MediaView | None:
        """The player has it open; None when there is nothing that it could have opened."""
        if self.media is None:
            return None
        self._retried_at = float("-inf")
        self._is_opening = False
        self.ever_opened = True
        self.own_duration = event.duration
        self.view = MediaView(
            title=event.title or self.media.title,
            duration=self.duration,
            kind=self.media.kind,
            tracks=event.tracks,
            chapters=event.chapters,
            is_live=event.is_live,
            queue_left=queue_left,
            audio_device=event.audio_device,
        )
        return self.view

    @property
    def duration(self) -> float | None:
        """Seconds that the film is long: the host's word, where this copy may well be the same."""
        own, theirs = self.own_duration, self.media.duration if self.media else None
        if self._config.role == "host" or theirs is None:
            return own
        if own is None or self.is_same_file:
            return theirs
        return theirs if abs(theirs - own) <= SAME_DURATION else own

    def duration_changed(self, own: float | None) -> MediaView | None:
        """This copy is so long; what there is to show then, None when nothing changed."""
        self.own_duration = own
        return self.measured()

    def measured(self) -> MediaView | None:
        """What there is to show where another duration is known; None when nothing changed."""
        if self.view is None or self.view.is_live or self.view.duration == self.duration:
            return None
        self.view = msgspec.structs.replace(self.view, duration=self.duration)
        return self.view

    def other_cut(self, duration: float | None) -> str:
        """That this copy may be another cut than the host's; "" while it seems to be the same."""
        theirs = self.media.duration if self.media else None
        if (
            self._config.role != "viewer"
            or not self._is_named
            or self.is_same_file
            or theirs is None
            or duration is None
            or abs(theirs - duration) <= SAME_DURATION
        ):
            return ""
        return (
            f"your film is {duration:.0f} s long, the host's {theirs:.0f} s: it may be another cut"
        )

    def tracks_changed(self, tracks: tuple[Track, ...]) -> MediaView | None:
        """What there is to show now that another track was chosen; None when nothing changed."""
        if self.view is None or self._is_opening or tracks == self.view.tracks:
            return None
        self.view = msgspec.structs.replace(self.view, tracks=tracks)
        return self.view

    def is_stale(self, event: Failed, now: float) -> bool:
        """Whether the player failed on an address that has expired, and a fresh one is tried."""
        if (
            event.http_status in RETRY_STATUS
            and self.media
            and self.media.kind == "url"
            and now - self._retried_at > RETRY_INTERVAL
        ):
            self._retried_at = now
            return True
        return False

    def tracks(self, kind: str) -> int:
        """How many tracks of that kind the open film has."""
        return sum(track.kind == kind for track in self.view.tracks) if self.view else 0
