"""How a log line looks."""

from __future__ import annotations

import asyncio
import errno
import logging
from typing import TYPE_CHECKING

from server_stub.observability.logging import KeyValueFormatter, log_unhandled

if TYPE_CHECKING:
    import pytest


def test_a_line_is_keys_and_values() -> None:
    record = logging.LogRecord("matinee.server", 20, "", 1, "event=stopped", None, None)
    record.created, record.msecs = 0.0, 7.0
    assert KeyValueFormatter().format(record) == (
        "time=1970-01-01T00:00:00.007Z level=INFO logger=matinee.server event=stopped"
    )


def test_that_nobody_more_can_be_taken_is_a_line_and_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.new_event_loop()
    error = OSError(errno.EMFILE, "Too many open files")
    try:
        log_unhandled(
            loop, {"message": "socket.accept() out of system resource", "exception": error}
        )
        log_unhandled(loop, {"message": "Task exception was never retrieved", "exception": error})
    finally:
        loop.close()
    (known, unknown) = caplog.records
    assert (known.message, known.exc_info) == (f"event=not_accepted errno={errno.EMFILE}", None)
    assert unknown.exc_info is not None
