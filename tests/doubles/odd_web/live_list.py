"""A live HLS list made of one that is complete: a window that slides over it, over and over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

EPOCH: Final = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)
"""Date of the first segment."""


class Segment(NamedTuple):
    """A part of a film."""

    seconds: float
    address: str
    head: str = ""
    """Address of the part that it is understood by (`EXT-X-MAP`)."""
    seam: bool = False
    """Its timestamps do not go on from those before it."""


def segments_of(text: str, folder: str) -> list[Segment]:
    """The segments of a complete list; ``folder`` is put before each name."""
    found: list[Segment] = []
    seconds, head, seam = 0.0, "", False
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            seconds = float(line.removeprefix("#EXTINF:").partition(",")[0])
        elif line.startswith("#EXT-X-MAP:"):
            head = folder + line.partition('URI="')[2].partition('"')[0]
        elif line.startswith("#EXT-X-DISCONTINUITY"):
            seam = True
        elif line and not line.startswith("#"):
            found.append(Segment(seconds, folder + line, head, seam))
            seam = False
    return found


def live_list(
    segments: Sequence[Segment],
    now: float,
    window: int,
    *,
    dated: bool = False,
    told: bool = True,
) -> str:
    """The list ``now`` seconds after the beginning: the last ``window`` segments that are over.

    Args:
        segments: what is broadcast over and over.
        now: seconds.
        window: how many segments it names; at the beginning so many are over.
        dated: whether each has a date.
        told: whether it says where the segments begin anew.
    """
    total = sum(segment.seconds for segment in segments)
    start = sum(segments[i % len(segments)].seconds for i in range(window))
    end = now + start
    rounds = int(end // total)
    last, at = rounds * len(segments), rounds * total
    while at + segments[last % len(segments)].seconds <= end:
        at += segments[last % len(segments)].seconds
        last += 1
    first = last - window
    at -= sum(segments[i % len(segments)].seconds for i in range(first, last))
    longest = max(segment.seconds for segment in segments)
    seams = sum(_is_seam(segments, i, told=told) for i in range(1, first + 1))
    lines = [
        *("#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{int(longest + 0.999)}"),
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{seams}",
    ]
    head = ""
    for number in range(first, last):
        segment = segments[number % len(segments)]
        if number > first and _is_seam(segments, number, told=told):
            lines.append("#EXT-X-DISCONTINUITY")
            head = ""
        if segment.head != head:
            head = segment.head
            lines.append(f'#EXT-X-MAP:URI="{head}"')
        if dated:
            date = EPOCH + timedelta(seconds=at)
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date.isoformat(timespec='milliseconds')}")
        lines += [f"#EXTINF:{segment.seconds:.6f},", segment.address]
        at += segment.seconds
    return "\n".join(lines) + "\n"


def _is_seam(segments: Sequence[Segment], number: int, *, told: bool) -> bool:
    index = number % len(segments)
    return segments[index].seam or (told and number > 0 and index == 0)
