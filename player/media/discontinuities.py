"""Discontinuities: where the timestamps of a file begin anew, since it was joined from others.

Pure but for the reads that it is given. A transport stream names no length and has no index: its
timestamps are looked at in places all over it, and where they go back or far ahead the place is
narrowed down. A Matroska file says itself where it ends, and what was appended comes after that.
Offsets are bytes, instants seconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final, NamedTuple

Read = Callable[[int, int], bytes]
"""So many bytes from an offset on; fewer at the end."""

PROBES: Final = 256
CHUNK: Final = 96 * 1024
NARROW: Final = 256 * 1024
"""Bytes between two probes that are read as a whole."""
BACK: Final = 2.0
"""Streams of one program, and pictures in the order of decoding, differ by less."""
AHEAD: Final = 10.0
"""More than what passes by itself between two probes: a hole."""
MOST_PARTS: Final = 64
_WRAP: Final = 2.0**33 / 90_000
_SYNC: Final = 0x47
_PACKET_SIZES: Final = (188, 192, 204)
_EBML: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = b"\x18\x53\x80\x67"


class FilePart(NamedTuple):
    """Bytes of a file, ``end`` not among them."""

    start: int
    end: int


class _Stamp(NamedTuple):
    offset: int
    instant: float


def continuous_parts(read: Read, size: int) -> tuple[FilePart, ...]:
    """The parts of a file whose timestamps each run on; none where that is all of it."""
    head = read(0, CHUNK)
    if head.startswith(_EBML):
        cuts = _matroska_cuts(read, size)
    else:
        packet, first = _packets_of(head)
        cuts = _StreamScan(read, size, packet, first).cuts() if packet else []
    if not cuts:
        return ()
    edges = [0, *cuts[: MOST_PARTS - 1], size]
    return tuple(FilePart(*pair) for pair in itertools.pairwise(edges))


# Transport streams -----------------------------------------------------------------------


def _packets_of(head: bytes) -> tuple[int, int]:
    """Size of a packet and offset of the first one's sync byte; 0 for what is no such stream."""
    for packet in _PACKET_SIZES:
        for first in range(min(packet, len(head))):
            places = range(first, min(len(head), first + 8 * packet), packet)
            if len(places) > 4 and all(head[place] == _SYNC for place in places):
                return packet, first
    return 0, 0


class _StreamScan:
    """Scan of one transport stream."""

    def __init__(self, read: Read, size: int, packet: int, first: int) -> None:
        self._read = read
        self._size = size
        self._packet = packet
        self._first = first

    def cuts(self) -> list[int]:
        step = max(self._size // PROBES, CHUNK)
        stamps = [s for offset in range(0, self._size, step) if (s := self._probe(offset))]
        pace = _median([_ahead(a, b) for a, b in itertools.pairwise(stamps)])
        found: list[int] = []
        for before, after in itertools.pairwise(stamps):
            if _breaks(before, after, pace) and (cut := self._narrow(before, after, pace)):
                found.append(cut)
        return found

    def _narrow(self, before: _Stamp, after: _Stamp, pace: float) -> int | None:
        while after.offset - before.offset > NARROW:
            middle = self._probe((before.offset + after.offset) // 2)
            if middle is None or not before.offset < middle.offset < after.offset:
                break
            if _breaks(before, middle, pace):
                after = middle
            else:
                before = middle
        return self._cut_between(before, after.offset + self._packet, pace)

    def _cut_between(self, before: _Stamp, end: int, pace: float) -> int | None:
        """Offset of the first packet of the new part: its table of programs, if it has one."""
        base = before.offset
        data = self._read(base, end - base)
        table: int | None = None
        for place in range(0, len(data) - 187, self._packet):
            if data[place] != _SYNC:
                return None
            if data[place + 1] & 0x5F == 0x40 and data[place + 2] == 0:
                table = place
            instant = _instant_in(data, place)
            if instant is None:
                continue
            stamp = _Stamp(base + place, instant)
            if _breaks(before, stamp, pace):
                cut = place if table is None else table
                return base + cut - self._first
            before, table = stamp, None
        return None

    def _probe(self, offset: int) -> _Stamp | None:
        """The first timestamp from ``offset`` on."""
        start = self._first + -(-max(0, offset - self._first) // self._packet) * self._packet
        data = self._read(start, CHUNK)
        for place in range(0, len(data) - 187, self._packet):
            instant = _instant_in(data, place)
            if instant is not None:
                return _Stamp(start + place, instant)
        return None


def _instant_in(data: bytes, place: int) -> float | None:
    """When the packet at ``place`` is to be decoded, if a picture or sound begins in it."""
    if data[place] != _SYNC or not data[place + 1] & 0x40:
        return None
    payload = place + 4
    if data[place + 3] & 0x20:
        payload += 1 + data[payload]
    if payload + 19 > place + 188 or data[payload : payload + 3] != b"\0\0\1":
        return None
    if not (0xC0 <= data[payload + 3] <= 0xEF or data[payload + 3] in (0xBD, 0xFD)):
        return None
    flags = data[payload + 7] >> 6
    if flags < 2:
        return None
    at = payload + (14 if flags == 3 else 9)
    ticks = (data[at] >> 1 & 7) << 30 | data[at + 1] << 22 | (data[at + 2] >> 1) << 15
    return (ticks | data[at + 3] << 7 | data[at + 4] >> 1) / 90_000


def _ahead(before: _Stamp, after: _Stamp) -> float:
    """Seconds from one timestamp to another, which may have wrapped."""
    return (after.instant - before.instant + _WRAP / 2) % _WRAP - _WRAP / 2


def _breaks(before: _Stamp, after: _Stamp, pace: float) -> bool:
    gap = _ahead(before, after)
    return gap < -BACK or gap > 4 * max(pace, 0.0) + AHEAD


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


# Matroska --------------------------------------------------------------------------------


def _matroska_cuts(read: Read, size: int) -> list[int]:
    cuts: list[int] = []
    offset = 0
    while len(cuts) < MOST_PARTS:
        end = offset
        for name in (_EBML, _SEGMENT):
            element = read(end, 12)
            length = _element_size(element[4:]) if element.startswith(name) else None
            if length is None:
                return cuts
            end += 4 + length
        if end >= size or read(end, 4) != _EBML:
            return cuts
        cuts.append(end)
        offset = end
    return cuts


def _element_size(data: bytes) -> int | None:
    """Bytes of an element's size and content; None if it is unknown or none."""
    if not data or not data[0]:
        return None
    width = 9 - data[0].bit_length()
    value = int.from_bytes(data[:width]) - (1 << 7 * width)
    return None if len(data) < width or value == (1 << 7 * width) - 1 else width + value
