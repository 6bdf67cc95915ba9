"""The room is the fold of what the seat said."""

from __future__ import annotations

import msgspec
import pytest

from player.api import views
from player.backend.base import Chapter
from protocol.wire.messages import Member, SeatState
from tui.state.party_state import FEED_LENGTH, SEAT_DIED, PartyState, reduce
from tui.state.selectors import (
    LONG_AWAY,
    chapter_at,
    explanation,
    is_stale,
    lags,
    may_be_over,
    member_word,
    position_at,
    reconnecting_text,
    silent_for,
    state_for,
    state_word,
    sync_word,
    view_only_text,
    waiting_text,
)

READY = views.Ready(
    role="viewer", stream_id="s", member_id="member-ben", name="Ben", host="Ana", server="http://x"
)
STATUS = views.Status(
    role="viewer",
    state="playing",
    position=100.0,
    target=100.0,
    drift_ms=0.4,
    rate=1.5,
    rtt_ms=24.0,
    jitter_ms=3.0,
    clock_error_ms=12.0,
    quality="good",
    members=2,
    playing=True,
    at=50.0,
)
MEDIA = views.MediaView(
    title="Sintel", duration=102.0, kind="url", chapters=(Chapter("One", 0.0), Chapter("Two", 90.0))
)


def told(*lines: views.AnyView, at: float = 50.0, room: PartyState | None = None) -> PartyState:
    room = room or PartyState()
    for line in lines:
        room = reduce(room, line, at)
    return room


def status(**changes: object) -> views.Status:
    return msgspec.structs.replace(STATUS, **changes)


def test_a_position_goes_on_between_two_status_lines_at_the_films_rate() -> None:
    room = told(READY, STATUS)
    assert position_at(room, 50.0) == 100.0
    assert position_at(room, 51.0) == 101.5


def test_a_position_waits_for_a_scheduled_start() -> None:
    room = told(READY, status(starts_in=1.0))
    assert position_at(room, 50.9) == 100.0
    assert position_at(room, 52.0) == 101.5
    assert state_word(room) == "WAITING"
    assert explanation(room, 50.2) == "starts now"


def test_a_seat_that_waits_for_the_timeline_has_a_position_that_starts_with_it() -> None:
    room = told(READY, status(state="waiting", starts_in=2.0))
    assert (position_at(room, 51.9), position_at(room, 53.0)) == (100.0, 101.5)
    assert explanation(room, 50.0) == "starts in 2 s"


def test_a_position_stops_at_the_films_end_and_without_news() -> None:
    assert position_at(told(READY, MEDIA, STATUS), 53.0) == 102.0
    assert position_at(told(READY, STATUS), 90.0) == 104.5


def test_a_position_behind_what_is_known_of_the_length_is_shown_as_it_is() -> None:
    short = msgspec.structs.replace(MEDIA, duration=60.0)
    assert position_at(told(READY, short, STATUS), 51.0) == 100.0


@pytest.mark.parametrize("state", ["paused", "buffering", "loading", "ended"])
def test_a_position_rests_while_nothing_plays(state: str) -> None:
    assert position_at(told(READY, status(state=state)), 52.0) == 100.0


def test_a_position_of_nothing_is_unknown() -> None:
    assert position_at(PartyState(), 1.0) is None


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (STATUS, "PLAYING"),
        (status(state="paused", playing=False), "PAUSED"),
        (status(state="paused", playing=True), "WAITING"),
        (status(state="paused", playing=False, starts_in=1.0), "WAITING"),
        (status(state="buffering"), "BUFFERING"),
        (status(state="waiting", starts_in=8.0), "WAITING"),
        (status(state="ended"), "ENDED"),
        (status(state="failed"), "STOPPED"),
        (status(state="idle"), "NO FILM"),
    ],
)
def test_the_state_is_one_word(line: views.Status, word: str) -> None:
    assert state_word(told(READY, line)) == word


def test_a_lost_server_counts_the_seconds_and_ends_by_itself() -> None:
    lost = views.Reconnecting(reason="connection refused", attempt=1, retry_in=2.0)
    room = told(READY, STATUS, lost)
    room = told(msgspec.structs.replace(lost, attempt=2), at=52.0, room=room)
    assert state_word(room) == "RECONNECTING"
    assert reconnecting_text(room, 53.5) == "reconnecting (3 s)"
    assert "next try in" in explanation(room, 52.5)
    assert [entry.text for entry in room.feed] == [
        "the server is out of reach: connection refused; trying again"
    ]
    room = told(views.Recovered(events=4, away=4.0), at=54.0, room=room)
    assert reconnecting_text(room, 54.0) == ""
    assert room.recovered == views.Recovered(events=4, away=4.0)
    assert room.feed[-1].text == "connected again after 4 s: recovered 4 events"
    assert state_word(room) == "PLAYING"


def test_a_dead_seat_is_shown_until_it_is_ready_again() -> None:
    died = views.ErrorLine(code="seat_died", message="the player process died (signal 9)")
    room = told(READY, STATUS, died)
    assert state_word(room) == "RESTARTING"
    assert position_at(room, 52.0) == 100.0
    assert state_word(told(READY, STATUS, room=room)) == "PLAYING"


def test_a_seat_that_was_started_again_shows_where_the_film_was_until_it_knows() -> None:
    dead = views.ErrorLine(code=SEAT_DIED)
    room = told(READY, MEDIA, status(), dead)
    assert position_at(room, 52.0) == 100.0
    assert is_stale(room)
    unaware = status(state="idle", position=None, target=0.0, at=0.0)
    room = told(READY, unaware, room=room)
    assert position_at(room, 53.0) == 100.0
    assert is_stale(room)
    assert state_word(room) == "LOADING"
    room = told(status(position=101.0), room=room)
    assert position_at(room, 50.0) == 101.0
    assert not is_stale(room)


def test_another_film_has_no_position_until_it_has_one() -> None:
    room = told(READY, MEDIA, status(), views.MediaChanged(title="Other"), status(at=0.0))
    assert (room.title, room.duration, position_at(room, 50.0)) == ("Other", None, None)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("Ben",), "waiting for Ben · 6 s"),
        (("Ben", "Chloé"), "waiting for you and Chloé · 6 s"),
        (("Ana", "Chloé", "Dmitri"), "waiting for Ana, Chloé and Dmitri · 6 s"),
        (("Ana", "Chloé", "Dmitri", "Eva"), "waiting for Ana and 3 more · 6 s"),
    ],
)
def test_who_a_start_waits_for_is_named_and_counted_down(names: tuple[str, ...], text: str) -> None:
    ready = READY if len(names) > 1 else msgspec.structs.replace(READY, name="Ana")
    room = told(ready, MEDIA, status(), views.Waiting(names=names, left=8.0))
    assert state_word(room) == "WAITING"
    assert explanation(room, 52.0) == text
    assert waiting_text(room, 57.5) == text.removesuffix(" · 6 s")
    over = told(views.Waiting(), room=room)
    assert state_word(over) == "PLAYING"


def test_a_server_that_stays_away_may_not_come_back() -> None:
    lost = views.Reconnecting(reason="nothing listens there")
    room = told(READY, MEDIA, status(), lost)
    assert not may_be_over(room, 60.0)
    assert may_be_over(room, 50.0 + LONG_AWAY)
    assert explanation(room, 50.0 + LONG_AWAY) == "the server does not come back"
    stopped = told(READY, views.Reconnecting(reason_code="server_stopping"), lost)
    assert may_be_over(stopped, 51.0)
    assert explanation(stopped, 51.0) == "the server was stopped"
    assert not may_be_over(told(views.Recovered(), room=stopped), 51.0)


def test_a_missing_copy_is_known_until_there_is_one() -> None:
    room = told(READY, views.ErrorLine(code=views.OWN_COPY))
    assert room.lacks_copy
    assert not told(MEDIA, room=room).lacks_copy
    assert not told(views.MediaChanged(), room=room).lacks_copy


def test_silence_of_the_seat_is_said() -> None:
    room = told(READY, STATUS)
    assert silent_for(room, 52.0) == 0.0
    assert explanation(room, 60.0) == "no word from the player for 10 s"


def test_a_fatal_error_is_kept_and_another_is_only_said() -> None:
    small = views.ErrorLine(code="rate_limited", message="too fast")
    big = views.ErrorLine(code="stream_closed", message="over", fatal=True)
    assert told(READY, small).fatal is None
    room = told(READY, small, big)
    assert room.fatal == big
    assert [entry.tone for entry in room.feed] == ["error", "error"]


def test_drift_is_kept_for_the_graph_and_only_while_playing() -> None:
    room = told(READY, STATUS, status(state="buffering", drift_ms=-900.0), status(drift_ms=-3.0))
    assert room.drifts == (0.4, None, -3.0)


def test_members_know_since_when_they_are_as_they_are() -> None:
    first = Member("member-ben", "Ben", "viewer", "playing")
    stalled = msgspec.structs.replace(first, state="buffering")
    room = told(views.MembersView(you="member-ben", members=(first,)), at=10.0)
    room = told(views.MembersView(you="member-ben", members=(stalled,)), at=20.0, room=room)
    room = told(views.MembersView(you="member-ben", members=(stalled,)), at=22.0, room=room)
    assert state_for(room, "member-ben", 23.0) == 3.0


def test_the_feed_is_bounded() -> None:
    lines = [views.ChatLine(name="Ana", text=str(at)) for at in range(FEED_LENGTH + 5)]
    room = told(*lines)
    assert len(room.feed) == FEED_LENGTH
    assert room.feed[-1].text == str(FEED_LENGTH + 4)


def test_the_chapter_is_the_last_one_that_began() -> None:
    room = told(MEDIA)
    assert chapter_at(room, 89.0) == (1, Chapter("One", 0.0))
    assert chapter_at(room, 90.0) == (2, Chapter("Two", 90.0))
    assert chapter_at(PartyState(), 5.0) is None


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (status(drift_ms=0.4), "in step"),
        (status(drift_ms=-90.0, correction_kind="nudge"), "catching up"),
        (status(drift_ms=90.0, correction_kind="nudge"), "easing back"),
        (status(drift_ms=-90.0), "behind"),
        (status(drift_ms=30.0), "ahead"),
        (status(drift_ms=-900.0, correction_kind="jump"), "jumping into place"),
        (status(drift_ms=None), ""),
        (status(state="paused"), ""),
    ],
)
def test_drift_has_a_word(line: views.Status, word: str) -> None:
    assert sync_word(line)[0] == word


@pytest.mark.parametrize(
    ("member", "word"),
    [
        (Member("member-x", "X", "viewer", "playing", 0.4), "in step"),
        (Member("member-x", "X", "viewer", "playing", -200.0), "lags"),
        (Member("member-x", "X", "viewer", "playing", 200.0), "ahead"),
        (Member("member-x", "X", "viewer", "playing"), "playing"),
        (Member("member-x", "X", "viewer", "buffering", -200.0), "buffering"),
        (Member("member-x", "X", "viewer", "failed"), "stopped"),
        (Member("member-x", "X", "viewer", "playing", waiting=True), "waiting"),
    ],
)
def test_a_member_who_lags_is_told_by_a_word(member: Member, word: str) -> None:
    assert member_word(member) == word


@pytest.mark.parametrize(
    ("state", "drift_ms", "is_late"),
    [
        ("playing", None, False),
        ("playing", 39.0, False),
        ("playing", -40.0, True),
        ("playing", 40.0, True),
        ("paused", -200.0, False),
        ("ended", None, False),
        ("idle", None, False),
        ("buffering", None, True),
        ("loading", None, True),
        ("failed", None, True),
    ],
)
def test_who_lags_is_told_by_state_and_drift(
    state: SeatState, drift_ms: float | None, is_late: bool
) -> None:
    assert lags(Member("member-x", "X", "viewer", state, drift_ms)) == is_late


def test_who_hosts_is_known_from_the_members_first() -> None:
    assert view_only_text(told(READY)) == "View Only: Ana is hosting"
    chloe = Member("member-chloe", "Chloé", "host")
    room = told(READY, views.MembersView(you="member-ben", members=(chloe,)))
    assert view_only_text(room) == "View Only: Chloé is hosting"
    assert view_only_text(PartyState()) == "View Only: nobody hosts just now"
