"""Content probe: looks at the first bytes behind an address: a film, a manifest, or a page
around one.
"""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import httpx

from player.http_status import is_transient_status, status_text
from player.media.resolver.address_check import join
from player.media.resolver.manifest_sites import ManifestSites
from player.media.resolver.web_client import check_dialer, login_for, unreachable
from protocol.exceptions import MediaRefused, ResolveError
from protocol.text import TITLE_CELLS, clean_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from player.media.resolver.address_check import AddressChecker
    from player.media.resolver.web_client import WebClient
    from protocol.media.url_policy import UrlPolicy

_HEAD_BYTES: Final = 16 * 1024
_MAX_MANIFEST: Final = 32 * 1024 * 1024
_KEPT_MANIFEST: Final = 4 * 1024 * 1024
_MAX_REQUESTS: Final = 9
"""As many redirects as libavformat follows, and what they lead to."""
_LOOK_TIMEOUT: Final = 45.0
# As the player will ask: with a part only, a server may cut a list in the middle of a name.
_WHOLE: Final = {"Range": "bytes=0-"}
_SYNC_BYTE: Final = 0x47
"""Begins each packet of a transport stream."""

_MANIFEST_TYPES: Final = ("mpegurl", "dash+xml")
_MEDIA_ENDINGS: Final = frozenset(
    f".{name}"
    for name in (
        *("3gp", "aac", "avi", "flac", "flv", "m4a", "m4v", "mka", "mkv", "mov", "mp3", "mp4"),
        *("mpeg", "mpg", "mts", "oga", "ogg", "ogv", "opus", "ts", "wav", "webm", "wmv"),
    )
)
_MANIFEST_ENDINGS: Final = frozenset((".m3u8", ".mpd"))
_SIGNS: Final = ((0, b"\x1aE\xdf\xa3"), (4, b"ftyp"), (0, b"OggS"), (0, b"fLaC"), (0, b"ID3"))
"""What Matroska, MP4, Ogg, FLAC and MP3 begin with."""


Kind = Literal["film", "manifest", "page"]


_TURNS_AWAY: Final = (401, 403)


class ProbeResult(NamedTuple):
    """What is behind an address."""

    kind: Kind
    url: str
    """Where it is after redirects, checked."""
    title: str = ""
    text: bytes = b""
    """A manifest's own words, unless it is a very large one."""
    is_odd: bool = False
    """On the way are redirects over https that libavformat would not follow as they are written."""
    is_endless: bool = False
    """A stream as radio stations send it: without length, and only as it comes."""
    has_shared_timestamps: bool = False
    """Of an endless one: its container carries its sender's clock."""


class ContentProbe:
    """Looks at what is behind addresses.

    Args:
        checker: holds each address on the way to the allow-list.
        client: asks.
    """

    def __init__(self, checker: AddressChecker, client: WebClient) -> None:
        self._checker = checker
        self._client = client

    async def probe(
        self,
        url: str,
        rules: UrlPolicy,
        proxy: str = "",
        login: str = "",
        *,
        has_cookies: bool = False,
    ) -> ProbeResult:
        """See what ``url`` is; connects through ``proxy``, reads at most 32 MiB.

        ``login``, ``NAME:PASSWORD``, is shown to the site of ``url`` only. What turns strangers
        away is a page to whoever ``has_cookies`` of its site.

        Raises:
            MediaRefused: it, or where it redirects or points to, may not be opened.
            ResolveError: it cannot be reached, or is a film that is refused.
        """
        first = url = await self._checker.check_media(url, rules)
        is_odd = False
        try:
            async with asyncio.timeout(_LOOK_TIMEOUT), self._client.opened(proxy) as client:
                for _ in range(_MAX_REQUESTS):
                    auth = login_for(url, login, first)
                    request = client.stream("GET", url, headers=_WHOLE, auth=auth)
                    async with request as answer:
                        check_dialer(answer)
                        if not answer.has_redirect_location:
                            if has_cookies and answer.status_code in _TURNS_AWAY:
                                return ProbeResult("page", url)
                            seen = await self._judge(answer, answer.aiter_bytes(), url, rules)
                            return seen._replace(is_odd=is_odd)
                        target = _location(answer)
                    is_odd |= url.startswith("https:") and _is_odd(target)
                    url = await self._checker.check_media(join(url, _encoded(target)), rules)
        except TimeoutError:
            raise ResolveError("the address answers too slowly", "try again") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(url, error) from error
        raise ResolveError("the address redirects again and again", "look at it in a browser")

    async def _judge(
        self, answer: httpx.Response, pieces: AsyncIterator[bytes], url: str, rules: UrlPolicy
    ) -> ProbeResult:
        ending = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        named_media = ending in _MEDIA_ENDINGS or ending in _MANIFEST_ENDINGS
        if answer.status_code == 401:
            raise ResolveError(status_text(401), remedy_code="name_login")
        if answer.status_code >= 400:
            if named_media:
                said = status_text(answer.status_code, "it cannot be opened")
                raise ResolveError(
                    said, "check the address", is_transient=is_transient_status(answer.status_code)
                )
            # yt-dlp knows how to please sites that turn strangers away.
            return ProbeResult("page", url)
        head = await _read(pieces, _HEAD_BYTES)
        is_hls = head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"#EXTM3U")
        if (
            is_hls
            or any(sign in kind for sign in _MANIFEST_TYPES)
            or (ending == ".mpd" and b"<MPD" in head)
        ):
            sites = ManifestSites(url, is_hls=is_hls)
            text = await self._check_manifest(head, pieces, sites, rules)
            return ProbeResult("manifest", url, _title(answer.headers), text)
        if kind in ("text/html", "application/xhtml+xml") or not _is_media(kind, ending, head):
            return ProbeResult("page", url)
        if _is_text(head):
            raise MediaRefused(
                "there is a text or a list of films, not a film",
                "give the address of the film itself",
            )
        is_transport_stream = all(byte == _SYNC_BYTE for byte in head[: 4 * 188 : 188])
        return ProbeResult(
            "film",
            url,
            _title(answer.headers),
            is_endless=_is_endless(answer, head, is_transport_stream=is_transport_stream),
            has_shared_timestamps=bool(head) and is_transport_stream,
        )

    async def _check_manifest(
        self,
        head: bytes,
        pieces: AsyncIterator[bytes],
        sites: ManifestSites,
        rules: UrlPolicy,
    ) -> bytes:
        """Refuse a manifest that leads anywhere it may not; its text, unless it is too large."""
        text, size, piece = bytearray(), 0, head
        while piece:
            size += len(piece)
            if size > _MAX_MANIFEST:
                raise MediaRefused(f"the list is larger than {_MAX_MANIFEST // 2**20} MiB")
            if size <= _KEPT_MANIFEST:
                text += piece
            await self._checker.check_sites(sites.feed(piece), rules)
            piece = await anext(pieces, b"")
        await self._checker.check_sites(sites.finish(), rules)
        return bytes(text) if size <= _KEPT_MANIFEST else b""


def _is_endless(answer: httpx.Response, head: bytes, *, is_transport_stream: bool) -> bool:
    """Whether only what comes can be had, in a format that does not tell its own length."""
    headers = answer.headers
    if any(name.startswith("icy-") and name != "icy-metaint" for name in headers):
        return True
    is_whole = answer.status_code == 200 and "content-length" not in headers
    if not is_whole or headers.get("accept-ranges", "none").lower() != "none":
        return False
    is_mp3 = head[:1] == b"\xff" and head[1:2] >= b"\xe0"
    return is_transport_stream or is_mp3 or head.startswith((b"OggS", b"ID3", b"FLV"))


def _is_media(kind: str, ending: str, head: bytes) -> bool:
    return (
        kind.startswith(("video/", "audio/"))
        or ending in _MEDIA_ENDINGS
        or any(head.startswith(sign, at) for at, sign in _SIGNS)
    )


def _is_text(head: bytes) -> bool:
    """Whether it begins as no film does: mpv reads lists of other things to open as well."""
    begin = head[:512]
    return bool(begin) and not any(byte < 9 or 13 < byte < 32 or byte > 126 for byte in begin)


async def _read(pieces: AsyncIterator[bytes], limit: int) -> bytes:
    """The next ``limit`` bytes, and what came with them."""
    read = bytearray()
    async for piece in pieces:
        read += piece
        if len(read) >= limit:
            break
    return bytes(read)


def _title(headers: Mapping[str, str]) -> str:
    """The name under which it would be saved; without one the film's own title is better."""
    offered = headers.get("content-disposition", "").partition("filename=")[2].strip('" ;')
    return clean_text(PurePosixPath(offered).stem, TITLE_CELLS)


def _location(answer: httpx.Response) -> str:
    """Where a redirect leads, as it was written."""
    raw = next(value for name, value in answer.headers.raw if name.lower() == b"location")
    return raw.decode("utf-8", "replace").strip()


def _is_odd(target: str) -> bool:
    return any(not "!" <= character <= "~" for character in target)


def _encoded(target: str) -> str:
    return target.replace(" ", "%20")
