"""The bounds of `protocol.server.limits.addresses`."""

from __future__ import annotations

import pytest

from protocol.server.limits.addresses import (
    MAX_ADDRESSES,
    MAX_RIGHT,
    AddressLimiter,
    TokenLookup,
    bounded_as,
    is_own,
)
from protocol.server.limits.config import Limits
from protocol.wire.rate_limit import RateLimit


def test_an_address_opens_so_many_a_second_and_so_many_at_once() -> None:
    limits = AddressLimiter(Limits(opens=RateLimit(1, 2), open_at_once=3))
    assert limits.open("192.0.2.1", 0.0) == 0.0
    assert limits.open("192.0.2.1", 0.0) == 0.0
    assert limits.open("192.0.2.1", 0.0) == pytest.approx(1.0)
    assert limits.open("192.0.2.2", 0.0) == 0.0
    assert limits.open("192.0.2.1", 5.0) == 0.0
    assert limits.open("192.0.2.1", 50.0) == 1.0
    limits.closed("192.0.2.1")
    assert limits.open("192.0.2.1", 50.0) == 0.0
    limits.closed("192.0.2.99")


def test_an_address_reads_so_often() -> None:
    limits = AddressLimiter(Limits(reads=RateLimit(1, 2)))
    assert [limits.read("192.0.2.1", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert limits.read("192.0.2.2", 0.0) == 0.0


def test_this_machines_connections_reads_and_streams_are_not_counted() -> None:
    limits = AddressLimiter(
        Limits(
            opens=RateLimit(1, 1), open_at_once=1, reads=RateLimit(1, 1), creations=RateLimit(1, 1)
        )
    )
    for _ in range(5):
        assert limits.read("127.0.0.1", 0.0) == 0.0
        assert limits.open("127.0.0.1", 0.0) == 0.0
        assert limits.create("::1", 0.0) == 0.0
    assert limits.create("192.0.2.1", 0.0) == 0.0
    assert limits.create("192.0.2.1", 0.0) > 0.0


def test_wrong_tokens_block_an_address_for_a_while() -> None:
    limits = AddressLimiter(Limits(failures=RateLimit(1, 2)))
    for _ in range(2):
        assert limits.blocked("127.0.0.1", 0.0) == 0.0
        limits.failed("127.0.0.1", 0.0)
    assert limits.blocked("127.0.0.1", 0.0) == pytest.approx(1.0)
    assert limits.blocked("192.0.2.1", 0.0) == 0.0
    assert limits.blocked("127.0.0.1", 2.0) == 0.0


def test_the_longest_silent_address_is_forgotten_first() -> None:
    limits = AddressLimiter(Limits(failures=RateLimit(0.001, 1)))
    limits.open("192.0.2.1", 0.0)
    limits.failed("192.0.2.1", 0.0)
    limits.failed("192.0.2.2", 0.0)
    for number in range(MAX_ADDRESSES):
        limits.failed(f"2001:db8:{number:x}::1", 0.0)
    assert limits.blocked("192.0.2.1", 0.0) > 0.0
    assert limits.blocked("192.0.2.2", 0.0) == 0.0


def test_an_address_with_open_connections_is_not_forgotten() -> None:
    limits = AddressLimiter(Limits(opens=RateLimit(1, 5), open_at_once=1))
    for number in range(MAX_ADDRESSES + 1000):
        assert limits.open(f"2001:db8:{number:x}::1", 0.0) == 0.0
    assert limits.open("2001:db8:1::1", 0.0) == 1.0


def test_an_address_with_wrong_tokens_outlives_any_number_without() -> None:
    limits = AddressLimiter(Limits(failures=RateLimit(0.001, 1), creations=RateLimit(0.001, 1)))
    limits.failed("192.0.2.1", 0.0)
    limits.create("192.0.2.2", 0.0)
    for number in range(3 * MAX_ADDRESSES):
        assert limits.blocked(f"2001:db8:{number:x}::1", 0.0) == 0.0
    assert limits.blocked("192.0.2.1", 0.0) > 0.0
    assert limits.create("192.0.2.2", 0.0) > 0.0


def test_whoever_has_a_network_is_counted_as_one() -> None:
    limits = AddressLimiter(Limits(open_at_once=1))
    assert limits.open("2001:db8:1:2::3", 0.0) == 0.0
    assert limits.open("2001:db8:1:2:ffff::4", 0.0) == 1.0
    assert limits.open("2001:db8:1:3::3", 0.0) == 0.0
    limits.closed("2001:db8:1:2::9")
    assert limits.open("2001:db8:1:2::4", 0.0) == 0.0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::1"),
        ("no:address", "no:address"),
        ("", ""),
    ],
)
def test_whom_an_address_is_counted_for(address: str, counted: str) -> None:
    assert bounded_as(address) == counted


def test_own_addresses() -> None:
    assert is_own("::ffff:127.0.0.1")
    assert is_own("127.0.0.1")
    assert is_own("")
    assert not is_own("192.0.2.1")
    assert not is_own("somewhere")


class Shower:
    """Shows tokens of one address, and keeps what it was told."""

    def __init__(self, limits: AddressLimiter, address: str = "192.0.2.1") -> None:
        self.limits = limits
        self.address = address
        self.told: list[float] = []
        self.looks: list[TokenLookup] = []
        """Not looked up yet."""
        self.is_gone = False

    def show(self, *tokens: str, now: float = 0.0) -> None:
        for token in tokens:
            look = TokenLookup(self.address, token, self._turn)
            self.looks.append(look)
            self.limits.show(look, now)

    def looked_up(self, *, was_right: bool | None, now: float = 0.0) -> None:
        """The first of those whose turn has come."""
        self.limits.looked_up(self.looks.pop(0), now, was_right=was_right)

    def _turn(self, wait: float) -> bool:
        if not self.is_gone:
            self.told.append(wait)
        return not self.is_gone


def test_no_more_tokens_are_looked_up_at_once_than_may_be_wrong() -> None:
    shower = Shower(AddressLimiter(Limits(failures=RateLimit(1, 2))))
    shower.show(*"abcd")
    shower.looked_up(was_right=False)
    assert shower.told == [0.0, 0.0]
    shower.looked_up(was_right=False)
    assert shower.told == [0.0, 0.0, 1.0, 1.0]


def test_what_is_being_looked_up_may_be_wrong_as_well() -> None:
    shower = Shower(AddressLimiter(Limits(failures=RateLimit(1, 3))))
    shower.show(*"ab")
    assert shower.limits.failed("192.0.2.1", 0.0) == 0.0
    assert shower.limits.failed("192.0.2.1", 0.0) == 1.0
    assert shower.limits.blocked("192.0.2.1", 0.0) == 0.0
    assert shower.limits.failed("192.0.2.1", 0.0) == 1.0
    assert shower.limits.blocked("192.0.2.1", 0.0) == 1.0


def test_right_tokens_wait_for_one_another_and_no_longer() -> None:
    shower = Shower(AddressLimiter(Limits(failures=RateLimit(0.001, 2))))
    shower.show(*"abcde")
    for _ in range(5):
        shower.looked_up(was_right=True)
    assert shower.told == [0.0] * 5
    assert shower.limits.blocked("192.0.2.1", 0.0) == 0.0


@pytest.mark.parametrize("address", ["192.0.2.1", "127.0.0.1"])
def test_right_tokens_let_nobody_guess_more(address: str) -> None:
    shower = Shower(AddressLimiter(Limits(failures=RateLimit(0.001, 2))), address)
    for _ in range(50):
        shower.show("right", "right")
        shower.looked_up(was_right=True)
        shower.looked_up(was_right=True)
    shower.told.clear()
    shower.show(*"abcd")
    assert shower.told == [0.0, 0.0]


def test_a_token_that_was_right_waits_for_no_guess() -> None:
    limits = AddressLimiter(Limits(failures=RateLimit(0.001, 1)))
    shower = Shower(limits)
    shower.show("right", "right", "right")
    assert shower.told == [0.0]
    shower.looked_up(was_right=True)
    # Once one of them was, the others wait no longer.
    assert shower.told == [0.0] * 3
    for _ in range(2):
        shower.looked_up(was_right=True)
    shower.show("wrong")
    shower.looked_up(was_right=False)
    shower.told.clear()
    shower.show("right", "wrong")
    assert shower.told == [0.0, 1000.0]
    elsewhere = Shower(limits, "192.0.2.2")
    elsewhere.show("wrong", "right")
    assert elsewhere.told == [0.0]


def test_a_token_that_is_right_no_more_is_a_guess_from_then_on() -> None:
    shower = Shower(AddressLimiter(Limits(failures=RateLimit(0.001, 1))))
    shower.show("revoked")
    shower.looked_up(was_right=True)
    shower.show("revoked")
    shower.looked_up(was_right=False)
    shower.show("revoked")
    assert shower.told == [0.0, 0.0, 1000.0]


def test_what_was_not_found_out_counts_for_nothing() -> None:
    shower = Shower(AddressLimiter(Limits(failures=RateLimit(0.001, 1))))
    for _ in range(3):
        shower.show("some", "some")
        shower.looked_up(was_right=None)
        shower.looked_up(was_right=None)
    assert shower.told == [0.0] * 6
    shower.show("some", "some")
    assert shower.told == [0.0] * 7


def test_tokens_that_were_right_are_remembered_so_many_at_once() -> None:
    shower = Shower(AddressLimiter(Limits(failures=RateLimit(0.001, 1))))
    for number in range(MAX_RIGHT + 1):
        shower.show(str(number))
        shower.looked_up(was_right=True)
    shower.told.clear()
    shower.show("unknown", "1", "0")
    assert shower.told == [0.0, 0.0]


def test_who_has_left_the_line_takes_no_turn() -> None:
    limits = AddressLimiter(Limits(failures=RateLimit(0.001, 1)))
    shower, leaving = Shower(limits), Shower(limits)
    shower.show("a")
    leaving.show(*"bcd")
    shower.show("e")
    limits.give_up(leaving.looks[0], 0.0)
    leaving.is_gone = True
    shower.looked_up(was_right=True)
    assert (shower.told, leaving.told) == ([0.0, 0.0], [])
    shower.looked_up(was_right=True)
    assert limits.blocked("192.0.2.1", 0.0) == 0.0
    limits.give_up(leaving.looks[0], 0.0)


def test_no_debt_is_run_up() -> None:
    limits = AddressLimiter(Limits(failures=RateLimit(1, 2)))
    for _ in range(9):
        limits.failed("127.0.0.1", 0.0)
    # However many were wrong, an honest guest waits for one to come back.
    assert limits.blocked("127.0.0.1", 0.0) == 1.0
