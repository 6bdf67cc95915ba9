"""Parts of a playlist: one playlist for each run of continuous timestamps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from player.media.manifests.hls import HlsMediaPlaylist, HlsSegment

if TYPE_CHECKING:
    from player.media.manifests.hls import HlsRendition, HlsVariant

MAX_PARTS: Final = 100
"""A player opens each before the film begins."""


class HlsPart(msgspec.Struct, frozen=True):
    """Part of a playlist in which timestamps carry on."""

    playlist: HlsMediaPlaylist
    duration: float
    """Seconds."""


def parts_of(playlist: HlsMediaPlaylist) -> tuple[HlsPart, ...]:
    """The parts in order; none when there is only one, or more than a player may be given."""
    runs: list[tuple[int, list[HlsSegment]]] = []
    for at, segment in enumerate(playlist.segments):
        if not runs or segment.is_discontinuous:
            runs.append((playlist.media_sequence + at, []))
        runs[-1][1].append(segment)
    if not 1 < len(runs) <= MAX_PARTS:
        return ()
    parts: list[HlsPart] = []
    for sequence, segments in runs:
        first = msgspec.structs.replace(segments[0], is_discontinuous=False)
        part = HlsMediaPlaylist(
            (first, *segments[1:]), playlist.header, sequence, is_ended=True, kind=playlist.kind
        )
        if part.duration > 0:
            parts.append(HlsPart(part, part.duration))
    return tuple(parts)


def written(playlist: HlsMediaPlaylist) -> str:
    """The playlist as a text, with addresses that hold wherever it is read from."""
    lines = ["#EXTM3U", *playlist.header, f"#EXT-X-MEDIA-SEQUENCE:{playlist.media_sequence}"]
    keys: tuple[str, ...] = ()
    initialisation = ""
    for segment in playlist.segments:
        if segment.is_discontinuous:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment.keys != keys:
            keys = segment.keys
            lines += keys
        if segment.map != initialisation:
            initialisation = segment.map
            lines.append(initialisation)
        lines += segment.tags
        lines.append(f"#EXTINF:{segment.duration:.6f},")
        if segment.byte_range is not None:
            lines.append(
                f"#EXT-X-BYTERANGE:{segment.byte_range.length}@{segment.byte_range.offset}"
            )
        lines.append(segment.url)
    if playlist.is_ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join((*lines, ""))


def written_variant(variant: HlsVariant, url: str, sound: HlsRendition, sound_url: str) -> str:
    """A multivariant playlist of one variant with its separate sound."""
    lines = ("#EXTM3U", f'{sound.line},URI="{sound_url}"', variant.line, url, "")
    return "\n".join(lines)


def is_plain_http(part: HlsPart) -> bool:
    """Whether everything that a part leads to is reached without encryption."""
    return "https:" not in written(part.playlist)
