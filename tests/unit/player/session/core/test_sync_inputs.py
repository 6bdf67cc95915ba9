"""The follower's clock and tolerance have one writer, and follow from one estimate."""

from __future__ import annotations

import pytest

from player.session.core.effects import Outbox, SetClock, SetTolerance
from player.session.core.sync_inputs import SyncInputs
from protocol.client.protocol import ClientProtocol
from protocol.client.stream_state import StreamState
from protocol.sync.clock import ClockEstimate
from protocol.timeline import Timeline
from protocol.wire.messages import Cursor

JITTERY = ClockEstimate(offset=5.0, delay=0.1, jitter=0.06, error=0.05)


class MeasuredProtocol(ClientProtocol):
    """A client core whose estimate is given to it."""

    estimate: ClockEstimate | None = JITTERY

    def clock(self, now: float) -> ClockEstimate | None:
        return self.estimate


def pair() -> tuple[MeasuredProtocol, Outbox, SyncInputs]:
    protocol, outbox = MeasuredProtocol(name="Ana", instance_id="instance-of-ana"), Outbox()
    protocol.replica.state = StreamState("stream-01", Cursor(1, 1), Timeline(), "member-a")
    return protocol, outbox, SyncInputs(protocol, outbox)


def test_the_tolerance_has_the_jitter_s_share_whatever_it_is_told_for() -> None:
    protocol, outbox, inputs = pair()
    assert protocol.state is not None
    inputs.update(0.0)
    clock, tolerance = outbox.take()
    assert clock == SetClock(5.0)
    assert isinstance(tolerance, SetTolerance)
    assert tolerance.tolerance == pytest.approx(protocol.state.settings.sync_tolerance + 0.2)


def test_while_the_clock_is_measured_anew_its_offset_and_the_tolerance_stay() -> None:
    protocol, outbox, inputs = pair()
    inputs.update(0.0)
    _, wide = outbox.take()
    protocol.estimate = None
    inputs.update(0.1)
    assert outbox.take() == [wide]


def test_another_clock_is_unknown_until_it_was_measured() -> None:
    _, outbox, inputs = pair()
    inputs.clock_lost()
    assert outbox.take() == [SetClock(None)]
    inputs.update(0.0)
    assert outbox.take()[0] == SetClock(5.0)
