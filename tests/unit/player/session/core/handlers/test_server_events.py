"""What a seat does about what the server says, and about its absence."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from player.api.views import (
    ChatLine,
    Joined,
    Left,
    MediaChanged,
    MembersView,
    Played,
    Ready,
    Reconnecting,
    Recovered,
    Waiting,
)
from player.session.core.effects import (
    Emit,
    FollowTimeline,
    Reconnect,
    ReleasePlayer,
    SetClock,
    SetCredentials,
    SetSyncEnabled,
    SetTolerance,
    StoreHostKey,
)
from player.session.core.handlers.server_events import FIRST_CONTACT, LinkDown
from player.session.core.session_core import SessionCore
from player.session.core.sleep_detector import LocalClocks
from protocol.client.events import (
    ClockLost,
    CommandsDropped,
    EphemeralReceived,
    EventApplied,
    MembersChanged,
    RequestRefused,
    ServerClosing,
    ServerTimedOut,
    SessionResumed,
    SessionStarted,
    StartWaiting,
    StateChanged,
)
from protocol.exceptions import SettingsError
from protocol.timeline import Timeline
from protocol.wire.messages import (
    Bye,
    Chat,
    Created,
    Event,
    PlayAct,
    Refusal,
    Welcome,
)
from protocol.wire.versions import PROTOCOL_VERSION
from tests.doubles.core_seat import FILM, CoreSeat

DOWN = LinkDown("nothing listens there", 1, 0.2)


def event(event_type: str, **more: object) -> Event:
    fields: dict[str, object] = {
        "event_id": "event-01",
        "epoch": 1,
        "seq": 3,
        "event_type": event_type,
        "member_id": "member-a",
        "name": "Ana",
        "timestamp_ms": 5,
        "timeline": {"position": 1.0, "at": 0.0, "rate": 1.0, "playing": True},
        **more,
    }
    return msgspec.convert(fields, Event)


# The way in ------------------------------------------------------------------------------


def test_the_face_is_told_once_that_the_seat_is_ready() -> None:
    seat = CoreSeat("viewer", "film.mkv")
    seat.watch()
    seat.watch()
    (ready,) = seat.seen(Ready)
    assert (ready.stream_id, ready.member_id, ready.host) == ("stream-01", "member-a", "Ana")
    assert ready.invite is None


def test_a_founder_keeps_the_key_and_hands_on_the_invite() -> None:
    seat = CoreSeat("host")
    config = msgspec.structs.replace(seat.config, host_key_file="keys/stream")
    core = SessionCore(config, None, lambda: "id-00000001")
    welcome = Welcome(
        PROTOCOL_VERSION,
        "clock-01",
        "stream-01",
        "member-a",
        "host",
        1,
        created=Created("host-key-01", "invite-tk-01"),
    )
    core.protocol.connection_made(0.0)
    core.protocol.receive(msgspec.json.encode(welcome).decode(), 0.0)
    core.protocol.replica.state = seat.core.protocol.state
    for happened in [*core.protocol.events_received(), StateChanged()]:
        core.server_event(happened, LocalClocks(0.0, 0.0))
    effects = core.effects()
    assert effects[:2] == [
        SetCredentials("stream-01", "host-key-01"),
        StoreHostKey("keys/stream", "host-key-01"),
    ]
    views = [effect.view for effect in effects if isinstance(effect, Emit)]
    invites = [view.invite for view in views if isinstance(view, Ready)]
    assert invites == ["http://127.0.0.1:1/j/stream-01#invite-tk-01"]


def test_a_key_that_cannot_be_kept_is_said() -> None:
    seat = CoreSeat("host")
    seat.core.host_key_lost(SettingsError("host_key_file", "it is full", "free the folder"))
    seat.tick()
    assert (seat.errors[0].code, seat.said) == (
        "host_key",
        ["host_key_file: it is full; free the folder"],
    )


def test_who_comes_by_an_invite_keeps_its_token() -> None:
    seat = CoreSeat("viewer")
    welcome = seat.core.protocol.welcome
    assert welcome is not None
    seat.server(SessionStarted(welcome, again=False))
    assert seat.effects == [SetCredentials("stream-01", None)]


# The stream ------------------------------------------------------------------------------


def test_a_new_state_reaches_the_player() -> None:
    seat = CoreSeat("viewer", "film.mkv")
    line = Timeline(5.0, 0.0, 1.0, True)
    seat.at(line)
    seat.server(StateChanged())
    assert seat.effects[-3:] == [SetTolerance(0.5), SetSyncEnabled(True), FollowTimeline(line)]


def test_what_was_logged_is_shown_but_not_that_a_film_is_described() -> None:
    seat = CoreSeat("viewer", "film.mkv")
    seat.watch()
    described = msgspec.to_builtins(msgspec.structs.replace(FILM, duration=600.0))
    seat.server(EventApplied(event("play")), EventApplied(event("media", media=described)))
    assert len(seat.seen(Played)) == 1
    assert seat.seen(MediaChanged) == []


def test_who_comes_and_goes_is_told() -> None:
    seat = CoreSeat()
    seat.server(MembersChanged(("Ben",), ("Cleo",), ("Dan",)))
    assert seat.seen(Joined) == [Joined(name="Ben")]
    assert [(left.name, left.removed) for left in seat.seen(Left)] == [
        ("Cleo", False),
        ("Dan", True),
    ]
    assert len(seat.seen(MembersView)) == 1


def test_a_start_that_waits_is_told_and_its_end_once() -> None:
    seat = CoreSeat()
    seat.server(StartWaiting((), 0.0))
    assert seat.seen(Waiting) == []
    seat.server(StartWaiting(("member-a",), 9.0), StartWaiting((), 0.0), StartWaiting((), 0.0))
    assert [view.names for view in seat.seen(Waiting)] == [("Ana",), ()]


def chat(member_id: str, name: str) -> Chat:
    return Chat(member_id=member_id, name=name, text="hi", timestamp_ms=1)


def test_chat_says_whether_it_is_one_s_own() -> None:
    seat = CoreSeat()
    seat.server(
        EphemeralReceived(chat("member-a", "Ana")),
        EphemeralReceived(chat("member-b", "Ben")),
    )
    assert [(view.name, view.you) for view in seat.seen(ChatLine)] == [
        ("Ana", True),
        ("Ben", False),
    ]


def test_what_was_held_for_a_command_is_given_up_when_it_is_refused_or_dropped() -> None:
    seat = CoreSeat()
    refusal = Refusal("forbidden", "only the host may", event_id="event-01")
    seat.server(RequestRefused(refusal, PlayAct()), CommandsDropped(2))
    assert len(seat.wanted(ReleasePlayer)) == 2
    assert seat.said[1].startswith("2 commands were dropped")
    assert seat.ended is None


def test_another_clock_is_unknown() -> None:
    seat = CoreSeat()
    seat.server(ClockLost())
    assert seat.effects == [SetClock(None)]


# Without a server ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "ends"),
    [("forbidden", True), ("unknown", True), ("storage_full", False), ("try_again", False)],
)
def test_a_connection_that_is_refused_ends_the_seat_unless_it_may_pass(
    code: str, ends: bool
) -> None:
    seat = CoreSeat()
    seat.core.protocol.connection_lost()
    refusal = msgspec.convert({"code": code, "message": "no"}, Refusal)
    seat.server(RequestRefused(refusal, None))
    assert (seat.ended == "no") == ends
    assert seat.errors[0].fatal == ends


TAKE_OVER = Refusal(
    "host_present", "Ben hosts: take over", cause="Ben hosts", remedy_code="take_over"
)


@pytest.mark.parametrize(
    ("refusal", "message", "remedy_code"),
    [
        (TAKE_OVER, "Ben hosts", "take_over"),
        (msgspec.structs.replace(TAKE_OVER, remedy_code="from_2031"), TAKE_OVER.message, UNSET),
        (Refusal("host_present", TAKE_OVER.message), TAKE_OVER.message, UNSET),
    ],
    ids=["code", "newer code", "older server"],
)
def test_what_to_do_about_a_refusal_is_its_code_or_else_the_server_s_words(
    refusal: Refusal, message: str, remedy_code: object
) -> None:
    seat = CoreSeat()
    seat.core.protocol.connection_lost()
    seat.server(RequestRefused(refusal, None))
    (error,) = seat.errors
    assert (error.message, error.remedy_code, error.fatal) == (message, remedy_code, True)
    assert seat.ended == TAKE_OVER.message


def test_a_server_that_ends_is_waited_for_unless_it_sends_away() -> None:
    seat = CoreSeat()
    seat.server(ServerClosing(Bye("server_stopping", "it ends", reconnect=True)))
    assert seat.ended is None
    seat.server(ServerClosing(Bye("forbidden", "the host removed you", reconnect=False)))
    assert seat.ended == "the host removed you"


def test_a_silent_server_is_left_and_tried_anew() -> None:
    seat = CoreSeat()
    seat.server(ServerTimedOut())
    assert seat.effects == [Reconnect()]


def test_how_long_the_seat_was_away_counts_from_the_first_failure() -> None:
    seat = CoreSeat()
    seat.core.link_down(DOWN, LocalClocks(10.0, 0.0))
    seat.core.link_down(DOWN._replace(attempt=2), LocalClocks(11.0, 0.0))
    seat.now = 12.5
    seat.server(SessionResumed(3, by_snapshot=False), SessionResumed(0, by_snapshot=True))
    assert [view.attempt for view in seat.seen(Reconnecting)] == [1, 2]
    assert [(view.away, view.by) for view in seat.seen(Recovered)] == [
        (2.5, "events"),
        (0.0, "snapshot"),
    ]


@pytest.mark.parametrize(("returning", "ends"), [(False, True), (True, False)])
def test_a_server_that_was_never_reached_is_given_up_unless_the_seat_returns(
    returning: bool, ends: bool
) -> None:
    config = msgspec.structs.replace(CoreSeat("viewer").config, returning=returning)
    core = SessionCore(config, None, lambda: "id-00000001")
    core.link_down(DOWN, LocalClocks(0.0, 0.0))
    assert not core.has_failed
    core.link_down(DOWN, LocalClocks(FIRST_CONTACT + 0.1, 0.0))
    assert core.has_failed == ends
