"""A line of a log is pairs that a program can take apart again."""

from __future__ import annotations

import pytest

from protocol.log_line import log_line


def test_a_line_is_its_event_and_then_its_fields_in_their_order() -> None:
    assert log_line("stopped") == "event=stopped"
    assert log_line("refused", peer=3, code="forbidden") == "event=refused peer=3 code=forbidden"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("wss://[::1]:8765/", "wss://[::1]:8765/"),
        ("connection refused", "'connection refused'"),
        ("", "''"),
        ("a=b", "'a=b'"),
        ('say "no"', "'say \"no\"'"),
        ("two\nlines", "'two\\nlines'"),
        ("\x1b[2J", "'\\x1b[2J'"),
        ("back\\slash", "'back\\\\slash'"),
        (None, "None"),
        (0.5, "0.5"),
    ],
)
def test_what_is_no_single_word_is_quoted(value: object, shown: str) -> None:
    assert log_line("seen", value=value) == f"event=seen value={shown}"
