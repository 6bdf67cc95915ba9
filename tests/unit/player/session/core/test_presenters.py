"""What is logged becomes a line for people."""

from __future__ import annotations

import msgspec
import pytest

from player.api.views import (
    BufferEnded,
    BufferStarted,
    HostChanged,
    MediaChanged,
    Paused,
    Played,
    Resynced,
    SettingsChanged,
    TimelineEvent,
    Waiting,
)
from player.session.core.presenters import event_view, host_name, members_view, waiting_view
from protocol.client.stream_state import StreamState
from protocol.timeline import Timeline
from protocol.wire.messages import Cursor, Event, EventType, Media, Member, StreamSettings

ANA = Member("member-a", "Ana", "host", "playing")
BEN = Member("member-b", "Ben", "viewer", "playing")
CLEO = Member("member-c", "cleo", "viewer", "playing")
STATE = StreamState(
    stream_id="stream-01",
    cursor=Cursor(1, 1),
    timeline=Timeline(),
    host_id=ANA.member_id,
    members={m.member_id: m for m in (CLEO, BEN, ANA)},
)


def logged(event_type: EventType, **more: object) -> Event:
    fields: dict[str, object] = {
        "epoch": 1,
        "seq": 2,
        "event_id": "event-001",
        "event_type": event_type,
        "member_id": ANA.member_id,
        "name": "Ana",
        "timestamp_ms": 1_700_000_000_000,
        "timeline": Timeline(42.0, 0.0, 1.25, True),
        **more,
    }
    return Event(**fields)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("event_type", ["play", "pause", "seek", "rate"])
def test_a_move_of_the_timeline_says_who_where_and_how_fast(event_type: EventType) -> None:
    view = event_view(logged(event_type), STATE, BEN.member_id)
    assert isinstance(view, TimelineEvent)
    assert (view.name, view.you, view.position, view.rate) == ("Ana", False, 42.0, 1.25)
    assert view.timestamp_ms == 1_700_000_000_000


def test_what_i_did_myself_is_said_to_be_mine() -> None:
    view = event_view(logged("play"), STATE, ANA.member_id)
    assert isinstance(view, TimelineEvent)
    assert view.you


def test_another_film_is_named() -> None:
    media = Media("film-0002", "file", title="The Other Film")
    view = event_view(logged("media", media=media), STATE, BEN.member_id)
    assert isinstance(view, MediaChanged)
    assert view.title == "The Other Film"


def test_a_resync_says_what_it_mended() -> None:
    event = logged("sync_request", before_ms=-310.0, after_ms=2.0)
    view = event_view(event, STATE, BEN.member_id)
    assert isinstance(view, Resynced)
    assert (view.before_ms, view.after_ms) == (-310.0, 2.0)


@pytest.mark.parametrize("event_type", ["buffer_start", "buffer_end"])
def test_a_stall_says_where(event_type: EventType) -> None:
    view = event_view(logged(event_type), STATE, BEN.member_id)
    assert isinstance(view, BufferStarted | BufferEnded)
    assert view.position == 42.0


def test_of_an_event_of_a_newer_kind_nothing_is_told() -> None:
    assert event_view(logged("unknown"), STATE, BEN.member_id) is None


@pytest.mark.parametrize(
    ("host_id", "name", "you"),
    [("member-b", "Ben", True), ("member-c", "cleo", False), ("nobody-here", "Ana", False)],
)
def test_a_new_host_is_named(host_id: str, name: str, you: bool) -> None:
    view = event_view(logged("host_change", host_id=host_id), STATE, BEN.member_id)
    assert isinstance(view, HostChanged)
    assert (view.name, view.you) == (name, you)


def test_the_host_comes_first_and_the_others_by_name() -> None:
    view = members_view(STATE, BEN.member_id)
    assert [m.name for m in view.members] == ["Ana", "Ben", "cleo"]
    assert view.you == BEN.member_id


def test_without_a_host_there_is_no_name() -> None:
    assert host_name(STATE) == "Ana"
    assert host_name(_left(STATE)) == ""


@pytest.mark.parametrize("event_type", ["play", "pause"])
def test_why_something_happened_is_said(event_type: EventType) -> None:
    event = logged(event_type, reason="waiting for Ben", reason_code="waiting_for_member")
    view = event_view(event, STATE, BEN.member_id)
    assert isinstance(view, Played | Paused)
    assert (view.reason, view.reason_code) == ("waiting for Ben", "waiting_for_member")


def test_a_line_without_a_reason_code_does_not_name_one() -> None:
    view = event_view(logged("pause"), STATE, BEN.member_id)
    assert b"reason_code" not in msgspec.json.encode(view)


@pytest.mark.parametrize(
    ("settings", "shown"),
    [(StreamSettings(True, False, 250), (True, False, 250)), (None, (False, True, 500))],
)
def test_settings_are_told_as_they_are_now(
    settings: StreamSettings | None, shown: tuple[bool, bool, int]
) -> None:
    view = event_view(logged("settings", settings=settings), STATE, BEN.member_id)
    assert isinstance(view, SettingsChanged)
    assert (view.wait, view.sync_enabled, view.sync_tolerance_ms) == shown


def test_whom_a_start_waits_for_is_named() -> None:
    view = waiting_view((BEN.member_id, "nobody-here"), 7.96, STATE)
    assert (view.names, view.left) == (("Ben", "somebody"), 8.0)
    assert waiting_view((), -3.0, STATE) == Waiting()


def _left(state: StreamState) -> StreamState:
    return StreamState(state.stream_id, state.cursor, state.timeline, state.host_id, members={})
