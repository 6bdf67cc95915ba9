"""What a log says to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from protocol.timeline import Timeline
from protocol.wire.messages import Event, StreamSettings
from server_stub.cli.history_format import event_words

if TYPE_CHECKING:
    from protocol.wire.messages import EventType


def event(event_type: str, settings: StreamSettings | None = None) -> Event:
    """An event of a log, of whatever type."""
    kind = cast("EventType", event_type)
    return Event(1, 2, "event-01", kind, "a" * 32, "Ana", 0, Timeline(), settings=settings)


@pytest.mark.parametrize("event_type", ["loop", "what\x1b[2Jever"])
def test_an_event_that_a_newer_server_has_written_is_told_by_its_type(event_type: str) -> None:
    assert event_words(event(event_type), None) == event_type.replace("\x1b", "")


def test_settings_are_told_by_their_short_names() -> None:
    told = event("settings", StreamSettings(wait=True, sync_enabled=False, sync_tolerance_ms=250))
    assert event_words(told, None) == "settings: wait on, sync off, tolerance 250 ms"
