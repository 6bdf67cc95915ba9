"""Positions as hours, minutes and seconds."""

from __future__ import annotations

import pytest

from protocol.clock_text import clock_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00:00"),
        (767.9, "0:12:47"),
        (3600, "1:00:00"),
        (-3, "0:00:00"),
        (360_000, "100:00:00"),
    ],
)
def test_a_position_has_hours_minutes_and_whole_seconds(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [
        (3767.2504, 3, "1:02:47.250"),
        (767.25, 1, "0:12:47.2"),
        (59.96, 1, "0:01:00.0"),
        (-1, 3, "0:00:00.000"),
    ],
)
def test_parts_of_a_second_are_rounded(seconds: float, decimals: int, text: str) -> None:
    assert clock_text(seconds, decimals=decimals) == text


def test_a_short_text_has_hours_where_there_are_some() -> None:
    assert clock_text(20.9, short=True) == "0:20"
    assert clock_text(3661, short=True) == "1:01:01"
