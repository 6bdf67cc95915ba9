"""Where a file was joined from others, by the bytes of a stream made here."""

from __future__ import annotations

import pytest

from player.media.discontinuities import FilePart, continuous_parts

PACKET = 188


def pes(seconds: float, *, size: int = PACKET) -> bytes:
    """A packet in which a picture begins."""
    ticks = round(seconds * 90_000) % 2**33
    stamp = bytes(
        [
            0x21 | (ticks >> 29 & 0x0E),
            ticks >> 22 & 0xFF,
            (ticks >> 14 & 0xFE) | 1,
            ticks >> 7 & 0xFF,
            (ticks << 1 & 0xFE) | 1,
        ]
    )
    head = b"\x47\x41\x00\x10" + b"\0\0\1\xe0\0\0\x80\x80\x05" + stamp
    return bytes(size - PACKET) + head + bytes(PACKET - len(head))


def more(count: int, *, size: int = PACKET) -> bytes:
    """So many packets in which one goes on."""
    return (bytes(size - PACKET) + b"\x47\x01\x00\x10" + bytes(PACKET - 4)) * count


def table(*, size: int = PACKET) -> bytes:
    return bytes(size - PACKET) + b"\x47\x40\x00\x10" + bytes(PACKET - 4)


def stream(first: float, seconds: int, *, size: int = PACKET, each: int = 40) -> bytes:
    """Five pictures a second, behind a table of programs."""
    pictures = (
        pes(first + step / 5, size=size) + more(each, size=size) for step in range(seconds * 5)
    )
    return table(size=size) + b"".join(pictures)


def parts_of(data: bytes) -> tuple[FilePart, ...]:
    return continuous_parts(lambda offset, count: data[offset : offset + count], len(data))


@pytest.mark.parametrize("size", [188, 192, 204])
@pytest.mark.parametrize(
    ("first", "second"), [(0.0, 0.0), (500.0, 3.0), (3.0, 500.0)], ids=["same", "back", "ahead"]
)
def test_a_stream_is_cut_where_its_timestamps_begin_anew(
    size: int, first: float, second: float
) -> None:
    before, after = (stream(start, 60, size=size) for start in (first, second))
    cut = len(before)
    assert parts_of(before + after) == (FilePart(0, cut), FilePart(cut, cut + len(after)))


def test_parts_of_any_length_are_found() -> None:
    pieces = [stream(0.0, 60), stream(1.4, 9), stream(0.0, 200), stream(0.0, 30)]
    found = parts_of(b"".join(pieces))
    assert [end - start for start, end in found] == [len(piece) for piece in pieces]


def test_a_stream_without_a_table_is_cut_at_its_first_picture() -> None:
    before, after = stream(100.0, 30), stream(0.0, 30)[PACKET:]
    assert parts_of(before + after)[0].end == len(before)


@pytest.mark.parametrize("first", [0.0, 2**33 / 90_000 - 20.0], ids=["from 0", "over the wrap"])
def test_a_stream_that_runs_on_is_one(first: float) -> None:
    assert parts_of(stream(first, 120)) == ()


@pytest.mark.parametrize(
    "data", [b"", b"G", b"a film" * 9000, stream(0.0, 9)[5:700], more(400), bytes(5000)]
)
def test_what_is_no_such_stream_is_one(data: bytes) -> None:
    assert parts_of(data) == ()


def matroska(content: int, *, sized: bool = True) -> bytes:
    size = (content | 1 << 56).to_bytes(8) if sized else b"\x01" + b"\xff" * 7
    return b"\x1a\x45\xdf\xa3\x83abc" + b"\x18\x53\x80\x67" + size + bytes(content)


def test_matroska_that_was_appended_is_cut_where_the_first_says_that_it_ends() -> None:
    first, second, third = matroska(5000), matroska(70), matroska(10, sized=False)
    ends = [len(first), len(first) + len(second)]
    assert parts_of(first + second + third) == (
        FilePart(0, ends[0]),
        FilePart(ends[0], ends[1]),
        FilePart(ends[1], ends[1] + len(third)),
    )


@pytest.mark.parametrize(
    "data", [matroska(100), matroska(100, sized=False) + matroska(9), matroska(100) + b"rubbish"]
)
def test_matroska_that_runs_on_or_does_not_tell_is_one(data: bytes) -> None:
    assert parts_of(data) == ()


@pytest.mark.parametrize("cut", range(0, 30, 3))
def test_a_file_that_breaks_off_anywhere_is_no_error(cut: int) -> None:
    parts_of(matroska(100)[:cut])
    parts_of((stream(9.0, 3) + stream(0.0, 3))[: -cut or None])
