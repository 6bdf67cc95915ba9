"""How a seat stands, gathered from its player and its link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec import UNSET

from player.session.core.telemetry import WAITING, SeatTelemetry
from protocol.client.protocol import ClientProtocol
from protocol.client.stream_state import StreamState
from protocol.sync.clock import ClockEstimate
from protocol.timeline import Timeline
from protocol.wire.codec import encode
from protocol.wire.messages import Cursor, Member, Welcome

if TYPE_CHECKING:
    from player.sync.phase import CorrectionKind

PLAYING = msgspec.structs.replace(
    WAITING, at=10.0, state="playing", position=42.12345, target=42.1, drift=0.02345, seek_cost=0.5
)


def protocol() -> ClientProtocol:
    core = ClientProtocol(name="Ana", instance_id="instance-of-ana")
    core.replica.state = StreamState(
        "stream-01",
        Cursor(1, 1),
        Timeline(0.0, 0.0, 1.25, True),
        members={"member-a": Member("member-a", "Ana", "host")},
    )
    return core


def test_only_another_state_is_a_change() -> None:
    gauges = SeatTelemetry()
    assert gauges.take(PLAYING)
    assert not gauges.take(msgspec.structs.replace(PLAYING, position=43.0))


def test_a_status_line_is_in_milliseconds_and_rounded() -> None:
    gauges = SeatTelemetry()
    gauges.take(PLAYING)
    status = gauges.status(protocol(), "host", 10.0)
    assert (status.position, status.target, status.drift_ms) == (42.1234, 42.1, 23.4)
    assert (status.rate, status.playing, status.members) == (1.25, True, 1)
    assert (status.rtt_ms, status.clock_error_ms, status.quality) == (None, None, "lost")


@pytest.mark.parametrize(
    ("correction", "change", "text", "kind"),
    [
        ("hold", 0.0, "", UNSET),
        ("nudge", 0.008, "nudge +0.8 %", "nudge"),
        ("jump", 0.0, "jump", "jump"),
    ],
)
def test_what_is_done_about_a_drift_has_words_and_a_kind(
    correction: CorrectionKind, change: float, text: str, kind: object
) -> None:
    gauges = SeatTelemetry()
    gauges.take(msgspec.structs.replace(PLAYING, correction=correction, rate_change=change))
    status = gauges.status(protocol(), "host", 10.0)
    assert (status.correction, status.correction_kind) == (text, kind)
    assert (b"correction_kind" in msgspec.json.encode(status)) == (kind is not UNSET)


@pytest.mark.parametrize("reason", ["its window was closed", ""])
def test_a_player_that_has_failed_is_shown_as_failed_whatever_the_words(reason: str) -> None:
    gauges = SeatTelemetry()
    gauges.take(PLAYING)
    gauges.failed(reason)
    status = gauges.status(protocol(), "host", 10.0)
    assert (status.state, status.reason) == ("failed", reason)
    assert gauges.report(protocol(), 10.0).state == "failed"


def test_before_there_is_a_stream_a_status_can_be_shown() -> None:
    core = ClientProtocol(name="Ana", instance_id="instance-of-ana")
    status = SeatTelemetry().status(core, "viewer", 10.0)
    assert (status.state, status.rate, status.members, status.playing) == ("idle", 1.0, 0, False)


@pytest.mark.parametrize(("until", "ahead"), [(52.2, 10.1), (40.0, 0.0), (None, None)])
def test_a_report_tells_what_is_ready_to_play(until: float | None, ahead: float | None) -> None:
    gauges = SeatTelemetry()
    gauges.take(PLAYING)
    gauges.buffered_until = until
    report = gauges.report(protocol(), 10.0)
    assert (report.buffer, report.seek_ms, report.drift_ms) == (ahead, 500.0, 23.4)


def test_without_a_position_nothing_is_said_of_the_buffer() -> None:
    gauges = SeatTelemetry()
    gauges.buffered_until = 12.0
    assert gauges.report(protocol(), 10.0).buffer is None


def test_a_bad_drift_and_a_slow_way_lower_the_quality() -> None:
    core = protocol()
    core.connection_made(9.0)
    core.receive(encode(Welcome(1, "clock-0001", "ab" * 16, "11" * 16, "viewer", 1)), 9.1)
    assert core.joined
    gauges = SeatTelemetry()
    assert gauges.quality(core, 10.0) == "good"
    gauges.take_clock(10.0, ClockEstimate(0.0, 0.4, 0.2, 0.0))
    assert gauges.quality(core, 10.0) == "fair"
    gauges.take(msgspec.structs.replace(PLAYING, drift=-0.5))
    assert gauges.quality(core, 10.0) == "poor"


def test_who_waits_for_the_timeline_says_so_beside_a_state_that_older_servers_know() -> None:
    gauges, core = SeatTelemetry(), protocol()
    gauges.take(msgspec.structs.replace(PLAYING, state="waiting", starts_in=8.0))
    report = gauges.report(core, 10.0)
    assert (report.state, report.waiting) == ("playing", True)
    assert gauges.status(core, "viewer", 10.0).state == "waiting"
    gauges.take(PLAYING)
    assert gauges.report(core, 10.0).waiting is False


# What a start waits for -----------------------------------------------------------------


def test_a_player_has_come_to_an_event_when_it_is_where_that_has_put_it() -> None:
    gauges, core = SeatTelemetry(), protocol()
    assert core.state is not None
    gone = msgspec.structs.replace(PLAYING, timeline=Timeline(7.0, 3.0))
    gauges.take(gone, core.state)
    assert gauges.cursor is None, "it keeps to an older timeline"
    here = msgspec.structs.replace(PLAYING, timeline=core.state.timeline)
    gauges.take(msgspec.structs.replace(here, phase="seeking", state="buffering"), core.state)
    assert gauges.cursor is None, "it is on its way"
    gauges.take(msgspec.structs.replace(here, state="loading"), core.state)
    assert gauges.cursor is None, "it has nothing to be anywhere in"
    gauges.take(msgspec.structs.replace(here, state="playing"), core.state)
    assert gauges.report(core, 10.0).cursor == Cursor(1, 1)


def test_to_have_come_to_an_event_is_news() -> None:
    gauges, core = SeatTelemetry(), protocol()
    assert core.state is not None
    here = msgspec.structs.replace(PLAYING, timeline=core.state.timeline)
    gauges.take(PLAYING, core.state)
    assert gauges.take(here, core.state)
    assert not gauges.take(here, core.state)


def test_while_a_film_is_looked_for_the_seat_loads() -> None:
    gauges = SeatTelemetry()
    assert gauges.state == "idle"
    gauges.seeks_film = True
    assert gauges.state == "loading"
    gauges.take(PLAYING)
    assert gauges.state == "playing"


def test_what_the_device_takes_to_start_is_reported_once_it_is_known() -> None:
    gauges = SeatTelemetry()
    gauges.take(PLAYING)
    assert gauges.report(protocol(), 10.0).start_ms is None
    gauges.take(msgspec.structs.replace(PLAYING, start_cost=0.045))
    assert gauges.report(protocol(), 10.0).start_ms == 45.0
