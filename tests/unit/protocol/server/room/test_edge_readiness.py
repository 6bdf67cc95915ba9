"""What an edge tells of its seats is dated by when it last looked at them."""

from __future__ import annotations

import msgspec

from protocol.server.log.record import StreamRecord
from protocol.server.members.participant import Participant
from protocol.server.readiness.readiness import SyncPoint
from protocol.server.room.edge_readiness import EdgeReadiness
from protocol.timeline import Timeline
from protocol.wire.messages import Cursor, Member, Report

BO = "bo"
AGREED = StreamRecord(
    "stream01", seq=5, timeline=Timeline(10.0, at=108.0, playing=True), host_id="ana"
)


def edge() -> EdgeReadiness:
    """One seat, which is ready for the start at 108."""
    seat = Participant(Member(BO, "Bo", "viewer"), 1, by_invite=True)
    seat.take(Report("playing", rtt_ms=20.0, seek_ms=100.0, cursor=AGREED.cursor))
    edge = EdgeReadiness("b", {BO: seat}, AGREED.cursor)
    edge.count(BO, seat)
    edge.wait(108.0)
    return edge


def test_between_another_start_and_a_look_at_it_nothing_is_told_of_it() -> None:
    seats = edge()
    assert seats.report(AGREED, 100.0).as_of == AGREED.cursor
    moved = msgspec.structs.replace(AGREED, seq=6, timeline=Timeline(60.0, at=110.0, playing=True))
    seats.move(SyncPoint(moved.cursor, 101.0))
    for report in (seats.report(moved, 101.0), seats.report_on(moved, BO, 101.0)):
        assert report is not None
        assert report.as_of == AGREED.cursor
    seats.wait(110.0)
    report = seats.report(moved, 101.0)
    assert (report.as_of, report.late, report.has_moving) == (moved.cursor, (BO,), True)


def test_who_was_never_looked_at_is_told_of_as_of_no_event() -> None:
    later = msgspec.structs.replace(AGREED, timeline=Timeline(10.0, at=120.0, playing=True))
    assert edge().report(later, 100.0).as_of == Cursor(0, 0)
