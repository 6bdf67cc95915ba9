"""What a session does by the clock: beats, status lines, reports."""

from __future__ import annotations

from player.api.views import Status
from player.session.core.effects import Flush
from player.session.core.schedule import LONGEST_BEAT, NEWS_INTERVAL, REPORT_INTERVAL, Schedule
from player.sync.messages import Buffered
from protocol.client.events import ClockLost, StateChanged
from tests.doubles.core_seat import CoreSeat


def test_status_lines_begin_when_the_seat_is_ready_and_come_at_their_interval() -> None:
    seat = CoreSeat()
    seat.tick()
    assert seat.seen(Status) == []
    seat.server(StateChanged())
    for _ in range(round(3 / LONGEST_BEAT)):
        seat.tick(LONGEST_BEAT)
    assert len(seat.seen(Status)) == 3


def test_reports_come_once_a_second_and_news_at_once_but_not_too_often() -> None:
    schedule = Schedule(1.0)
    schedule.beat(0.0)
    assert schedule.is_report_due(0.0)
    assert schedule.next_deadline() == LONGEST_BEAT
    schedule.soon()
    assert schedule.next_deadline() == NEWS_INTERVAL
    schedule.beat(0.25)
    assert schedule.is_report_due(0.25)
    assert not schedule.is_report_due(0.25 + REPORT_INTERVAL - 0.01)
    schedule.beat(0.5)
    schedule.soon()
    assert schedule.next_deadline() == 0.5, "the last report is long enough ago"


def test_nothing_is_due_between_two_beats() -> None:
    seat = CoreSeat()
    seat.tick()
    seat.effects.clear()
    seat.player(Buffered(12.0))
    seat.tick(LONGEST_BEAT / 2)
    assert seat.effects == []
    seat.server(ClockLost())
    seat.tick(REPORT_INTERVAL)
    assert Flush() in seat.effects
