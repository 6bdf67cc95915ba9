"""Logging: where log lines go and how they look: ``key=value``, without titles, addresses or
keys.
"""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

from protocol.log_line import LINE_HEAD, TIME_FORMAT, log_line

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger("matinee.server")


class KeyValueFormatter(logging.Formatter):
    """``time=… level=… logger=…`` before the message.

    Of an error it tells the kind and the lines of code, but not what it says: that may quote
    what somebody has sent.
    """

    converter = time.gmtime

    def __init__(self) -> None:
        super().__init__(f"{LINE_HEAD} %(message)s", TIME_FORMAT)

    def formatException(self, ei: Any) -> str:
        error: BaseException | None = ei[1]
        return "\n".join(line for each in _chain(error) for line in _told(each))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__).format()
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return ["Traceback (most recent call last):", *map(str.rstrip, frames), kind]


def log_unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What an event loop does with errors that nobody waits for."""
    error = context.get("exception")
    if isinstance(error, OSError) and "accept" in context.get("message", ""):
        # No mistake of ours, and it comes every second for as long as it lasts.
        logger.error(log_line("not_accepted", errno=error.errno))
        return
    logger.error(log_line("unhandled"), exc_info=error)


def set_up(log_file: Path | None) -> None:
    """Log to this file, or to standard error.

    Raises:
        OSError: the file cannot be written.
    """
    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
    handler = (
        logging.StreamHandler()
        if log_file is None
        else logging.FileHandler(log_file, "a", "utf-8", errors="backslashreplace")
    )
    handler.setFormatter(KeyValueFormatter())
    # A full disk is nothing that a log could tell.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("matinee").setLevel(logging.INFO)
    # It reports every scanner's broken handshake.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
