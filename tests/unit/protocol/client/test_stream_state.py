"""A seat's picture is a fold of what the server sends, in order and without a gap."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.client.stream_state import StreamState, from_snapshot
from protocol.timeline import Timeline
from protocol.wire.messages import (
    Cursor,
    Event,
    EventType,
    Media,
    Member,
    Presence,
    Snapshot,
    StateNow,
    StreamSettings,
)

FILM = Media("film0001", "url", title="Film", url="https://example.org/film")
OTHER = Media("film0002", "url", title="Other", url="https://example.org/other")
ADA = Member("ada00001", "Ada", "host")
BOB = Member("bob00001", "Bob", "viewer")


def state(epoch: int = 1, seq: int = 4) -> StreamState:
    return StreamState(
        "stream01",
        Cursor(epoch, seq),
        Timeline(10.0, at=1.0),
        host_id="ada00001",
        host_term=1,
        media=FILM,
        members={ADA.member_id: ADA},
    )


def event(
    epoch: int,
    seq: int,
    kind: EventType = "seek",
    *,
    timeline: Timeline | None = None,
    media: Media | None = None,
    host_id: str = "",
    host_term: int = 0,
) -> Event:
    return Event(
        epoch=epoch,
        seq=seq,
        event_id=f"event-{epoch}-{seq}",
        event_type=kind,
        member_id="ada00001",
        name="Ada",
        timestamp_ms=0,
        timeline=timeline or Timeline(float(seq), at=float(epoch)),
        media=media,
        host_id=host_id,
        host_term=host_term,
    )


def test_the_next_event_is_applied() -> None:
    applied, after = state().apply(event(1, 5, timeline=Timeline(99.0, at=2.0)))
    assert applied == "applied"
    assert after.cursor == Cursor(1, 5)
    assert after.timeline == Timeline(99.0, at=2.0)
    assert after.media == FILM


@pytest.mark.parametrize("cursor", [(1, 4), (1, 1), (0, 5), (0, 99)])
def test_what_is_known_changes_nothing(cursor: tuple[int, int]) -> None:
    before = state()
    assert before.apply(event(*cursor)) == ("known", before)


@pytest.mark.parametrize("cursor", [(1, 6), (1, 99), (2, 2), (3, 1), (2, 0)])
def test_what_comes_too_early_is_a_gap_and_changes_nothing(cursor: tuple[int, int]) -> None:
    before = state()
    assert before.apply(event(*cursor)) == ("gap", before)


def test_new_media_begins_an_epoch() -> None:
    applied, after = state().apply(event(2, 1, "media", media=OTHER, timeline=Timeline()))
    assert applied == "applied"
    assert (after.cursor, after.media, after.timeline) == (Cursor(2, 1), OTHER, Timeline())
    assert after.members == {ADA.member_id: ADA}


def test_an_epoch_that_begins_otherwise_needs_a_snapshot() -> None:
    before = state()
    assert before.apply(event(2, 1, "play")) == ("gap", before)


def test_an_event_that_names_a_host_moves_the_host() -> None:
    _, after = state().apply(event(1, 5, "host_change", host_id="bob00001", host_term=2))
    assert (after.host_id, after.host_term) == ("bob00001", 2)
    _, after = after.apply(event(1, 6, "seek"))
    assert (after.host_id, after.host_term) == ("bob00001", 2)


def test_the_host_is_a_member_while_there() -> None:
    assert state().host == ADA
    assert state().present(Presence(left=("ada00001",))).host is None


def test_the_repeated_timeline_is_taken_at_the_same_cursor() -> None:
    applied, after = state().restate(StateNow(1, 4, Timeline(10.0, at=777.0)))
    assert applied == "applied"
    assert after.timeline.at == 777.0
    assert after.cursor == Cursor(1, 4)


@pytest.mark.parametrize(
    ("cursor", "expected"), [((1, 3), "known"), ((0, 9), "known"), ((1, 5), "gap"), ((2, 0), "gap")]
)
def test_the_repeated_timeline_of_another_cursor_is_not(
    cursor: tuple[int, int], expected: str
) -> None:
    before = state()
    assert before.restate(StateNow(*cursor, Timeline(1.0))) == (expected, before)


def test_presence_adds_changes_and_removes() -> None:
    after = state().present(Presence(changed=(BOB,)))
    assert dict(after.members) == {ADA.member_id: ADA, BOB.member_id: BOB}
    stalled = Member("bob00001", "Bob", "viewer", state="buffering")
    after = after.present(Presence(changed=(stalled,), left=("ada00001", "nobody00")))
    assert dict(after.members) == {BOB.member_id: stalled}


def test_those_who_are_not_listed_are_counted() -> None:
    snapshot = Snapshot(
        stream_id="stream01",
        epoch=1,
        seq=4,
        timeline=Timeline(),
        host_id="ada00001",
        host_term=1,
        members=(ADA,),
        others=3,
    )
    large = from_snapshot(snapshot)
    assert large.others == 3
    assert large.present(Presence(changed=(BOB,))).others == 3
    assert large.present(Presence(others=0)).others == 0


def test_whole_presence_leaves_nobody_who_is_not_in_it() -> None:
    after = state().present(Presence(changed=(BOB,), whole=True))
    assert dict(after.members) == {BOB.member_id: BOB}


def test_a_snapshot_is_the_whole_state() -> None:
    snapshot = Snapshot(
        stream_id="stream01",
        epoch=3,
        seq=7,
        timeline=Timeline(5.0, at=2.0, playing=True),
        host_id="ada00001",
        host_term=4,
        media=FILM,
        members=(ADA, BOB),
        sync_tolerance_ms=250,
        sync_enabled=False,
        wait=True,
    )
    assert from_snapshot(snapshot) == StreamState(
        "stream01",
        Cursor(3, 7),
        Timeline(5.0, at=2.0, playing=True),
        host_id="ada00001",
        host_term=4,
        media=FILM,
        members={ADA.member_id: ADA, BOB.member_id: BOB},
        settings=StreamSettings(wait=True, sync_enabled=False, sync_tolerance_ms=250),
    )


LOG = [
    event(1, 5),
    event(1, 6, "host_change", host_id="bob00001", host_term=2),
    event(2, 1, "media", media=OTHER, host_id="bob00001", host_term=2),
    event(2, 2),
    event(2, 3),
]


@given(st.lists(st.sampled_from(range(len(LOG))), max_size=20))
def test_doubled_and_shuffled_events_never_lead_astray(order: list[int]) -> None:
    """Whatever arrives in whatever order, the state is the fold of a beginning of the log."""
    folds = [state()]
    for entry in LOG:
        folds.append(folds[-1].apply(entry)[1])
    now = state()
    for index in order:
        applied, now = now.apply(LOG[index])
        assert now in folds
        if applied == "applied":
            assert now.cursor == LOG[index].cursor


def test_settings_are_taken_whole_and_stay() -> None:
    settings = StreamSettings(wait=True, sync_enabled=False, sync_tolerance_ms=250)
    told = msgspec.structs.replace(event(1, 5, "settings"), settings=settings)
    _, after = state().apply(told)
    _, later = after.apply(event(1, 6))
    assert later.settings == settings
    assert later.settings.sync_tolerance == 0.25


def test_what_begins_an_epoch_says_who_hosts() -> None:
    _, after = state().apply(event(2, 1, "media", media=OTHER, host_id="bob00001", host_term=3))
    assert (after.host_id, after.host_term) == ("bob00001", 3)
