"""Resolver: from what a person or the host named to what a player can open."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from player.api.local_path import is_address, local_path
from player.backend.base import Source, Subtitle
from player.media.local_file import open_file
from player.media.resolver.address_check import AddressChecker
from player.media.resolver.address_check import look_up as ask_system
from player.media.resolver.probe import ContentProbe
from player.media.resolver.timing import ResolverTiming
from player.media.resolver.ytdlp_client import ask_yt_dlp
from player.media.resolver.ytdlp_messages import ExtractedMedia, ExtractRequest
from protocol.exceptions import MediaRefused, ResolveError
from protocol.text import TITLE_CELLS, clean_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from protocol.media.url_policy import UrlPolicy

_TIMING: Final = ResolverTiming()
MAX_HEIGHT: Final = 1080
_NOTICE_CELLS: Final = 300
_EXPIRY_FIELDS: Final = ("expire", "expires", "exp", "e")
_EXPIRY_PATH: Final = re.compile(r"/expire/(\d{9,11})(?:/|$)")


class Resolver:
    """Finds sources: for paths, for addresses of films and manifests, and for pages.

    Args:
        rules: what may be opened of what others have named.
        typed: knows what this seat's own person named, which may lead further.
        max_height: of the pictures, in pixels.
        timing: how long each step may take.
        look_up: the IP addresses of a host; None to ask the system.
    """

    def __init__(
        self,
        rules: UrlPolicy,
        *,
        typed: Callable[[str], bool] = lambda _: False,
        max_height: int = MAX_HEIGHT,
        timing: ResolverTiming = _TIMING,
        look_up: Callable[[str], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        self._rules = rules
        self._typed = typed
        self._max_height = max_height
        self._timing = timing
        self._checker = AddressChecker(look_up or partial(ask_system, within=timing.lookup_timeout))
        self._probe = ContentProbe(self._checker, timing.probe_timeout)

    async def __call__(
        self, media: str, progress: Callable[[str], None], named: bool = False
    ) -> Source:
        """The source for ``media``; ``progress`` is told what takes long.

        Args:
            media: a path or an address.
            progress: takes a clause.
            named: this seat's own person named it, so it may lead further.

        Raises:
            MediaRefused: the allow-list says no.
            ResolveError: there is nothing to be played.
        """
        if not is_address(media):
            if not (named or self._typed(media)):
                raise MediaRefused("a path is only opened for the person who typed it")
            return open_file(local_path(media))
        rules = self._rules
        if named or self._typed(media):
            rules = await self._checker.rules_for_named(media, rules)
        progress("looking at the address")
        seen = await self._probe.probe(media, rules)
        if not seen.is_page:
            return Source(
                url=seen.url,
                title=seen.title,
                is_network=True,
                expires_at=expiry_of(seen.url, time.time()),
            )
        question = ExtractRequest(seen.url, self._max_height, rules.allow_lan)
        found, remarks = await ask_yt_dlp(question, progress, self._timing.extraction_timeout)
        return await self._source_of(found, remarks, rules)

    async def _source_of(
        self, found: ExtractedMedia, remarks: tuple[str, ...], rules: UrlPolicy
    ) -> Source:
        url = await self._checker.check_media(found.url, rules)
        audio_url = (
            await self._checker.check_media(found.audio_url, rules) if found.audio_url else ""
        )
        notices = [*remarks]
        if found.one_of > 1:
            notices.append(f"the page has {found.one_of} films: this is the first")
        return Source(
            url=url,
            audio_url=audio_url,
            subtitles=await self._allowed(found.subtitles, rules),
            headers=found.headers,
            title=clean_text(found.title, TITLE_CELLS),
            duration=found.duration,
            chapters=found.chapters,
            is_network=True,
            is_live=found.is_live,
            expires_at=expiry_of(url, time.time()),
            notice=clean_text("; ".join(notices), _NOTICE_CELLS),
        )

    async def _allowed(
        self, subtitles: tuple[Subtitle, ...], rules: UrlPolicy
    ) -> tuple[Subtitle, ...]:
        """Subtitles that may be opened; a film without some is still a film."""
        kept: list[Subtitle] = []
        for subtitle in subtitles:
            try:
                url = await self._checker.check_media(subtitle.url, rules)
            except (MediaRefused, ResolveError):
                continue
            kept.append(Subtitle(url, subtitle.language, clean_text(subtitle.title, TITLE_CELLS)))
        return tuple(kept)


def expiry_of(url: str, now: float) -> float | None:
    """Unix seconds at which an address says it ends, if it does and they are to come."""
    parts = urlsplit(url)
    fields = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
    said = [fields[name] for name in _EXPIRY_FIELDS if name in fields]
    said += _EXPIRY_PATH.findall(parts.path)
    ends = [float(value) for value in said if value.isdigit() and len(value) <= 11]
    # A small number under such a name is a duration or something else altogether.
    return min((end for end in ends if now - 60 < end < now + 366 * 86_400), default=None)
