"""Manifest reader: from a list of segments to a source: whether it is live, and its parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from player.backend.base import MediaPart, Source
from player.media.manifests import dash, hls, hls_parts
from player.media.manifests.concat import written_concat
from protocol.exceptions import MediaError, ResolveError

if TYPE_CHECKING:
    from player.media.manifests.hls import HlsMediaPlaylist, HlsRendition, HlsVariant
    from player.media.manifests.hls_parts import HlsPart
    from player.media.resolver.probe import ProbeResult
    from protocol.media.url_policy import UrlPolicy

ServeText = Callable[[Source, str, str], str | None]
"""From a source, a name and a text to an address at which the source's player finds the text;
None where nothing can be served."""

Look = Callable[[str, "UrlPolicy", str], Awaitable["ProbeResult"]]
"""What is behind an address, by the rules and through the proxy."""

_ENDINGS: Final = (".m3u8", ".mpd")


class ListAccess(NamedTuple):
    """How lists that a list leads to are reached."""

    rules: UrlPolicy
    proxy: str
    serve: ServeText
    options: Mapping[str, str]
    """libavformat's, for connections that mpv does not set up itself."""


def is_manifest_url(url: str) -> bool:
    """Whether an address is named as a list of segments is."""
    return PurePosixPath(unquote(urlsplit(url).path)).suffix.lower() in _ENDINGS


class ManifestReader:
    """Reader of manifests and of the playlists that they lead to.

    Args:
        look: fetches and checks a playlist.
        max_height: of the pictures, in pixels.
    """

    def __init__(self, look: Look, max_height: int) -> None:
        self._look = look
        self._max_height = max_height

    async def read(self, seen: ProbeResult, source: Source, access: ListAccess) -> Source:
        """``source`` with what its manifest says of it; as it is where that is not understood.

        Raises:
            MediaRefused: a list that it leads to may not be opened.
        """
        text = seen.text.decode("utf-8", "replace")
        try:
            if dash.is_dash(text):
                return _read_dash(text, seen.url, source, access.serve)
            if not hls.is_hls(text):
                return source
            if "#EXT-X-STREAM-INF" in text:
                return await self._read_multivariant(text, seen.url, source, access)
        except ResolveError:
            return source  # the player may know better, or will say so
        playlist = _media_playlist(text, seen.url)
        if playlist is None:
            return source
        if playlist.is_live:
            return _live(source, playlist)
        parts = hls_parts.parts_of(playlist)
        return _joined(source, _served(source, parts, access.serve), parts, access)

    async def _read_multivariant(
        self, text: str, url: str, source: Source, access: ListAccess
    ) -> Source:
        listed = hls.parse_hls(text, url)
        if not isinstance(listed, hls.HlsMultivariantPlaylist):
            return source
        variant = listed.best_variant(self._max_height)
        pictures = await self._fetch(variant.url, access)
        if pictures is None:
            return source
        if pictures.is_live:
            return _live(source, pictures)
        parts = hls_parts.parts_of(pictures)
        rendition = listed.sound_of(variant)
        served = _served(source, parts, access.serve)
        if rendition is None or not served:
            return _joined(source, served, parts, access)
        playlist = await self._fetch(rendition.url, access)
        sound = hls_parts.parts_of(playlist) if playlist is not None else ()
        if len(sound) != len(parts):
            return source
        heard = _served(source, sound, access.serve, "sound")
        both = _with_sound(source, variant, rendition, served, heard, access.serve)
        return _joined(source, both, parts + sound, access)

    async def _fetch(self, url: str, access: ListAccess) -> HlsMediaPlaylist | None:
        seen = await self._look(url, access.rules, access.proxy)
        return _media_playlist(seen.text.decode("utf-8", "replace"), seen.url)


def _read_dash(text: str, url: str, source: Source, serve: ServeText) -> Source:
    manifest = dash.parse_dash(text, url)
    if manifest.is_live:
        return _live(source)
    parts: list[MediaPart] = []
    for number, part in enumerate(manifest.parts, 1):
        address = serve(source, f"part-{number}.mpd", part.text)
        if address is None:
            return source
        parts.append(MediaPart(address, part.duration))
    return msgspec.structs.replace(source, parts=tuple(parts))


def _media_playlist(text: str, url: str) -> HlsMediaPlaylist | None:
    """The media playlist in ``text``; None where there is none, or nothing to do about it."""
    if hls.is_one_piece(text):
        return None
    try:
        playlist = hls.parse_hls(text, url)
    except MediaError:
        return None
    return None if isinstance(playlist, hls.HlsMultivariantPlaylist) else playlist


def _served(
    source: Source, parts: tuple[HlsPart, ...], serve: ServeText, kind: str = "part"
) -> tuple[MediaPart, ...]:
    """A list of its own for each part; none where nothing can be served."""
    served: list[MediaPart] = []
    for number, part in enumerate(parts, 1):
        address = serve(source, f"{kind}-{number}.m3u8", hls_parts.written(part.playlist))
        if address is None:
            return ()
        served.append(MediaPart(address, part.duration))
    return tuple(served)


def _with_sound(
    source: Source,
    variant: HlsVariant,
    rendition: HlsRendition,
    pictures: tuple[MediaPart, ...],
    sound: tuple[MediaPart, ...],
    serve: ServeText,
) -> tuple[MediaPart, ...]:
    """A list of pictures and separate sound for each part."""
    parts: list[MediaPart] = []
    for number, (seen, heard) in enumerate(zip(pictures, sound, strict=True), 1):
        text = hls_parts.written_variant(variant, seen.url, rendition, heard.url)
        address = serve(source, f"both-{number}.m3u8", text)
        if address is None:
            return ()
        parts.append(MediaPart(address, seen.duration))
    return tuple(parts)


def _joined(
    source: Source, served: tuple[MediaPart, ...], parts: tuple[HlsPart, ...], access: ListAccess
) -> Source:
    """``source`` in parts of pictures with their sound."""
    url = None
    # Certificates are not checked for what libavformat opens in a concatenation list.
    if served and access.options and all(hls_parts.is_plain_http(part) for part in parts):
        # Lists of separate sound come after those of the pictures.
        named = zip((part.url for part in served), (part.duration for part in parts), strict=False)
        text = written_concat(named, access.options)
        url = access.serve(source, "joined.ffconcat", text)
    return msgspec.structs.replace(source, parts=served, joined_url=url or "")


def _live(source: Source, playlist: HlsMediaPlaylist | None = None) -> Source:
    duration = playlist.duration / len(playlist.segments) if playlist is not None else 0.0
    return msgspec.structs.replace(
        source, is_live=True, has_shared_timestamps=True, segment_duration=duration
    )
