"""Lines of a descriptor: bytes, bounded, whatever comes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from player.api.line_reader import LINE_LIMIT, LineReader

if TYPE_CHECKING:
    from pathlib import Path


def reader_of(tmp_path: Path, content: bytes) -> LineReader:
    file = tmp_path / "input"
    file.write_bytes(content)
    return LineReader(os.open(file, os.O_RDONLY))


def all_of(reader: LineReader) -> list[bytes]:
    lines: list[bytes] = []
    while (line := reader.next_line()) is not None:
        lines.append(line)
    return lines


def test_lines_are_bytes_without_their_ends_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, b"play\r\n\n  \n\xff\xfe\nsay \0\nlast")
    assert all_of(reader) == [b"play", b"\xff\xfe", b"say \0", b"last"]
    assert reader.next_line() is None


def test_of_a_line_that_is_too_long_there_is_its_beginning_and_the_next_is_whole(
    tmp_path: Path,
) -> None:
    reader = reader_of(tmp_path, b"say " + b"x" * 3_000_000 + b"\nquit\n")
    long, after = all_of(reader)
    assert len(long) == LINE_LIMIT
    assert after == b"quit"


def test_a_first_line_may_be_longer(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, b"x" * 200_000 + b"\nplay\n")
    assert len(reader.next_line(1_000_000) or b"") == 200_000
    assert reader.next_line() == b"play"


def test_what_cannot_be_read_has_no_lines(tmp_path: Path) -> None:
    assert LineReader(os.open(tmp_path, os.O_RDONLY)).next_line() is None
