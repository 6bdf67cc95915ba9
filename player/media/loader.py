"""Media loader: loader: finds on the event loop what a session asks for, and tells what came of
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, assert_never
from urllib.parse import urlsplit

import msgspec

from player.api.local_path import path_of
from player.backend.base import Source
from player.media.consent import SiteConsent
from player.media.messages import (
    AnswerConsent,
    AnyLoaderRequest,
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
    OpenMedia,
    ReadSubtitles,
    SearchFailed,
    SearchProgress,
    StopOpening,
    SubtitlesRead,
    SubtitlesUnreadable,
)
from player.media.subtitle_files import read_subtitle
from protocol.exceptions import MatineeError, ResolveError
from protocol.media.url_policy import UrlPolicy, check_url
from protocol.wire.addresses import LOOPBACK, is_loopback
from protocol.wire.messages import Media

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from player.api.config import SeatConfig

FIND_TIMEOUT: Final = 60.0
"""Seconds in which the next film must be found while the one before goes on."""

Resolve = Callable[[str, Callable[[str], None], bool], Awaitable[Source]]
"""From what was named to what a player can open; the second argument takes progress, the
third tells that this seat's own person named it."""
Identify = Callable[[str], Awaitable[Media]]
"""From what a person named to what the stream is told; the media_id is left to the caller."""


class MediaLoader:
    """Opens one film at a time, and looks for others meanwhile.

    Args:
        config: which sites are trusted, and which addresses may be opened.
        resolve: from what was named to what a player can open.
        identify: from what was named to what the stream is told.
        post: takes what came of it, on the event loop.
        find_timeout: seconds in which a film must be found.
    """

    def __init__(
        self,
        config: SeatConfig,
        *,
        resolve: Resolve,
        identify: Identify,
        post: Callable[[LoaderEvent], None],
        find_timeout: float = FIND_TIMEOUT,
    ) -> None:
        self._resolve = resolve
        self._identify = identify
        self._post = post
        self._find_timeout = find_timeout
        self._consent = SiteConsent(
            (*config.trusted, *_named_with(config.server)),
            path_of(config.trust_file) if config.trust_file else None,
            lambda site: post(ConsentNeeded(site)),
        )
        self._rules = UrlPolicy(config.allow_lan_media, config.allow_lan_media)
        self._opening: asyncio.Task[None] | None = None
        self._searches: dict[int, asyncio.Task[None]] = {}
        self._reading: set[asyncio.Task[None]] = set()

    def perform(self, request: AnyLoaderRequest) -> None:
        """Begin what is asked; what comes of it is posted."""
        match request:
            case OpenMedia():
                self._stop_opening()
                self._opening = asyncio.create_task(self._open(request))
            case StopOpening():
                self._stop_opening()
            case FindMedia(number=number):
                self._search(number, self._find(request))
            case IdentifyMedia(number=number):
                self._search(number, self._tell_identity(request))
            case ReadSubtitles():
                task = asyncio.create_task(self._read_subtitles(request))
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
            case CancelSearch(number=number):
                if (search := self._searches.get(number)) is not None:
                    search.cancel()
            case AnswerConsent(answer=answer):
                self._consent.answer(answer)
            case _:
                assert_never(request)

    def close(self) -> None:
        """Stop looking."""
        self._stop_opening()
        for task in (*self._searches.values(), *self._reading):
            task.cancel()

    def _stop_opening(self) -> None:
        if self._opening is not None:
            self._opening.cancel()

    def _search(self, number: int, work: Coroutine[None, None, None]) -> None:
        task = self._searches[number] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._searches.pop(number, None))

    async def _open(self, request: OpenMedia) -> None:
        is_same = False
        try:
            if request.compares:
                is_same = await self._compare(request)
            if request.media.kind != "file" and not request.is_named:
                # The address itself is checked first: nobody is asked about what is refused.
                await self._consent.need(check_url(request.own, self._rules))
            source = request.source or await self._resolve(
                request.own, self._progress, request.is_named
            )
            if request.media.kind == "file":
                # One name at all seats: neither what a copy is called nor what it says inside.
                source = msgspec.structs.replace(source, title=request.media.title)
        except MatineeError as error:
            self._progress("")
            self._post(MediaUnavailable(error))
            return
        self._progress("")
        self._post(MediaReady(source, is_same))

    async def _compare(self, request: OpenMedia) -> bool:
        """Say once how this copy differs from the host's; True when it is the same file."""
        media, own = request.media, await self._identify(request.own)
        if own.kind != "file":
            return False
        if own.fingerprint and own.fingerprint == media.fingerprint:
            return True
        differences = [
            f"{name}: yours {mine}, the host's {theirs}"
            for name, mine, theirs in (
                ("name", own.file_name, media.file_name),
                ("size", _size(own.size), _size(media.size)),
            )
            if mine != theirs and theirs
        ]
        if differences or media.fingerprint:
            said = "; ".join(differences) or "same name and size, other content"
            self._post(CopyDiffers(said))
        return False

    async def _find(self, request: FindMedia) -> None:
        try:
            media = await self._identify(request.own)
            source = await self._found(request.own)
        except MatineeError as error:
            self._post(SearchFailed(request.number, error))
        else:
            self._post(MediaFound(request.number, media, source))

    async def _found(self, own: str) -> Source:
        try:
            async with asyncio.timeout(self._find_timeout):
                return await self._resolve(own, self._progress, True)
        except TimeoutError:
            raise ResolveError(
                f"nothing was found within {self._find_timeout:.0f} s",
                "try again, or another address",
            ) from None
        finally:
            self._progress("")

    async def _tell_identity(self, request: IdentifyMedia) -> None:
        try:
            media = await self._identify(request.own)
        except MatineeError as error:
            self._post(SearchFailed(request.number, error))
        else:
            self._post(MediaIdentified(request.number, media))

    async def _read_subtitles(self, request: ReadSubtitles) -> None:
        try:
            subtitle = await asyncio.to_thread(read_subtitle, request.file)
        except MatineeError as error:
            self._post(SubtitlesUnreadable(error))
        else:
            self._post(SubtitlesRead(request.media_id, subtitle))

    def _progress(self, message: str) -> None:
        self._post(SearchProgress(message))


def _named_with(server: str) -> tuple[str, ...]:
    """Sites that a person has named with his server: its own, in each spelling of this machine."""
    host = urlsplit(server).hostname or ""
    return (*LOOPBACK, host) if is_loopback(host) else (host,)


def _size(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.1f} MB"
