"""HLS playlists: parser of media playlists and of multivariant playlists (RFC 8216).

Pure. Durations are seconds; addresses are absolute and unchecked.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from player.media.manifests.addresses import absolute
from protocol.exceptions import ResolveError

MAX_LINES: Final = 1_000_000
MAX_DURATION: Final = 604_800.0
"""Seconds; no segment is longer than a week."""

_ATTRIBUTE: Final = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,"]*)')
_URI: Final = re.compile(r'URI="([^"]*)"')
_SEAM: Final = re.compile(r"^#EXT-X-DISCONTINUITY\s*$", re.MULTILINE)
_HEIGHT: Final = re.compile(r"\d{1,5}x(\d{1,5})")


class ByteRange(msgspec.Struct, frozen=True):
    """Bytes of a resource that are one segment."""

    length: int
    offset: int


class HlsSegment(msgspec.Struct, frozen=True):
    """Media segment with what holds for it."""

    url: str
    duration: float
    is_discontinuous: bool = False
    """Its timestamps do not carry on those of the one before."""
    byte_range: ByteRange | None = None
    keys: tuple[str, ...] = ()
    """EXT-X-KEY lines that hold."""
    map: str = ""
    """EXT-X-MAP line that holds."""
    tags: tuple[str, ...] = ()
    """Other lines of this segment alone, such as its date and time."""


class HlsMediaPlaylist(msgspec.Struct, frozen=True):
    """Media playlist: segments in order."""

    segments: tuple[HlsSegment, ...]
    header: tuple[str, ...]
    """Lines that hold for all of it, without its first number."""
    media_sequence: int = 0
    """Number of the first segment."""
    is_ended: bool = False
    kind: str = ""
    """EXT-X-PLAYLIST-TYPE."""

    @property
    def is_live(self) -> bool:
        """Whether segments come and go: it has no end, and not all that ever was."""
        return not self.is_ended and self.kind not in ("VOD", "EVENT")

    @property
    def duration(self) -> float:
        """Seconds of all its segments."""
        return sum(segment.duration for segment in self.segments)

    @property
    def is_joined(self) -> bool:
        """Whether timestamps begin anew somewhere in it."""
        return any(segment.is_discontinuous for segment in self.segments[1:])


class HlsRendition(msgspec.Struct, frozen=True):
    """Rendition: separate sound, or the like, of a group."""

    kind: str
    group: str
    url: str
    line: str
    """The EXT-X-MEDIA line without its address."""
    is_default: bool = False


class HlsVariant(msgspec.Struct, frozen=True):
    """Variant stream: one quality of the pictures."""

    url: str
    line: str
    """The EXT-X-STREAM-INF line."""
    bandwidth: int = 0
    height: int = 0
    audio_group: str = ""


class HlsMultivariantPlaylist(msgspec.Struct, frozen=True):
    """Multivariant playlist: the qualities and languages there are."""

    variants: tuple[HlsVariant, ...]
    renditions: tuple[HlsRendition, ...] = ()

    def best_variant(self, max_height: int) -> HlsVariant:
        """The best up to ``max_height`` rows, or else the smallest."""
        fitting = [variant for variant in self.variants if variant.height <= max_height]
        if fitting:
            return max(fitting, key=lambda variant: (variant.height, variant.bandwidth))
        return min(self.variants, key=lambda variant: (variant.height, -variant.bandwidth))

    def sound_of(self, variant: HlsVariant) -> HlsRendition | None:
        """Separate sound that belongs to ``variant``: the default one, or the first."""
        group = [
            rendition
            for rendition in self.renditions
            if rendition.kind == "AUDIO"
            and rendition.group == variant.audio_group
            and rendition.url
        ]
        return next((one for one in group if one.is_default), group[0] if group else None)


HlsPlaylist = HlsMediaPlaylist | HlsMultivariantPlaylist


def is_hls(text: str) -> bool:
    """Whether ``text`` begins as a playlist does."""
    return text[:64].lstrip("\ufeff \r\n\t").startswith("#EXTM3U")


def is_one_piece(text: str) -> bool:
    """Whether a media playlist has an end and no seam, which can be told at a glance."""
    return "#EXT-X-ENDLIST" in text and not _SEAM.search(text)


def parse_hls(text: str, url: str) -> HlsPlaylist:
    """Playlist behind ``url``.

    Raises:
        ResolveError: it is no playlist, or names nothing to play.
    """
    if not is_hls(text):
        raise ResolveError("there is no playlist")
    lines = text.split("\n", MAX_LINES)
    if "#EXT-X-STREAM-INF" in text:
        return _parse_multivariant(lines, url)
    return _MediaParser(url).parse(lines)


class _MediaParser:
    """Reader of one media playlist, line by line."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._segments: list[HlsSegment] = []
        self._header: list[str] = []
        self._keys: dict[str, str] = {}
        self._map = ""
        self._tags: list[str] = []
        self._duration = 0.0
        self._is_discontinuous = False
        self._range: tuple[int, int | None] | None = None
        self._range_ends: dict[str, int] = {}
        self._sequence = 0
        self._is_ended = False
        self._kind = ""

    def parse(self, lines: list[str]) -> HlsMediaPlaylist:
        """All lines.

        Raises:
            ResolveError: there is no segment among them.
        """
        for raw in lines:
            line = raw.strip()
            if line.startswith("#EXT"):
                self._take_tag(line)
            elif line and not line.startswith("#"):
                self._take_segment(line)
        if not self._segments:
            raise ResolveError("the playlist is empty", "try again in a moment")
        return HlsMediaPlaylist(
            tuple(self._segments),
            tuple(self._header),
            self._sequence,
            self._is_ended,
            self._kind,
        )

    def _take_tag(self, line: str) -> None:
        name, _, value = line.partition(":")
        match name:
            case "#EXTINF":
                self._duration = _seconds(value.partition(",")[0])
            case "#EXT-X-DISCONTINUITY":
                self._is_discontinuous = True
            case "#EXT-X-BYTERANGE":
                self._range = _byte_range(value)
            case "#EXT-X-KEY":
                self._take_key(line, value)
            case "#EXT-X-MAP":
                self._map = _with_absolute(line, self._url)
            case "#EXT-X-PROGRAM-DATE-TIME" | "#EXT-X-GAP":
                self._tags.append(line)
            case "#EXT-X-MEDIA-SEQUENCE":
                self._sequence = _number(value)
            case "#EXT-X-PLAYLIST-TYPE":
                self._kind = value.strip().upper()
                self._header.append(line)
            case "#EXT-X-ENDLIST":
                self._is_ended = True
            case "#EXT-X-VERSION" | "#EXT-X-TARGETDURATION" | "#EXT-X-INDEPENDENT-SEGMENTS":
                self._header.append(line)
            case _:
                pass  # no player here makes use of it

    def _take_key(self, line: str, value: str) -> None:
        attributes = _attributes(value)
        if attributes.get("METHOD") == "NONE":
            self._keys.clear()
        # One for each system of keys; a later one of the same replaces it.
        self._keys[attributes.get("KEYFORMAT", "")] = _with_absolute(line, self._url)

    def _take_segment(self, line: str) -> None:
        url = absolute(self._url, line)
        byte_range = None
        if self._range is not None:
            length, offset = self._range
            if offset is None:
                offset = self._range_ends.get(url, 0)
            self._range_ends[url] = offset + length
            byte_range = ByteRange(length, offset)
        self._segments.append(
            HlsSegment(
                url,
                self._duration,
                self._is_discontinuous,
                byte_range,
                tuple(self._keys.values()),
                self._map,
                tuple(self._tags),
            )
        )
        self._duration, self._is_discontinuous, self._range = 0.0, False, None
        self._tags.clear()


def _parse_multivariant(lines: list[str], url: str) -> HlsMultivariantPlaylist:
    variants: list[HlsVariant] = []
    renditions: list[HlsRendition] = []
    waiting = ""
    for raw in lines:
        line = raw.strip()
        if line.startswith("#EXT-X-STREAM-INF:"):
            waiting = line
        elif line.startswith("#EXT-X-MEDIA:"):
            renditions.append(_rendition(line, url))
        elif line and not line.startswith("#") and waiting:
            variants.append(_variant(waiting, absolute(url, line)))
            waiting = ""
    if not variants:
        raise ResolveError("the playlist is empty", "try again in a moment")
    return HlsMultivariantPlaylist(tuple(variants), tuple(renditions))


def _variant(line: str, url: str) -> HlsVariant:
    attributes = _attributes(line.partition(":")[2])
    height = _HEIGHT.fullmatch(attributes.get("RESOLUTION", ""))
    return HlsVariant(
        url=url,
        line=line,
        bandwidth=_number(attributes.get("BANDWIDTH", "")),
        height=int(height[1]) if height else 0,
        audio_group=attributes.get("AUDIO", ""),
    )


def _rendition(line: str, url: str) -> HlsRendition:
    attributes = _attributes(line.partition(":")[2])
    named = attributes.get("URI", "")
    return HlsRendition(
        kind=attributes.get("TYPE", ""),
        group=attributes.get("GROUP-ID", ""),
        url=absolute(url, named) if named else "",
        line=_URI.sub("", line).replace(",,", ",").rstrip(","),
        is_default=attributes.get("DEFAULT") == "YES",
    )


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def _with_absolute(line: str, url: str) -> str:
    return _URI.sub(lambda found: f'URI="{absolute(url, found[1])}"', line)


def _byte_range(value: str) -> tuple[int, int | None]:
    length, mark, offset = value.partition("@")
    return _number(length), _number(offset) if mark else None


def _number(text: str) -> int:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if 0.0 <= seconds <= MAX_DURATION else 0.0
