"""Hold: which failures to connect are waited out, and when the next attempt is due."""

from __future__ import annotations

import errno
import socket
from typing import Final, Literal

HoldCause = Literal["network", "name", "timeout", "refused", "proxy"]
"""Why a connection is held: no way there, no answer for its name, no answer at all, nobody listens
where somebody did before, or the person's own proxy cannot be reached."""

HOLD_LIMIT: Final = 18.0
"""Seconds a connection is held: less than a player waits for one."""
FIRST_RETRY: Final = 0.25
LAST_RETRY: Final = 2.0
GROWTH: Final = 1.7

_AWAY: Final = frozenset(
    (
        *(errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN),
        *(errno.EADDRNOTAVAIL, errno.ECONNABORTED),
    )
)
_GONE: Final = frozenset((errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE))


def cause_of(error: OSError, *, has_worked: bool) -> HoldCause | None:
    """Why an attempt is worth another; None when it is not.

    Args:
        error: what came of the attempt.
        has_worked: the same host was connected to before.
    """
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, socket.gaierror):
        return "name" if has_worked or error.errno == socket.EAI_AGAIN else None
    if error.errno in _AWAY:
        return "network"
    return "refused" if has_worked and error.errno in _GONE else None


def retry_delay(attempt: int) -> float:
    """Seconds to wait after the ``attempt``-th failure, counted from 1."""
    return min(FIRST_RETRY * GROWTH ** min(attempt - 1, 20), LAST_RETRY)
