"""What this seat watches: from the stream's media to a film open in the player."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from player.api.views import AnyView, ConsentAsked, MediaView, Notice, Progress
from player.backend.base import Failed, MediaOpened, Source, Track, TracksChanged
from player.media.consent import SiteConsent
from protocol.exceptions import MatineeError, MediaError, ResolveError
from protocol.media.url_policy import UrlPolicy, check_url
from protocol.wire.addresses import LOOPBACK
from protocol.wire.messages import Media

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.sync.thread import PlayerThread

log = logging.getLogger(__name__)

SAME_DURATION: Final = 1.0
"""Seconds two copies of one film may differ by."""
RETRY_STATUS: Final = (401, 403, 404, 410)
"""Answers of an address that is no longer good; a fresh one may be."""
RETRY_INTERVAL: Final = 30.0
FIND_TIMEOUT: Final = 60.0
"""Seconds in which the next film must be found while the one before goes on."""

Resolve = Callable[[str, Callable[[str], None], bool], Awaitable[Source]]
"""From what was named to what a player can open; the second argument takes progress, the
third tells that this seat's own person named it."""
Identify = Callable[[str], Awaitable[Media]]
"""From what a person named to what the stream is told; the media_id is left to the caller."""


class MediaLoader:
    """One film at a time, on one player."""

    def __init__(
        self,
        config: SeatConfig,
        driver: PlayerThread,
        *,
        resolve: Resolve,
        identify: Identify,
        emit: Callable[[AnyView], None],
        opened: Callable[[Media], None],
        failed: Callable[[MatineeError], None],
    ) -> None:
        self._config = config
        self._driver = driver
        self._resolve = resolve
        self._identify = identify
        self._emit = emit
        self._opened = opened
        self._failed = failed
        self.consent = SiteConsent(
            (*config.trusted, *_named_with(config.server)),
            Path(config.trust_file) if config.trust_file else None,
            self._ask_consent,
        )
        self._rules = UrlPolicy(config.allow_lan_media, config.allow_lan_media)
        self.media: Media | None = None
        self.view: MediaView | None = None
        self._own: str = ""
        """Where this seat finds the film: a path or an address."""
        self._named = False
        """Its own person said so, and not the host."""
        self._task: asyncio.Task[None] | None = None
        self._prepared: tuple[str, Source] | None = None
        """media_id of what was found before it is shown, and what was found."""
        self._retried_at = float("-inf")
        self.queue_left = 0
        self.ever_opened = False
        self._is_opening = False
        """Tracks come and go meanwhile, which nobody has chosen."""

    def show(self, media: Media | None, own: str = "") -> None:
        """Watch ``media``; ``own`` is where this seat finds it, when not at its address."""
        if media is None or (self.media and media.media_id == self.media.media_id):
            self.media = media or self.media
            return
        self.media = media
        self.view = None
        self._own = own or media.url
        self._named = bool(own)
        self._driver.unload()
        self.reopen()

    async def find(self, own: str) -> Source:
        """See whether there is a film at ``own``, while the one before goes on.

        Raises:
            MatineeError: there is none that can be opened, or not in time.
        """
        try:
            async with asyncio.timeout(FIND_TIMEOUT):
                return await self._resolve(own, self._progress, True)
        except TimeoutError:
            raise ResolveError(
                f"nothing was found within {FIND_TIMEOUT:.0f} s", "try again, or another address"
            ) from None
        finally:
            self._progress("")

    def prepare(self, media_id: str, source: Source) -> None:
        """``source`` was found for a film that is to be shown."""
        self._prepared = (media_id, source)

    def reopen(self) -> None:
        """Find and open the current film anew."""
        if self.media is None:
            return
        if self._task is not None:
            self._task.cancel()
        self._is_opening = True
        self._task = asyncio.create_task(self._open(self.media))

    @property
    def lacks_copy(self) -> bool:
        """The host plays a file, and this seat has been told of no copy of it."""
        return self.media is not None and not self._own

    def show_copy(self, own: str) -> None:
        """Watch the current film from ``own`` instead."""
        self._own = own
        self._named = True
        self.view = None
        self._driver.unload()
        self.reopen()

    def close(self) -> None:
        """Stop looking for the film."""
        if self._task is not None:
            self._task.cancel()

    async def _open(self, media: Media) -> None:
        try:
            if not self._own:
                title = media.title or "without a title"
                raise MediaError(
                    f"this party watches {title}, which is not where it was and was not named"
                    if self._config.role == "host"
                    else f"the host plays a file of his own, {title}",
                    "name your copy (f, or copy FILE), or join again: matinee join INVITE FILE",
                )
            if media.kind == "file":
                await self._compare(media)
            elif not self._named:
                # The address itself is checked first: nobody is asked about what is refused.
                await self.consent.need(check_url(self._own, self._rules))
            source = self._take_prepared(media.media_id) or await self._resolve(
                self._own, self._progress, self._named
            )
        except MatineeError as error:
            self._progress("")
            self._is_opening = False
            self._failed(error)
            return
        self._progress("")
        self._driver.load(source)

    def _take_prepared(self, media_id: str) -> Source | None:
        """Once: an address that is opened again later may have expired."""
        prepared, self._prepared = self._prepared, None
        return prepared[1] if prepared and prepared[0] == media_id else None

    async def _compare(self, media: Media) -> None:
        """Say once how this copy differs from the host's."""
        if self._config.role == "host":
            return
        own = await self._identify(self._own)
        if own.kind != "file" or (own.fingerprint and own.fingerprint == media.fingerprint):
            return
        differences = [
            f"{name}: yours {mine}, the host's {theirs}"
            for name, mine, theirs in (
                ("name", own.file_name, media.file_name),
                ("size", _size(own.size), _size(media.size)),
            )
            if mine != theirs and theirs
        ]
        if not differences and not media.fingerprint:
            return
        said = "; ".join(differences) or "same name and size, other content"
        self._emit(Notice(message=f"your copy is not the same file as the host's ({said})"))

    def player_opened(self, event: MediaOpened) -> None:
        """The player has it open."""
        media = self.media
        if media is None:
            return
        self._retried_at = float("-inf")
        self._is_opening = False
        self.ever_opened = True
        self.view = MediaView(
            title=event.title or media.title,
            duration=event.duration,
            kind=media.kind,
            tracks=event.tracks,
            chapters=event.chapters,
            is_live=event.duration is None,
            queue_left=self.queue_left,
            audio_device=event.audio_device,
        )
        self._emit(self.view)
        if event.notice:
            self._emit(Notice(message=event.notice))
        if (
            self._config.role == "viewer"
            and media.duration is not None
            and event.duration is not None
            and abs(media.duration - event.duration) > SAME_DURATION
        ):
            self._emit(
                Notice(
                    message=f"your film is {event.duration:.0f} s long,"
                    f" the host's {media.duration:.0f} s: it may be another cut"
                )
            )
        self._opened(
            msgspec.structs.replace(media, title=self.view.title[:200], duration=event.duration)
        )

    def tracks_changed(self, event: TracksChanged) -> None:
        """Another track was chosen."""
        tracks: tuple[Track, ...] = event.tracks
        if self.view is not None and not self._is_opening and tracks != self.view.tracks:
            self.view = msgspec.structs.replace(self.view, tracks=tracks)
            self._emit(self.view)

    def player_failed(self, event: Failed) -> bool:
        """The player could not go on; True when it is tried again with a fresh address."""
        now = time.monotonic()
        stale = event.http_status in RETRY_STATUS
        if (
            stale
            and self.media
            and self.media.kind == "url"
            and now - self._retried_at > RETRY_INTERVAL
        ):
            self._retried_at = now
            self._emit(Notice(message="the address is no longer good: asking for it anew"))
            self.reopen()
            return True
        return False

    def _ask_consent(self, site: str) -> None:
        title = self.media.title if site and self.media else ""
        self._emit(ConsentAsked(site=site, title=title))

    def _progress(self, message: str) -> None:
        self._emit(Progress(message=message))


def _named_with(server: str) -> tuple[str, ...]:
    """Sites that a person has named with his server: its own, in each spelling of this machine."""
    host = urlsplit(server).hostname or ""
    return tuple(LOOPBACK) if host in LOOPBACK else (host,)


def _size(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.1f} MB"
