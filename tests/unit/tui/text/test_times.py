"""Times as people write and read them."""

from __future__ import annotations

import pytest

from player.api.intents import Seek, SeekBy
from tui.text.times import ms_text, parse_go_to, span_text


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.9, "3 s"), (59, "59 s"), (60, "1 min"), (3900, "1 h 05"), (-1, "0 s")]
)
def test_a_span_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert span_text(seconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.4, "+0.4 ms"),
        (-2.06, "−2.1 ms"),
        (99.96, "+100 ms"),
        (-240.4, "−240 ms"),
        (-1800, "−1.8 s"),
    ],
)
def test_a_drift_has_a_sign_and_no_more_digits_than_matter(milliseconds: float, text: str) -> None:
    assert ms_text(milliseconds) == text


@pytest.mark.parametrize(
    ("typed", "intent"),
    [
        ("1:02:03", Seek(3723.0)),
        ("4:30", Seek(270.0)),
        (" 270 ", Seek(270.0)),
        ("90:00", Seek(5400.0)),
        ("0", Seek(0.0)),
        ("4:30.5", Seek(270.5)),
        ("+30", SeekBy(30.0)),
        ("-10", SeekBy(-10.0)),
        ("−10", SeekBy(-10.0)),
        ("+1:30", SeekBy(90.0)),
        ("50%", Seek(3000.0)),
        ("100 %", Seek(6000.0)),
        ("٤:٣٠", Seek(270.0)),
    ],
)
def test_every_way_to_write_a_time_is_read(typed: str, intent: Seek | SeekBy) -> None:
    assert parse_go_to(typed, 6000.0) == intent


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("", "type a time"),
        ("abc", "not a time"),
        ("4:75", "59"),
        ("1:75:00", "59"),
        ("1:2:3:4", "not a time"),
        ("1e9", "not a time"),
        ("nan", "not a time"),
        ("+", "not a time"),
        ("--5", "not a time"),
        ("101%", "nothing after"),
        ("2:00:00", "ends at 1:40:00"),
        ("9" * 5000, "not a time"),
    ],
)
def test_nonsense_is_answered_in_words(typed: str, word: str) -> None:
    with pytest.raises(ValueError, match=word) as caught:
        parse_go_to(typed, 6000.0)
    assert len(str(caught.value)) < 120


def test_a_share_of_an_unknown_length_is_refused() -> None:
    with pytest.raises(ValueError, match="length is not known"):
        parse_go_to("50%", None)


def test_a_time_beyond_an_unknown_length_is_passed_on() -> None:
    assert parse_go_to("2:00:00", None) == Seek(7200.0)
