"""How a seat that missed something is brought to where the stream is."""

from __future__ import annotations

import pytest

from protocol.server.core.store_calls import StoreFailed
from protocol.server.limits.config import Limits
from protocol.wire.messages import (
    Cursor,
    Event,
    Note,
    Presence,
    Resume,
    SeekAct,
    Snapshot,
    StateNow,
    Welcome,
)
from tests.doubles.sync_server import FILM, Bench, Party


def seek_often(party: Party, times: int) -> None:
    for number in range(times):
        party.act(SeekAct(float(number)))
        party.bench.advance(0.2)


def test_missed_events_are_sent_in_order_and_then_the_state() -> None:
    party = Party()
    seek_often(party, 5)
    viewer = party.join("Bo", cursor=Cursor(1, 3))
    welcome, *rest = party.bench.sent[viewer]
    assert isinstance(welcome, Welcome)
    assert [m.seq for m in rest if isinstance(m, Event)] == [4, 5, 6]
    assert [type(m) for m in rest[3:]] == [Presence, StateNow]


def test_a_cursor_at_the_top_needs_no_event() -> None:
    party = Party()
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    assert [type(m) for m in party.bench.sent[viewer]] == [Welcome, Presence, StateNow]


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        (Cursor(1, 9), "from_the_future"),
        (Cursor(9, 0), "from_the_future"),
        (Cursor(0, 0), "wrong_epoch"),
    ],
)
def test_a_cursor_that_leads_nowhere_gets_a_snapshot_with_the_reason(
    cursor: Cursor, reason: str
) -> None:
    party = Party()
    viewer = party.join("Bo", cursor=cursor)
    assert party.bench.last(viewer, Snapshot).reason == reason


def test_a_seat_too_far_behind_gets_a_snapshot() -> None:
    party = Party(Bench(Limits(resume_events=3)))
    seek_often(party, 4)
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    assert party.bench.last(viewer, Snapshot).reason == "too_far_behind"
    party = Party(Bench(Limits(resume_bytes=300)))
    seek_often(party, 4)
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    assert party.bench.last(viewer, Snapshot).reason == "too_far_behind"


def test_events_that_were_cleaned_up_are_replaced_by_a_snapshot() -> None:
    party = Party()
    seek_often(party, 4)
    del party.bench.store.logs[party.stream_id][:3]
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    assert party.bench.last(viewer, Snapshot).reason == "too_old"


def test_a_log_that_cannot_be_read_is_replaced_by_a_snapshot() -> None:
    party = Party()
    viewer = party.join("Bo")
    seek_often(party, 2)
    party.bench.store.failing = StoreFailed("try_again")
    party.bench.send(viewer, Resume(Cursor(1, 1)))
    assert party.bench.last(viewer, Snapshot).reason == "unreadable"


def test_what_happens_while_the_log_is_read_comes_after_it_and_once() -> None:
    party = Party()
    seek_often(party, 2)
    party.bench.holding = True
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    party.bench.answer()
    party.bench.settle()
    party.act(SeekAct(70.0))
    party.bench.send(viewer, Note("note-0001", "sync_request", 1.0))
    party.bench.send(viewer, Resume(Cursor(1, 1)))
    party.bench.release()
    assert [e.seq for e in party.bench.got(viewer, Event)] == [2, 3, 4, 5]
    assert [e.seq for e in party.bench.got(party.host, Event)] == [2, 3, 4, 5]


def test_events_that_were_stored_but_not_read_are_told_from_the_backlog() -> None:
    party = Party()
    party.bench.holding = True
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    party.bench.answer()
    party.bench.settle()
    party.act(SeekAct(70.0))
    read = party.bench.waiting.popleft()
    party.bench.answer()
    party.bench.settle()
    assert party.bench.got(viewer, Event) == []
    party.bench.waiting.append(read)
    # The store reads as of the question, so without what was appended after it.
    log = party.bench.store.logs[party.stream_id]
    record, event = party.record, log.pop()
    party.bench.store.records[party.stream_id] = type(record)(
        stream_id=party.stream_id, seq=1, media=FILM, host_id=party.host_id
    )
    party.bench.release()
    log.append(event)
    assert [e.seq for e in party.bench.got(viewer, Event)] == [2]


def test_a_seat_that_leaves_while_the_log_is_read_is_told_nothing_more() -> None:
    party = Party()
    seek_often(party, 2)
    party.bench.holding = True
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    party.bench.answer()
    party.bench.settle()
    party.bench.disconnect(viewer)
    party.bench.release()
    assert party.bench.got(viewer, Event) == []


def test_who_left_while_a_seat_was_away_is_taken_from_its_list_a_grace_later() -> None:
    party = Party()
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    party.bench.advance(9.0)
    assert not any(p.whole for p in party.bench.got(viewer, Presence))
    party.bench.advance(2.0)
    whole = party.bench.last(viewer, Presence)
    assert whole.whole
    assert [m.name for m in whole.changed] == ["Ana", "Bo"]


def test_a_seat_that_is_away_again_by_then_is_not_told() -> None:
    party = Party()
    viewer = party.join("Bo", cursor=Cursor(1, 1))
    party.bench.advance(5.0)
    party.bench.disconnect(viewer)
    party.bench.forget()
    party.bench.advance(7.0)
    assert party.bench.sent[viewer] == []
