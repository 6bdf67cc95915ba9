"""Ids are unique, and of one time."""

from __future__ import annotations

from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import FILLING_BITS, uuid7

instants = st.integers(0, 2**48 - 1)
fillings = st.integers(0, 2**FILLING_BITS - 1)


@given(unix_ms=instants, filling=fillings)
def test_an_id_is_a_uuid_of_version_7(unix_ms: int, filling: int) -> None:
    made = uuid7(unix_ms, filling)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == unix_ms


@given(one=st.tuples(instants, fillings), other=st.tuples(instants, fillings))
def test_two_are_the_same_only_when_all_of_it_is(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    assert (uuid7(*one) == uuid7(*other)) == (one == other)


@given(early=instants, late=instants, fill=fillings, other=fillings)
def test_they_sort_by_time_as_text_too(early: int, late: int, fill: int, other: int) -> None:
    if early < late:
        assert uuid7(early, fill).hex < uuid7(late, other).hex
