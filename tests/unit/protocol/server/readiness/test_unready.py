"""Whoever a start may have to wait for is among the unready, without a look at each seat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.server.members.participant import Participant
from protocol.server.readiness.readiness import SyncPoint, readiness_of
from protocol.server.readiness.unready import UnreadyIndex
from protocol.wire.messages import Cursor, Member, Report, SeatState
from tests.doubles.sync_server import Party

NAMES = ("ana", "ben", "cleo")
STATES: tuple[SeatState, ...] = (
    "idle", "loading", "paused", "playing", "buffering", "ended", "failed",
)  # fmt: skip
RECORD = Party().record
ENDLESS = 1e6

reports = st.builds(
    Report,
    state=st.sampled_from(STATES),
    cursor=st.none() | st.builds(Cursor, st.just(1), st.integers(1, 4)),
    seek_ms=st.sampled_from((None, 0.0, 200.0, 5000.0)),
    rtt_ms=st.sampled_from((None, 20.0, 5000.0)),
    buffer=st.sampled_from((None, 0.5, 30.0)),
)
changes = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(NAMES), reports),
    st.tuples(st.sampled_from(("comes", "goes", "is lost")), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("all move"), st.none(), st.none()),
)


class Room:
    """Seats, where they are to be, and who is optional."""

    def __init__(self) -> None:
        self.seats: dict[str, Participant] = {}
        self.place = SyncPoint(Cursor(1, 1), 0.0)
        self.unready = UnreadyIndex()
        self.now = 0.0

    def change(self, what: str, name: str | None, report: Report | None) -> None:
        self.now += 0.3
        if name is None:
            seq = self.place.cursor.seq
            self.place = SyncPoint(Cursor(1, seq + 1), self.now)
            self.unready.moved()
            return
        if what == "comes":
            self.seats[name] = Participant(Member(name, name, "viewer"), 1, by_invite=True)
        seat = self.seats.get(name)
        if seat is None:
            return
        if what == "goes":
            del self.seats[name]
            self.unready.drop(name)
            return
        if what == "is lost":
            seat.peer = None
        if report is not None:
            seat.take(report)
        self.unready.count(name, seat, self.place.cursor)

    def late_or_soon(self, now: float) -> set[Participant]:
        words = {seat: readiness_of(seat, self.place, RECORD, now) for seat in self.seats.values()}
        return {seat for seat, word in words.items() if word in ("late", "soon")}


@given(steps=st.lists(changes, max_size=12))
def test_who_is_late_or_on_the_way_is_doubtful_now_and_later(
    steps: list[tuple[str, str | None, Report | None]],
) -> None:
    room = Room()
    for step in steps:
        room.change(*step)
        for later in (0.0, 1.0, 2.0, 20.0, ENDLESS):
            assert room.late_or_soon(room.now + later) <= set(room.unready.participants)


def ready(cursor: Cursor | None, seek_ms: float = 200.0) -> Report:
    return Report("paused", rtt_ms=20.0, seek_ms=seek_ms, cursor=cursor)


@pytest.mark.parametrize(
    ("report", "after_a_move"),
    [(ready(Cursor(1, 1)), 1), (ready(None, seek_ms=0.0), 0)],
    ids=["tells where it is", "tells nothing"],
)
def test_who_is_ready_is_no_doubt_until_everybody_moves(report: Report, after_a_move: int) -> None:
    room = Room()
    room.change("comes", "ana", None)
    room.change("says", "ana", report)
    assert not room.unready.participants
    room.change("all move", None, None)
    assert len(room.unready.participants) == after_a_move
    room.change("says", "ana", ready(Cursor(1, 2)))
    assert not room.unready.participants
