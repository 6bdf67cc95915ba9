"""The follower's clock and tolerance have one writer, and follow from one estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.session.core.sync_inputs import SyncInputs
from protocol.client.protocol import ClientProtocol
from protocol.client.stream_state import StreamState
from protocol.sync.clock import ClockEstimate
from protocol.timeline import Timeline
from protocol.wire.messages import Cursor

if TYPE_CHECKING:
    from player.session.core.sync_inputs import SyncPort

JITTERY = ClockEstimate(offset=5.0, delay=0.1, jitter=0.06, error=0.05)


class MeasuredProtocol(ClientProtocol):
    """A client core whose estimate is given to it."""

    estimate: ClockEstimate | None = JITTERY

    def clock(self, now: float) -> ClockEstimate | None:
        return self.estimate


class ToldThread:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.clocks: list[float | None] = []
        self.tolerances: list[float] = []

    def set_clock(self, offset: float | None) -> None:
        self.clocks.append(offset)

    def set_tolerance(self, tolerance: float) -> None:
        self.tolerances.append(tolerance)


def pair() -> tuple[MeasuredProtocol, ToldThread, SyncInputs]:
    protocol, thread = MeasuredProtocol(name="Ana", instance_id="instance-of-ana"), ToldThread()
    protocol.state = StreamState("stream-01", Cursor(1, 1), Timeline(), "member-a")
    port: SyncPort = thread
    return protocol, thread, SyncInputs(protocol, port)


def test_the_tolerance_has_the_jitter_s_share_whatever_it_is_told_for() -> None:
    protocol, thread, inputs = pair()
    assert protocol.state is not None
    inputs.update(0.0)
    (wide,) = thread.tolerances
    assert wide == pytest.approx(protocol.state.sync_tolerance + 0.2)
    assert thread.clocks == [5.0]


def test_while_the_clock_is_measured_anew_its_offset_and_the_tolerance_stay() -> None:
    protocol, thread, inputs = pair()
    inputs.update(0.0)
    protocol.estimate = None
    inputs.update(0.1)
    assert thread.tolerances[1] == thread.tolerances[0]
    assert thread.clocks == [5.0]


def test_another_clock_is_unknown_until_it_was_measured() -> None:
    protocol, thread, inputs = pair()
    inputs.clock_lost()
    inputs.update(0.0)
    assert thread.clocks == [None, 5.0]
    assert protocol.state is not None
