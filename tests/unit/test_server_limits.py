"""The bounds of `protocol.server_limits`."""

from __future__ import annotations

import pytest

from protocol.messages import Hello, Leave, Ping, Say
from protocol.server_limits import (
    MAX_MEMBERS,
    REFILLED,
    Bucket,
    Limits,
    MemberLimits,
    PeerLimits,
    Rate,
    for_crowds,
)


def test_a_bucket_lets_a_burst_pass_and_then_the_average() -> None:
    bucket = Bucket(Rate(per_second=2, burst=3), 0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(0.0) == pytest.approx(0.5)
    assert bucket.take(0.5) == 0.0
    assert bucket.take(0.5) > 0.0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(Rate(per_second=1, burst=2), 0.0)
    assert [bucket.take(1e6) == 0.0 for _ in range(3)] == [True, True, False]


def test_a_bucket_outlives_a_clock_that_steps_back() -> None:
    bucket = Bucket(Rate(per_second=1, burst=1), 10.0)
    assert bucket.take(10.0) == 0.0
    assert bucket.take(0.0) == pytest.approx(1.0)


def test_what_is_taken_on_credit_is_waited_for() -> None:
    bucket = Bucket(Rate(per_second=10, burst=10), 0.0)
    assert bucket.take(0.0, 30) == 0.0
    assert bucket.take(0.0, 1) == pytest.approx(2.1)


def test_what_is_charged_though_there_is_nothing_runs_up_no_debt() -> None:
    bucket = Bucket(Rate(per_second=1, burst=2), 0.0)
    assert bucket.whole(0.0) == 2
    for _ in range(4):
        bucket.charge(0.0)
    assert (bucket.wait(0.0), bucket.whole(0.5), bucket.whole(1.0)) == (1.0, 0, 1)


def test_each_kind_of_message_has_its_own_bucket() -> None:
    limits = PeerLimits(Limits(say=Rate(1, 1), ping=Rate(1, 2)), 0.0)
    assert limits.take(Say("a"), 0.0) == 0.0
    assert limits.take(Say("b"), 0.0) > 0.0
    assert limits.take(Ping(0.0), 0.0) == 0.0
    assert limits.take(Leave(), 0.0) == 0.0
    assert limits.take(Hello(1, 1, "Ana", "instance-1"), 0.0) == 0.0


def test_a_member_s_buckets_outlive_its_connections() -> None:
    limits, members = Limits(say=Rate(1, 1)), MemberLimits()

    def said(member_id: str) -> bool:
        connection = PeerLimits(limits, 0.0)
        members.seated(member_id, connection, 0.0)
        return connection.take(Say("a"), 0.0) == 0.0

    assert [said("ana"), said("ana"), said("bo")] == [True, False, True]
    for number in range(MAX_MEMBERS - 2):
        members.seated(f"member-{number}", PeerLimits(limits, 0.0), 0.0)
    assert not said("ana")
    members.seated("one more", PeerLimits(limits, 0.0), 0.0)
    assert len(members) == MAX_MEMBERS


def test_members_are_forgotten_once_they_may_do_all_again() -> None:
    limits, members = Limits(say=Rate(1, 1)), MemberLimits()
    for number in range(500):
        now = float(number)
        connection = PeerLimits(limits, now)
        members.seated(f"member-{number}", connection, now)
        assert connection.take(Say("a"), now) == 0.0
    assert len(members) <= REFILLED + 2
    busy = PeerLimits(limits, 500.0)
    members.seated("busy", busy, 500.0)
    for number in range(100):
        now = 500.0 + number
        assert busy.take(Say("a"), now) == 0.0
        members.seated(f"other-{number}", PeerLimits(limits, now), now)
    again = PeerLimits(limits, 599.5)
    members.seated("busy", again, 599.5)
    assert again.take(Say("a"), 599.5) == pytest.approx(0.5)


def test_text_is_bounded_by_its_length() -> None:
    limits = PeerLimits(Limits(characters=Rate(100, 100)), 0.0)
    assert limits.take_text("x" * 150, 0.0) == 0.0
    assert limits.take_text("x", 0.0) == pytest.approx(0.51)


def test_the_third_strike_is_one_too_many() -> None:
    limits = PeerLimits(Limits(), 0.0)
    assert [limits.strike(0.0) for _ in range(3)] == [False, False, True]


def test_strikes_are_forgiven_with_time() -> None:
    limits = PeerLimits(Limits(), 0.0)
    assert [limits.strike(30.0 * n) for n in range(10)] == [False] * 10


def test_a_burst_counts_once_a_second() -> None:
    limits = PeerLimits(Limits(), 0.0)
    struck = [limits.strike(0.0, burst=True) for _ in range(50)]
    assert not any(struck)
    assert limits.strike(1.0, burst=True) is False
    assert limits.strike(2.0, burst=True) is True


def test_where_many_sit_behind_one_address_more_may_come_and_sooner() -> None:
    school = for_crowds(Limits(), 500)
    assert (school.open_at_once, school.opens) == (500, Rate(200.0, 400.0))
    assert school.reads == Rate(200.0, 400.0)
    strict = for_crowds(Limits(), 5)
    assert (strict.open_at_once, strict.opens) == (5, Limits().opens)
