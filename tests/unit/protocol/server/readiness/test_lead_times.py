"""How far ahead a change is agreed follows what every seat tells, without a look at each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.server.members.participant import Participant
from protocol.server.readiness.lead_times import (
    MARGIN,
    MIN_LEAD,
    LeadNeeds,
    LeadTime,
    LeadTimes,
    RunningMax,
)
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
            assert highest.most() == max(plain.values(), default=None)
    assert highest.most() == max(plain.values(), default=None)


def leads_of(*edges: LeadTimes) -> LeadTime:
    needs = LeadNeeds()
    for edge in edges:
        needs = needs.merged(edge.needs())
    return needs.leads()


def seat_with(rtt_ms: float, start_ms: float = 0.0, seek_ms: float = 100.0) -> Participant:
    seat = Participant(Member("m", "Ana", "viewer"), 1, by_invite=True)
    seat.take(Report("paused", rtt_ms=rtt_ms, start_ms=start_ms, seek_ms=seek_ms))
    return seat


def test_the_slowest_seat_sets_the_lead_until_it_goes() -> None:
    needs = LeadTimes()
    needs.count("near", seat_with(40.0))
    needs.count("far", seat_with(600.0, start_ms=50.0, seek_ms=200.0))
    assert leads_of(needs).start == pytest.approx(0.3 + 0.05 + MARGIN)
    assert leads_of(needs).seek == pytest.approx(0.3 + 0.05 + 0.2 + MARGIN)
    needs.drop("far")
    assert leads_of(needs).start == MIN_LEAD
    assert leads_of(needs).seek == pytest.approx(0.02 + 0.1 + MARGIN)


def test_who_is_not_connected_or_behind_a_poor_link_is_not_counted() -> None:
    needs, seat = LeadTimes(), seat_with(900.0)
    needs.count("ana", seat)
    assert leads_of(needs).start == pytest.approx(0.45 + MARGIN)
    seat.take(Report("paused", rtt_ms=5000.0))
    needs.count("ana", seat)
    alone = leads_of(LeadTimes())
    assert leads_of(needs) == alone
    seat.take(Report("paused", rtt_ms=900.0))
    seat.peer = None
    needs.count("ana", seat)
    assert leads_of(needs) == alone


def test_a_slow_store_is_remembered_for_a_while_and_no_lead_is_longer_than_the_longest() -> None:
    needs = LeadTimes()
    needs.count("ana", seat_with(40.0))
    before = leads_of(needs).start
    needs.wrote(0.2)
    slow = leads_of(needs).start
    needs.wrote(0.0)
    assert before < leads_of(needs).start < slow
    needs.count("ana", seat_with(1900.0, start_ms=900.0))
    assert leads_of(needs).start == MAX_LEAD


def test_what_is_agreed_for_several_edges_suits_the_slowest_of_each_kind() -> None:
    one, other = LeadTimes(), LeadTimes()
    one.count("ana", seat_with(40.0, seek_ms=900.0))
    other.count("ben", seat_with(600.0))
    other.wrote(0.1)
    leads = leads_of(one, other, LeadTimes())
    assert leads.start == pytest.approx(0.3 + 0.1 + MARGIN)
    assert leads.seek == pytest.approx(0.02 + 0.9 + 0.1 + MARGIN)
    assert leads.rate == leads_of(other).rate
