"""How a log line looks."""

from __future__ import annotations

import logging

from server_stub.log import KeyValueFormatter


def test_a_line_is_keys_and_values() -> None:
    record = logging.LogRecord("matinee.server", 20, "", 1, "event=stopped", None, None)
    record.created, record.msecs = 0.0, 7.0
    assert KeyValueFormatter().format(record) == (
        "time=1970-01-01T00:00:00.007Z level=INFO logger=matinee.server event=stopped"
    )
