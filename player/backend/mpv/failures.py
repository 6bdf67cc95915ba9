"""Failures: what is told of an item that cannot go on, and whether another try may help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.backend.base import Failed
from player.backend.mpv import error_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from player.backend.mpv.binding.events import LogLine
    from player.backend.mpv.shared_state import LoadRecord


class FailureClassifier:
    """Classifier of one failure after the other."""

    def __init__(self) -> None:
        self._broke_at: tuple[str, int] | None = None
        """Which item broke off last, and at which second."""

    def failed(
        self,
        load: LoadRecord | None,
        reason: str,
        lines: Iterable[LogLine],
        position: float | None = None,
        *,
        lost: bool = False,
    ) -> Failed:
        """What is told of ``load``, which breaks off at ``position`` s, if it does."""
        log = tuple(lines)
        status = error_text.http_status_of(log)
        if load is None:
            return Failed(0, reason, lost, status, position)
        is_transient = error_text.is_transient(log)
        if position is not None and status is None:
            # A connection may end without a complaint; at the same place twice, the film does.
            place = (load.source.url, round(position))
            is_transient = is_transient or place != self._broke_at
            self._broke_at = place
        is_transient = is_transient and load.source.is_network and not lost
        return Failed(load.generation, reason, lost, status, position, is_transient)
