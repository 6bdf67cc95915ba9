"""Where log lines go and how they look: ``key=value``, without titles, addresses or keys."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class KeyValueFormatter(logging.Formatter):
    """``time=… level=… logger=…`` before the message."""

    converter = time.gmtime

    def __init__(self) -> None:
        super().__init__(
            "time=%(asctime)s.%(msecs)03dZ level=%(levelname)s logger=%(name)s %(message)s",
            datefmt="%Y-%m-%dT%H:%M:%S",
        )


def set_up(log_file: Path | None) -> None:
    """Log to this file, or to standard error.

    Raises:
        OSError: the file cannot be written.
    """
    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
    handler = (
        logging.StreamHandler() if log_file is None else logging.FileHandler(log_file, "a", "utf-8")
    )
    handler.setFormatter(KeyValueFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("matinee").setLevel(logging.INFO)
    # It reports every scanner's broken handshake.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
