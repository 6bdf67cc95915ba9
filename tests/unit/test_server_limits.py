"""The bounds of `protocol.server_limits`."""

from __future__ import annotations

import pytest

from protocol.messages import Hello, Leave, Ping, Say
from protocol.server_limits import (
    MAX_ADDRESSES,
    AddressLimits,
    Bucket,
    Limits,
    PeerLimits,
    Rate,
    for_crowds,
    is_own,
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


def test_each_kind_of_message_has_its_own_bucket() -> None:
    limits = PeerLimits(Limits(say=Rate(1, 1), ping=Rate(1, 2)), 0.0)
    assert limits.take(Say("a"), 0.0) == 0.0
    assert limits.take(Say("b"), 0.0) > 0.0
    assert limits.take(Ping(0.0), 0.0) == 0.0
    assert limits.take(Leave(), 0.0) == 0.0
    assert limits.take(Hello(1, 1, "Ana", "instance-1"), 0.0) == 0.0


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


def test_an_address_opens_so_many_a_second_and_so_many_at_once() -> None:
    limits = AddressLimits(Limits(opens=Rate(1, 2), open_at_once=3))
    assert limits.open("192.0.2.1", 0.0) == 0.0
    assert limits.open("192.0.2.1", 0.0) == 0.0
    assert limits.open("192.0.2.1", 0.0) == pytest.approx(1.0)
    assert limits.open("192.0.2.2", 0.0) == 0.0
    assert limits.open("192.0.2.1", 5.0) == 0.0
    assert limits.open("192.0.2.1", 50.0) == 1.0
    limits.closed("192.0.2.1")
    assert limits.open("192.0.2.1", 50.0) == 0.0
    limits.closed("192.0.2.99")


def test_this_machines_connections_and_streams_are_not_counted() -> None:
    limits = AddressLimits(Limits(opens=Rate(1, 1), open_at_once=1, creations=Rate(1, 1)))
    for _ in range(5):
        assert limits.open("127.0.0.1", 0.0) == 0.0
        assert limits.create("::1", 0.0) == 0.0
    assert limits.create("192.0.2.1", 0.0) == 0.0
    assert limits.create("192.0.2.1", 0.0) > 0.0


def test_wrong_tokens_block_an_address_for_a_while() -> None:
    limits = AddressLimits(Limits(failures=Rate(1, 2)))
    for _ in range(2):
        assert limits.blocked("127.0.0.1", 0.0) == 0.0
        limits.failed("127.0.0.1", 0.0)
    assert limits.blocked("127.0.0.1", 0.0) == pytest.approx(1.0)
    assert limits.blocked("192.0.2.1", 0.0) == 0.0
    assert limits.blocked("127.0.0.1", 2.0) == 0.0


def test_the_longest_silent_address_is_forgotten_first() -> None:
    limits = AddressLimits(Limits(failures=Rate(0.001, 1)))
    limits.open("192.0.2.1", 0.0)
    limits.failed("192.0.2.1", 0.0)
    limits.failed("192.0.2.2", 0.0)
    for number in range(MAX_ADDRESSES):
        limits.failed(f"2001:db8::{number:x}", 0.0)
    assert limits.blocked("192.0.2.1", 0.0) > 0.0
    assert limits.blocked("192.0.2.2", 0.0) == 0.0


def test_an_address_with_open_connections_is_not_forgotten() -> None:
    limits = AddressLimits(Limits(opens=Rate(1, 5), open_at_once=1))
    for number in range(MAX_ADDRESSES + 1):
        assert limits.open(f"2001:db8::{number:x}", 0.0) == 0.0
    assert limits.open("2001:db8::1", 0.0) == 1.0


def test_own_addresses() -> None:
    assert is_own("127.0.0.1")
    assert is_own("")
    assert not is_own("192.0.2.1")
    assert not is_own("somewhere")


def test_where_many_sit_behind_one_address_more_may_come_and_sooner() -> None:
    school = for_crowds(Limits(), 500)
    assert (school.open_at_once, school.opens) == (500, Rate(200.0, 400.0))
    strict = for_crowds(Limits(), 5)
    assert (strict.open_at_once, strict.opens) == (5, Limits().opens)
