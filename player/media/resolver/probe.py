"""Content probe: looks at the first bytes behind an address: a film, a manifest, or a page
around one.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import httpx

from player.http_status import status_text
from player.media.resolver.address_check import join
from protocol.exceptions import MediaRefused, ResolveError
from protocol.text import TITLE_CELLS, clean_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from player.media.resolver.address_check import AddressChecker
    from protocol.media.url_policy import UrlPolicy

_HEAD_BYTES: Final = 16 * 1024
_MANIFEST_BYTES: Final = 1024 * 1024
_MAX_REDIRECTS: Final = 6
_HEADERS: Final = {
    "Range": "bytes=0-1048575",
    "Accept": "*/*",
    # A small answer must not unfold into a large one.
    "Accept-Encoding": "identity",
    "User-Agent": "Mozilla/5.0",
}

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


class ProbeResult(NamedTuple):
    """What is behind an address."""

    is_page: bool
    url: str
    """Where it is after redirects, checked."""
    title: str


class ContentProbe:
    """Looks at what is behind addresses.

    Args:
        checker: holds each address on the way to the allow-list.
        timeout: seconds for each step of an answer.
        transport: what requests go through; None for the network.
    """

    def __init__(
        self,
        checker: AddressChecker,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._checker = checker
        self._timeout = timeout
        self._transport = transport

    async def probe(self, url: str, rules: UrlPolicy) -> ProbeResult:
        """See what ``url`` is; reads at most 1 MiB.

        Raises:
            MediaRefused: it, or where it redirects or points to, may not be opened.
            ResolveError: it cannot be reached, or is a film that is refused.
        """
        # Before the client is made, which reads every certificate that this machine trusts.
        url = await self._checker.check_media(url, rules)
        async with httpx.AsyncClient(
            timeout=self._timeout, headers=_HEADERS, transport=self._transport
        ) as client:
            for _ in range(_MAX_REDIRECTS):
                try:
                    async with client.stream("GET", url) as answer:
                        if not answer.has_redirect_location:
                            return await self._judge(answer, answer.aiter_bytes(), url, rules)
                        target = join(url, answer.headers["location"])
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise _unreachable(url, error) from error
                url = await self._checker.check_media(target, rules)
        raise ResolveError("the address redirects again and again", "look at it in a browser")

    async def _judge(
        self, answer: httpx.Response, pieces: AsyncIterator[bytes], url: str, rules: UrlPolicy
    ) -> ProbeResult:
        ending = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        named_media = ending in _MEDIA_ENDINGS or ending in _MANIFEST_ENDINGS
        if answer.status_code >= 400:
            if named_media:
                said = status_text(answer.status_code, "it cannot be opened")
                raise ResolveError(said, "check the address")
            # yt-dlp knows how to please sites that turn strangers away.
            return ProbeResult(True, url, "")
        head = await _read(pieces, _HEAD_BYTES)
        is_manifest = (
            any(sign in kind for sign in _MANIFEST_TYPES)
            or head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"#EXTM3U")
            or (ending == ".mpd" and b"<MPD" in head)
        )
        if is_manifest:
            rest = await _read(pieces, _MANIFEST_BYTES)
            text = (head + rest).decode("utf-8", "replace")
            await self._checker.check_manifest(text, url, rules)
        elif kind in ("text/html", "application/xhtml+xml") or not _is_media(kind, ending, head):
            return ProbeResult(True, url, "")
        elif _is_text(head):
            raise MediaRefused(
                "there is a text or a list of films, not a film",
                "give the address of the film itself",
            )
        return ProbeResult(False, url, _title(answer.headers))


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


def _unreachable(url: str, error: Exception) -> ResolveError:
    host = urlsplit(url).hostname
    words = str(error)
    if isinstance(error, httpx.TimeoutException):
        return ResolveError(f"{host} does not answer", "try again, or check the address")
    if "CERTIFICATE" in words.upper():
        return ResolveError(f"the certificate of {host} is not trusted", "check the address")
    if isinstance(error, httpx.ConnectError):
        return ResolveError(f"{host} refuses the connection", "check the address and its port")
    return ResolveError(f"{host} broke off ({words or type(error).__name__})", "try again")
