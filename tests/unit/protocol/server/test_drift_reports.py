"""How far seats are off, as it is counted."""

from __future__ import annotations

from protocol.wire.messages import PauseAct, PlayAct, Report
from tests.doubles.sync_server import Party


def test_only_connected_seats_that_play_are_off() -> None:
    party = Party()
    first, second = party.join("Bo"), party.join("Cy")
    for peer, drift_ms in ((party.host, 0.0), (first, -12.5), (second, 40.0)):
        party.bench.send(peer, Report("playing", drift_ms=drift_ms))
    server = party.bench.core
    assert server.drifts_ms() == []
    party.act(PlayAct())
    assert sorted(server.drifts_ms()) == [-12.5, 0.0, 40.0]
    server.disconnect(second, party.bench.now)
    assert sorted(server.drifts_ms()) == [-12.5, 0.0]
    party.act(PauseAct(1.0))
    assert server.drifts_ms() == []


def test_a_seat_that_tells_no_drift_is_not_counted() -> None:
    party = Party()
    party.act(PlayAct())
    assert party.bench.core.drifts_ms() == []
