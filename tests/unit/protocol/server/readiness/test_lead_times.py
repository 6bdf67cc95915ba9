"""How far ahead a change is agreed follows what every seat tells, without a look at each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.server.members.participant import Participant
from protocol.server.readiness.lead_times import MARGIN, MIN_LEAD, LeadTimes, RunningMax
from protocol.server.readiness.readiness import MAX_LEAD
from protocol.wire.messages import Member, Report

NAMES = ("ana", "ben", "cleo")
VALUES = st.sampled_from((0.1, 0.2, 0.3, 0.4))


@given(changes=st.lists(st.tuples(st.sampled_from(NAMES), st.none() | VALUES, st.booleans())))
def test_the_highest_is_that_of_all_values_there_are(
    changes: list[tuple[str, float | None, bool]],
) -> None:
    highest, plain = RunningMax(), dict[str, float]()
    for name, value, is_asked in changes:
        if value is None:
            highest.drop(name)
            plain.pop(name, None)
        else:
            highest.put(name, value)
            plain[name] = value
        if is_asked:
            assert highest.most(9.0) == max(plain.values(), default=9.0)
    assert highest.most(9.0) == max(plain.values(), default=9.0)


def seat_with(rtt_ms: float, start_ms: float = 0.0, seek_ms: float = 100.0) -> Participant:
    seat = Participant(Member("m", "Ana", "viewer"), 1, by_invite=True)
    seat.take(Report("paused", rtt_ms=rtt_ms, start_ms=start_ms, seek_ms=seek_ms))
    return seat


def test_the_slowest_seat_sets_the_lead_until_it_goes() -> None:
    needs = LeadTimes()
    needs.count("near", seat_with(40.0))
    needs.count("far", seat_with(600.0, start_ms=50.0, seek_ms=200.0))
    assert needs.leads().start == pytest.approx(0.3 + 0.05 + MARGIN)
    assert needs.leads().seek == pytest.approx(0.3 + 0.05 + 0.2 + MARGIN)
    needs.drop("far")
    assert needs.leads().start == MIN_LEAD
    assert needs.leads().seek == pytest.approx(0.02 + 0.1 + MARGIN)


def test_who_is_not_connected_or_behind_a_poor_link_is_not_counted() -> None:
    needs, seat = LeadTimes(), seat_with(900.0)
    needs.count("ana", seat)
    assert needs.leads().start == pytest.approx(0.45 + MARGIN)
    seat.take(Report("paused", rtt_ms=5000.0))
    needs.count("ana", seat)
    alone = LeadTimes().leads()
    assert needs.leads() == alone
    seat.take(Report("paused", rtt_ms=900.0))
    seat.peer = None
    needs.count("ana", seat)
    assert needs.leads() == alone


def test_a_slow_store_is_remembered_for_a_while_and_no_lead_is_longer_than_the_longest() -> None:
    needs = LeadTimes()
    needs.count("ana", seat_with(40.0))
    before = needs.leads().start
    needs.wrote(0.2)
    slow = needs.leads().start
    needs.wrote(0.0)
    assert before < needs.leads().start < slow
    needs.count("ana", seat_with(1900.0, start_ms=900.0))
    assert needs.leads().start == MAX_LEAD
