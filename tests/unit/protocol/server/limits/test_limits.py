"""The bounds of `protocol.server.limits.connection`."""

from __future__ import annotations

from typing import get_args

import pytest

from protocol.server.limits.config import Limits, for_crowds
from protocol.server.limits.connection import (
    MAX_GONE,
    REFILLED,
    ConnectionLimiter,
    MemberQuotas,
)
from protocol.server.limits.token_bucket import TokenBucket
from protocol.wire.messages import ClientMessage, Hello, Leave, Ping, SendChat
from protocol.wire.rate_limit import RateLimit


def test_a_bucket_lets_a_burst_pass_and_then_the_average() -> None:
    bucket = TokenBucket(RateLimit(per_second=2, burst=3), 0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(0.0) == pytest.approx(0.5)
    assert bucket.take(0.5) == 0.0
    assert bucket.take(0.5) > 0.0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket(RateLimit(per_second=1, burst=2), 0.0)
    assert [bucket.take(1e6) == 0.0 for _ in range(3)] == [True, True, False]


def test_a_bucket_outlives_a_clock_that_steps_back() -> None:
    bucket = TokenBucket(RateLimit(per_second=1, burst=1), 10.0)
    assert bucket.take(10.0) == 0.0
    assert bucket.take(0.0) == pytest.approx(1.0)


def test_what_is_taken_on_credit_is_waited_for() -> None:
    bucket = TokenBucket(RateLimit(per_second=10, burst=10), 0.0)
    assert bucket.take(0.0, 30) == 0.0
    assert bucket.take(0.0, 1) == pytest.approx(2.1)


def test_what_is_charged_though_there_is_nothing_runs_up_no_debt() -> None:
    bucket = TokenBucket(RateLimit(per_second=1, burst=2), 0.0)
    assert bucket.whole(0.0) == 2
    for _ in range(4):
        bucket.charge(0.0)
    assert (bucket.wait(0.0), bucket.whole(0.5), bucket.whole(1.0)) == (1.0, 0, 1)


def test_each_kind_of_message_has_its_own_bucket() -> None:
    limits = ConnectionLimiter(
        Limits(rates={SendChat: RateLimit(1, 1), Ping: RateLimit(1, 2)}), 0.0
    )
    assert limits.take(SendChat("a"), 0.0) == 0.0
    assert limits.take(SendChat("b"), 0.0) > 0.0
    assert limits.take(Ping(0.0), 0.0) == 0.0
    assert limits.take(Leave(), 0.0) == 0.0
    assert limits.take(Hello(1, 1, "Ana", "instance-1"), 0.0) == 0.0


class Members:
    """Members who come, say something, and leave."""

    def __init__(self) -> None:
        self.members = MemberQuotas()

    def come(self, member_id: str, now: float = 0.0) -> ConnectionLimiter:
        connection = ConnectionLimiter(Limits(rates={SendChat: RateLimit(0.1, 1)}), now)
        self.members.seated(member_id, connection)
        return connection

    def visit(self, member_id: str, now: float = 0.0) -> bool:
        """Come, say something and leave; whether it was allowed."""
        connection = self.come(member_id, now)
        is_allowed = connection.take(SendChat("a"), now) == 0.0
        self.members.left(member_id, connection, now)
        return is_allowed


def test_a_member_s_buckets_outlive_its_connections() -> None:
    it = Members()
    assert [it.visit("ana"), it.visit("ana"), it.visit("bo")] == [True, False, True]
    for number in range(MAX_GONE - 2):
        it.visit(f"member-{number}")
    assert not it.visit("ana")
    it.visit("one more")
    assert len(it.members) == MAX_GONE


def test_a_member_who_is_here_is_never_forgotten() -> None:
    it = Members()
    first = it.come("ana")
    for number in range(MAX_GONE + 1):
        it.visit(f"member-{number}", 60.0)
    assert first.take(SendChat("a"), 60.0) == 0.0
    second = it.come("ana", 60.0)
    assert second.take(SendChat("a"), 60.0) > 0.0
    # The seat is the second one's: that the first ends changes nothing.
    it.members.left("ana", first, 60.0)
    it.members.left("ana", second, 60.0)
    assert not it.visit("ana", 60.0)


def test_members_are_forgotten_once_they_may_do_all_again() -> None:
    it = Members()
    for number in range(500):
        assert it.visit(f"member-{number}", float(number))
    assert len(it.members) == REFILLED + 1


def test_text_is_bounded_by_its_length() -> None:
    limits = ConnectionLimiter(Limits(characters=RateLimit(100, 100)), 0.0)
    assert limits.take_text("x" * 150, 0.0) == 0.0
    assert limits.take_text("x", 0.0) == pytest.approx(0.51)


def test_the_third_strike_is_one_too_many() -> None:
    limits = ConnectionLimiter(Limits(), 0.0)
    assert [limits.strike(0.0) for _ in range(3)] == [False, False, True]


def test_strikes_are_forgiven_with_time() -> None:
    limits = ConnectionLimiter(Limits(), 0.0)
    assert [limits.strike(30.0 * n) for n in range(10)] == [False] * 10


def test_a_burst_counts_once_a_second() -> None:
    limits = ConnectionLimiter(Limits(), 0.0)
    struck = [limits.strike(0.0, burst=True) for _ in range(50)]
    assert not any(struck)
    assert limits.strike(1.0, burst=True) is False
    assert limits.strike(2.0, burst=True) is True


def test_where_many_sit_behind_one_address_more_may_come_and_sooner() -> None:
    school = for_crowds(Limits(), 500)
    assert (school.open_at_once, school.opens) == (500, RateLimit(200.0, 400.0))
    assert school.reads == RateLimit(200.0, 400.0)
    strict = for_crowds(Limits(), 5)
    assert (strict.open_at_once, strict.opens) == (5, Limits().opens)


def test_every_message_has_a_limit_but_those_that_a_connection_says_once() -> None:
    unlimited = {kind for kind in get_args(ClientMessage) if kind.rate is None}
    assert unlimited == {Hello, Leave}
