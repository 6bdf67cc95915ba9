"""Resolver: from what a person or the host named to what a player can open."""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from player.api.local_path import is_address, local_path
from player.api.logins import Login, Logins
from player.backend.base import Route, Source, Subtitle
from player.media.local_file import open_file
from player.media.resolver.address_check import AddressChecker
from player.media.resolver.address_check import look_up as ask_system
from player.media.resolver.manifest_reader import ListAccess, ManifestReader, is_manifest_url
from player.media.resolver.probe import ContentProbe
from player.media.resolver.side_files import SideFiles
from player.media.resolver.timing import ResolverTiming
from player.media.resolver.web_client import WebClient
from player.media.resolver.ytdlp_client import ask_yt_dlp
from player.media.resolver.ytdlp_messages import ExtractedMedia, ExtractRequest
from player.media.subtitle_files import find_subtitles
from player.net.proxies import NO_PROXIES
from player.request_headers import RequestHeaders
from protocol.exceptions import MediaRefused, ResolveError
from protocol.media.url_policy import as_typed, check_url, split_login, with_login
from protocol.text import TITLE_CELLS, clean_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from player.net.dialer import Dialer
    from protocol.media.url_policy import UrlPolicy

_TIMING: Final = ResolverTiming()
MAX_HEIGHT: Final = 1080
_NOTICE_CELLS: Final = 300
_NETWORK_TIMEOUT: Final = "20000000"
"""Microseconds, as the player waits elsewhere."""
_EXPIRY_FIELDS: Final = ("expire", "expires", "exp", "e")
_NO_LOGINS: Final = Logins()
_EXPIRY_PATH: Final = re.compile(r"/expire/(\d{9,11})(?:/|$)")


class Resolver:
    """Finds sources: for paths, for addresses of films and manifests, and for pages.

    Args:
        rules: what may be opened of what others have named.
        typed: knows what this seat's own person named, which may lead further.
        max_height: of the pictures, in pixels.
        languages: of subtitles, best first.
        finds_subtitles: whether those beside a file are looked for.
        timing: how long each step may take.
        look_up: the IP addresses of a host; None to ask the system.
        dialer: what everything connects through; None for straight there.
        headers: what a person wants to be said with every request.
        logins: where this seat's person is logged in.
        ca_file: certificates that servers are checked against; "" for the libraries' own.
    """

    def __init__(
        self,
        rules: UrlPolicy,
        *,
        typed: Callable[[str], bool] = lambda _: False,
        max_height: int = MAX_HEIGHT,
        languages: tuple[str, ...] = (),
        finds_subtitles: bool = True,
        timing: ResolverTiming = _TIMING,
        look_up: Callable[[str], Awaitable[Sequence[str]]] | None = None,
        dialer: Dialer | None = None,
        headers: RequestHeaders | None = None,
        logins: Logins = _NO_LOGINS,
        ca_file: str = "",
    ) -> None:
        self._rules = rules
        self._typed = typed
        self._max_height = max_height
        self._languages = languages
        self._finds_subtitles = finds_subtitles
        self._timing = timing
        self._dialer = dialer
        self._logins = logins
        self._ca_file = ca_file
        self._checker = AddressChecker(
            look_up or partial(ask_system, within=timing.lookup_timeout),
            dialer.proxies if dialer is not None else NO_PROXIES,
        )
        self._headers = headers or RequestHeaders()
        client = WebClient(timing.probe_timeout, headers, ca_file)
        self._probe = ContentProbe(self._checker, client)
        self._manifests = ManifestReader(self._probe.probe, max_height)
        self._side_files = SideFiles(client, timing.side_file_timeout)

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
            return await self._open_file(local_path(media))
        rules = self._rules
        login = ""
        if named or self._typed(media):
            media, login = split_login(as_typed(media))
            rules = await self._checker.rules_for_named(media, rules)
        progress("looking at the address")
        look = self._route(rules, for_player=False)
        way = look.proxy if look is not None else ""
        has_cookies = not self._login_of(media).is_none
        seen = await self._probe.probe(media, rules, way, login, has_cookies=has_cookies)
        if seen.kind == "page":
            question = ExtractRequest(
                with_login(media, login),
                self._max_height,
                way,
                self._ca_file,
                self._languages,
                self._login_of(seen.url),
            )
            found, remarks = await ask_yt_dlp(question, progress, self._timing.extraction_timeout)
            return await self._source_of(found, remarks, rules, way)
        # The player goes from the first address itself, and keeps what it is told on the way.
        url = seen.url if seen.is_odd else check_url(media, rules)
        source = Source(
            url=url if seen.is_odd else with_login(url, login),
            title=seen.title,
            is_network=True,
            route=self._route(rules, for_player=True),
            is_live=seen.is_endless,
            has_shared_timestamps=seen.is_endless and seen.has_shared_timestamps,
            expires_at=expiry_of(url, time.time()),
        )
        access = ListAccess(rules, way, self._serve, self._options_of(source))
        return await self._manifests.read(seen, source, access)

    def _options_of(self, source: Source) -> dict[str, str]:
        """libavformat's options for connections of ``source``; none where they say too little."""
        if source.route is None or self._headers.fields:
            return {}
        return {
            "http_proxy": source.route.proxy,
            "user_agent": self._headers.user_agent,
            "referer": self._headers.referrer,
            "rw_timeout": _NETWORK_TIMEOUT,
        }

    def _serve(self, source: Source, name: str, text: str) -> str | None:
        """The address at which the player finds ``text``; None where nothing can be served."""
        if self._dialer is None or source.route is None:
            return None
        kind = "application/dash+xml" if name.endswith(".mpd") else "application/vnd.apple.mpegurl"
        return self._dialer.serve(source.route, name, text.encode(), kind)

    def _login_of(self, url: str) -> Login:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""  # What cannot be read is refused where it is looked at.
        return self._logins.of(host)

    def _route(self, rules: UrlPolicy, *, for_player: bool) -> Route | None:
        return self._dialer.route(rules, for_player=for_player) if self._dialer else None

    async def _open_file(self, path: Path) -> Source:
        source = await asyncio.to_thread(open_file, path)
        if not self._finds_subtitles:
            return source
        film = Path(source.url)
        found = await asyncio.to_thread(find_subtitles, film, self._languages)
        notice = clean_text("; ".join(found.notices), _NOTICE_CELLS)
        return msgspec.structs.replace(source, subtitles=found.subtitles, notice=notice)

    async def _source_of(
        self, found: ExtractedMedia, remarks: tuple[str, ...], rules: UrlPolicy, way: str
    ) -> Source:
        url = await self._checker.check_media(found.url, rules)
        audio_url = (
            await self._checker.check_media(found.audio_url, rules) if found.audio_url else ""
        )
        notices = [*remarks]
        if found.withholds:
            notices.append("the site's own login is not said: a player would tell it to others")
        if found.one_of > 1:
            notices.append(f"the page has {found.one_of} films: this is the first")
        subtitles = await self._allowed(found.subtitles, rules)
        route = self._route(rules, for_player=True)
        if self._dialer is not None and route is not None:
            keep = partial(self._dialer.serve, route)
            subtitles, missing = await self._side_files.fetch(subtitles, found.headers, way, keep)
            if missing:
                notices.append(f"subtitles that do not come are left out: {', '.join(missing)}")
        return Source(
            url=url,
            audio_url=audio_url,
            subtitles=subtitles,
            route=route,
            headers=found.headers,
            cookies=found.cookies,
            title=clean_text(found.title, TITLE_CELLS),
            duration=found.duration,
            chapters=found.chapters,
            is_network=True,
            is_live=found.is_live,
            has_shared_timestamps=found.is_live and is_manifest_url(url),
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
