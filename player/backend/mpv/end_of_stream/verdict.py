"""End verdict: whether media that plays no further has ended, or breaks off.

Pure; positions are seconds. The end is where the player comes to an end of the data; what a
container promises beyond it counts only where the log complains of what is missing. A stray
subtitle or a wrong header promises much.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from player.backend.mpv import error_text
from player.backend.mpv.end_of_stream.duration import ends_like

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from player.backend.mpv.binding.events import LogLine

_DECODERS: Final = ("vd", "ad", "ffmpeg/video", "ffmpeg/audio")
_ELSEWHERE: Final = re.compile(r"(ao|vo|af|vf|sub|osd|cplayer|input|ffmpeg/subtitle)\b")
"""Whose complaints are about other things than the media: a device, a window, a track beside it."""
DECODER_TROUBLE: Final = 5.0
"""Seconds before the end in which what a decoder complains of may be what is missing."""
_MISSING: Final = re.compile(
    r"incomplete file|partial file|packet corrupt|unexpected end|truncat|invalid data found"
    r"|treating it as fatal|ends prematurely at \d+, should be (?!18446744073709551615)"
    r"|input/output error",
    re.IGNORECASE,
)
"""What demuxers and streams say where data is missing. Without a length that was promised, HTTP's
own "prematurely" (2**64 - 1) is the ordinary end."""


class Arrival(NamedTuple):
    """How the player has come to where nothing follows."""

    position: float
    instant: float
    """Local monotonic clock."""
    by_play: bool
    """It has played up to here; else a seek has led behind the last picture."""
    target: float
    """Where the last load or seek was to go."""
    stated: float | None
    """How long the media is by its container; None while nothing can be told for certain."""
    has_strayed: bool = False
    """The last seek has shown something far behind its target."""
    is_network: bool = False


def says_missing(line: LogLine) -> bool:
    """Whether a demuxer or a stream complains that data is missing."""
    return (
        line.prefix not in _DECODERS
        and not _ELSEWHERE.match(line.prefix)
        and _MISSING.search(line.text) is not None
    )


def is_ordinary(arrival: Arrival) -> bool:
    """Whether no complaint could make this anything but the end."""
    return (
        arrival.stated is not None
        and arrival.by_play
        and ends_like(arrival.position, arrival.stated)
        and not arrival.has_strayed
    )


def breaking_point(
    arrival: Arrival, log: Sequence[LogLine], *, is_incomplete: bool
) -> float | None:
    """Where the media breaks off, in seconds; None when it has ended.

    Args:
        arrival: how the player has come here.
        log: what mpv has complained of since the last seek.
        is_incomplete: the container is known to lack its end.
    """
    if is_ordinary(arrival):
        return None
    position, stated, target = arrival.position, arrival.stated, arrival.target
    log = [line for line in log if not _ELSEWHERE.match(line.prefix)]
    cause = error_text.known_cause(log)
    if arrival.has_strayed and cause:
        return target
    if stated is None:
        # Whatever was cut off while it was recorded ends where it was cut.
        is_broken = arrival.is_network and (bool(cause) or any(map(says_missing, log)))
        return position if is_broken else None
    if not (is_incomplete or cause or _complains(log, arrival.instant)):
        return None
    if not ends_like(position, stated):
        return position
    is_before_end = not arrival.by_play and not ends_like(target, stated)
    return target if is_before_end else None


def _complains(log: Iterable[LogLine], instant: float) -> bool:
    return any(
        instant - line.instant < DECODER_TROUBLE if line.prefix in _DECODERS else says_missing(line)
        for line in log
    )
