"""From timestamps that all seats share to positions."""

from __future__ import annotations

import msgspec

from player.backend.base import EndReached, KeyPressed, MediaOpened, PauseChanged, Restarted, Sample
from player.sync.live.origin import SAME, TimestampOrigin

OPENED = MediaOpened(1, "", None, (), (), True, True, is_live=True, first_timestamp=500.0)


def host() -> TimestampOrigin:
    origin = TimestampOrigin()
    origin.load(is_shared=True, told=None, begins_at=0.0)
    origin.take(OPENED, 1)
    return origin


def guest(told: float | None) -> TimestampOrigin:
    origin = TimestampOrigin()
    origin.load(is_shared=True, told=told, begins_at=20.0)
    origin.take(OPENED, 1)
    return origin


def sample(origin: TimestampOrigin, at: float, timestamp: float) -> float:
    return origin.sample(Sample(at, at, timestamp), 1.0).position


def test_any_other_film_has_its_positions_as_they_are() -> None:
    origin = TimestampOrigin()
    origin.load(is_shared=False, told=7.0, begins_at=3.0)
    assert origin.take(OPENED, 1) is OPENED
    read = Sample(1.0, 1.0, 30.0)
    assert origin.sample(read, 1.0) is read
    assert (origin.timestamp(5.0), origin.position(5.0)) == (5.0, 5.0)
    assert origin.tell(9.0) == 0.0
    assert not origin.is_shared


def test_who_opens_a_stream_first_is_where_the_timeline_begins() -> None:
    origin = host()
    assert origin.value == 500.0
    told = origin.take(Restarted(1, 500.5, 3.0), 1)
    assert told == Restarted(1, 0.5, 3.0)
    assert sample(origin, 4.0, 502.0) == 2.0
    assert origin.timestamp(2.0) == 502.0


def test_who_comes_later_reckons_as_was_told() -> None:
    origin = guest(told=490.0)
    opened = origin.take(OPENED, 1)
    assert opened == msgspec.structs.replace(OPENED, live_origin=490.0)
    assert sample(origin, 4.0, 502.0) == 12.0


def test_what_belongs_to_an_earlier_load_is_passed_on_as_it_is() -> None:
    origin = guest(told=490.0)
    for event in (Restarted(0, 500.0, 1.0), KeyPressed("play"), PauseChanged(1, True, 1.0)):
        assert origin.take(event, 1) is event


def test_where_a_stream_ends_is_a_position_too() -> None:
    assert host().take(EndReached(1, 530.0, 9.0), 1) == EndReached(1, 30.0, 9.0)


def test_what_was_a_guess_is_replaced_by_what_is_told() -> None:
    origin = guest(told=None)
    assert sample(origin, 4.0, 500.0) == 20.0
    assert origin.tell(470.0) == 10.0
    assert sample(origin, 4.1, 500.1) == 500.1 - 470.0


def test_where_timestamps_begin_anew_positions_go_on() -> None:
    origin = host()
    sample(origin, 10.0, 510.0)
    assert not origin.has_moved()
    assert sample(origin, 10.1, 1.5) == 510.1 - 500.0
    assert origin.has_moved()
    assert not origin.has_moved()
    assert abs(sample(origin, 10.2, 1.6) - 10.2) < 1e-9


def test_a_seat_that_was_sent_elsewhere_has_passed_no_seam() -> None:
    origin = host()
    sample(origin, 10.0, 510.0)
    origin.take(Restarted(1, 530.0, 10.05), 1)
    assert sample(origin, 10.1, 530.0) == 30.0
    assert sample(origin, 20.0, 600.0) == 100.0
    assert not origin.has_moved()


def test_behind_a_seam_all_seats_reckon_from_what_the_host_found() -> None:
    origin = guest(told=490.0)
    sample(origin, 10.0, 510.0)
    assert origin.tell(-18.5) == 0.0, "it has still to come to the seam"
    assert origin.value == 490.0
    assert abs(sample(origin, 10.1, 1.5) - (1.5 + 18.5)) < 1e-9
    assert abs(origin.value - -18.5) < SAME
    late = guest(told=490.0)
    sample(late, 10.0, 510.0)
    sample(late, 10.1, 1.4)
    late.tell(-18.5)
    assert late.value == -18.5
