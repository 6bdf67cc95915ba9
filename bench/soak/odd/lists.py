"""Odd films that are lists of segments: HLS and DASH."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.soak.odd.encoding import AAC, H264, ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

WHOLE: Final = 18.0
LONG: Final = 60.0
SEAMS: Final[Mapping[float, tuple[float, ...]]] = {WHOLE: (6.48,), LONG: (12.96, 26.4, 38.88)}
"""Where lists in parts have their seams, in seconds, by length."""
_HLS: Final = "-f hls -hls_time 2 -hls_list_size 0 -hls_playlist_type vod"


class ListRecipe(NamedTuple):
    """How a list is made."""

    seconds: float
    write: Callable[[Path, Path], None]
    """Takes the source and where to write."""

    def __call__(self, source: Path, film: Path) -> None:
        """Write it."""
        self.write(source, film)


def _hls(seconds: float, more: str = "") -> ListRecipe:
    def write(source: Path, film: Path) -> None:
        ffmpeg("-i", source, f"{H264} {AAC} {_HLS} {more}", film)

    return ListRecipe(seconds, write)


def _encrypted(source: Path, film: Path) -> None:
    key, told = film.with_name("film.key"), film.with_name("key.txt")
    key.write_bytes(secrets.token_bytes(16))
    told.write_text(f"film.key\n{key}\n{secrets.token_hex(16)}\n", encoding="ascii")
    ffmpeg("-i", source, f"{H264} {AAC} {_HLS} -hls_key_info_file {told}", film)


def _in_parts(seconds: float, more: str = "") -> ListRecipe:
    """Recordings of their own, one after the other, each with timestamps from 0."""

    def write(source: Path, film: Path) -> None:
        ends = (*SEAMS[seconds], seconds)
        lines: list[str] = []
        start = 0.0
        for number, end in enumerate(ends):
            name = film.with_name(f"part{number}.m3u8")
            named = f"-hls_segment_filename {name.with_suffix('')}-%d.{'m4s' if more else 'ts'}"
            head = f"-hls_fmp4_init_filename part{number}-head.mp4" if more else ""
            options = f"{H264} {AAC} {_HLS} {more} {head} {named}"
            ffmpeg(f"-ss {start} -t {end - start} -i", source, options, name)
            lines += ["#EXT-X-DISCONTINUITY"] if number else []
            lines += _parts_of(name.read_text(encoding="utf-8"))
            name.unlink()
            start = end
        text = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:4", *lines]
        film.write_text("\n".join([*text, "#EXT-X-ENDLIST"]) + "\n", encoding="utf-8")

    return ListRecipe(seconds, write)


def _parts_of(text: str) -> list[str]:
    """The lines of a list that name its segments."""
    kept = re.compile(r"#EXTINF|#EXT-X-MAP|[^#]")
    return [line for line in text.splitlines() if kept.match(line)]


def _dash(more: str, sound: str = "") -> ListRecipe:
    """Sound and picture apart from each other."""

    def write(source: Path, film: Path) -> None:
        sets = "-adaptation_sets 'id=0,streams=v id=1,streams=a'"
        ffmpeg("-i", source, f"{sound} {H264} {AAC} -f dash -seg_duration 2 {sets} {more}", film)

    return ListRecipe(WHOLE, write)


_FMP4: Final = "-hls_segment_type fmp4"
LISTS: Final[Mapping[str, ListRecipe]] = {
    "hls/film.m3u8": _hls(WHOLE),
    "hls-fmp4/film.m3u8": _hls(WHOLE, _FMP4),
    "hls-ranges/film.m3u8": _hls(WHOLE, "-hls_flags single_file"),
    "hls-encrypted/film.m3u8": ListRecipe(WHOLE, _encrypted),
    "hls-parts/film.m3u8": _in_parts(WHOLE),
    "hls-parts-fmp4/film.m3u8": _in_parts(WHOLE, _FMP4),
    "dash/film.mpd": _dash(""),
    "dash-short-sound/film.mpd": _dash("", "-af atrim=end=15"),
    "dash-one-file/film.mpd": _dash("-single_file 1"),
    "live/film.m3u8": _hls(LONG),
    "live-fmp4/film.m3u8": _hls(LONG, _FMP4),
    "live-parts/film.m3u8": _in_parts(LONG),
    "live-parts-fmp4/film.m3u8": _in_parts(LONG, _FMP4),
}
