"""What a host's keys mean for the timeline."""

from __future__ import annotations

import pytest

from player.api import intents
from player.backend.base import Chapter
from player.session.core.handlers.host_commands import END_MARGIN, HostCommands, TimelineIntent
from protocol.client.stream_state import StreamState
from protocol.timeline import Timeline
from protocol.wire import messages
from protocol.wire.messages import Cursor


def _state(*, playing: bool = False, rate: float = 1.0) -> StreamState:
    return StreamState("s" * 8, Cursor(1, 1), Timeline(10.0, 0.0, rate, playing))


@pytest.fixture
def held() -> list[str]:
    return []


@pytest.fixture
def controls(held: list[str]) -> HostCommands:
    controls = HostCommands(lambda: held.append("hold"))
    chapters = (Chapter("One", 0.0), Chapter("Two", 100.0), Chapter("Three", 200.0))
    controls.film_opened(600.0, chapters)
    return controls


def test_play_starts_a_paused_timeline_and_leaves_a_playing_one(controls: HostCommands) -> None:
    assert controls.acts(intents.Play(), _state(), 10.0, 0.0) == [messages.PlayAct()]
    assert controls.acts(intents.Play(), _state(playing=True), 10.0, 0.0) == []


def test_play_at_the_end_begins_again(controls: HostCommands) -> None:
    assert controls.acts(intents.Play(), _state(), 599.9, 0.0) == [messages.PlayAct()]
    controls.film_ended(600.0)
    acts = controls.acts(intents.Play(), _state(), 599.9, 9.0)
    assert acts == [messages.SeekAct(0.0), messages.PlayAct()]


def test_pause_stops_the_own_player_first(controls: HostCommands, held: list[str]) -> None:
    assert controls.acts(intents.Pause(), _state(playing=True), 10.0, 0.0) == []
    assert held == ["hold"]
    controls.acts(intents.Pause(), _state(), 10.0, 0.0)
    assert held == ["hold"]


def test_toggle_is_whichever_is_not(controls: HostCommands, held: list[str]) -> None:
    assert controls.acts(intents.Toggle(), _state(), 10.0, 0.0) == [messages.PlayAct()]
    controls.acts(intents.Toggle(), _state(playing=True), 10.0, 0.0)
    assert held == ["hold"]


def test_a_quick_second_key_undoes_the_first_before_the_server_has_answered(
    controls: HostCommands, held: list[str]
) -> None:
    assert controls.acts(intents.Toggle(), _state(playing=True), 10.0, 0.0) == []
    assert held == ["hold"]
    assert controls.acts(intents.Toggle(), _state(playing=True), 10.0, 0.1) == [messages.PlayAct()]
    assert controls.acts(intents.Toggle(), _state(), 10.0, 9.0) == [messages.PlayAct()]


def test_a_pause_right_after_a_seek_does_not_undo_it(
    controls: HostCommands, held: list[str]
) -> None:
    controls.acts(intents.Seek(300.0), _state(playing=True), 10.0, 0.0)
    acts = controls.acts(intents.Pause(), _state(playing=True), 10.1, 0.1)
    assert acts == [messages.PauseAct(300.0)]
    assert held == []


def test_seeks_stay_before_an_end_that_was_reached_and_no_other(controls: HostCommands) -> None:
    acts = controls.acts(intents.Seek(9999.0), _state(), 10.0, 0.0)
    assert acts == [messages.SeekAct(9999.0)]
    controls.film_ended(600.0)
    acts = controls.acts(intents.Seek(9999.0), _state(), 10.0, 0.0)
    assert acts == [messages.SeekAct(600.0 - END_MARGIN)]
    assert controls.acts(intents.SeekBy(-50.0), _state(), 10.0, 5.0) == [messages.SeekAct(0.0)]


def test_a_film_that_is_opened_anew_has_no_end_yet(controls: HostCommands) -> None:
    controls.film_ended(600.0)
    controls.film_opened(600.0, ())
    assert controls.acts(intents.Seek(700.0), _state(), 10.0, 0.0) == [messages.SeekAct(700.0)]


def test_no_chapter_lies_behind_the_film(controls: HostCommands) -> None:
    controls.duration_changed(200.0)
    assert controls.acts(intents.ChapterBy(2), _state(), 50.0, 0.0) == []
    controls.duration_changed(None)
    assert controls.acts(intents.ChapterBy(2), _state(), 50.0, 0.0) == [messages.SeekAct(200.0)]


def test_quick_steps_add_up(controls: HostCommands) -> None:
    controls.acts(intents.SeekBy(5.0), _state(), 10.0, 0.0)
    assert controls.acts(intents.SeekBy(5.0), _state(), 10.0, 0.5) == [messages.SeekAct(20.0)]
    assert controls.acts(intents.SeekBy(5.0), _state(), 20.0, 9.0) == [messages.SeekAct(25.0)]


@pytest.mark.parametrize(
    ("step", "position", "expected"),
    [(1, 50.0, 100.0), (-1, 150.0, 100.0), (-1, 101.0, 0.0), (-1, 1.0, 0.0), (2, 50.0, 200.0)],
)
def test_chapters_go_on_and_back(
    controls: HostCommands, step: int, position: float, expected: float
) -> None:
    acts = controls.acts(intents.ChapterBy(step), _state(), position, 0.0)
    assert acts == [messages.SeekAct(expected)]


def test_there_is_nothing_after_the_last_chapter(controls: HostCommands) -> None:
    assert controls.acts(intents.ChapterBy(1), _state(), 250.0, 0.0) == []
    controls.film_opened(600.0, ())
    assert controls.acts(intents.ChapterBy(1), _state(), 50.0, 0.0) == []


def test_rate_steps_walk_the_usual_rates(controls: HostCommands) -> None:
    state = _state()
    assert controls.acts(intents.RateBy(1.1), state, 0.0, 0.0) == [messages.RateAct(1.1)]
    assert controls.acts(intents.RateBy(1.1), state, 0.0, 0.2) == [messages.RateAct(1.25)]
    assert controls.acts(intents.RateBy(0.9), state, 0.0, 9.0) == [messages.RateAct(0.9)]
    assert controls.acts(intents.RateBy(2.0), _state(rate=4.0), 0.0, 20.0) == [
        messages.RateAct(4.0)
    ]


def test_in_a_start_that_waits_play_goes_on_without(controls: HostCommands) -> None:
    controls.start_waits(True)
    assert controls.acts(intents.Play(), _state(playing=True), 10.0, 0.0) == [messages.PlayAct()]


def test_in_a_start_that_waits_the_one_key_goes_on_without_unless_it_was_just_pressed(
    controls: HostCommands, held: list[str]
) -> None:
    assert controls.acts(intents.Toggle(), _state(), 10.0, 0.0) == [messages.PlayAct()]
    controls.start_waits(True)
    assert controls.acts(intents.Toggle(), _state(playing=True), 10.0, 0.4) == []
    assert held == ["hold"]
    assert controls.acts(intents.Toggle(), _state(playing=True), 10.0, 5.0) == [messages.PlayAct()]


def test_in_a_start_that_waits_pause_cancels(controls: HostCommands, held: list[str]) -> None:
    controls.start_waits(True)
    assert controls.acts(intents.Pause(), _state(playing=True), 10.0, 0.0) == []
    assert held == ["hold"]


@pytest.mark.parametrize(
    ("intent", "act"),
    [
        (intents.Wait(True), messages.SettingsAct(wait=True)),
        (intents.Sync(False), messages.SettingsAct(sync_enabled=False)),
        (intents.Tolerance(250), messages.SettingsAct(sync_tolerance_ms=250)),
    ],
)
def test_how_the_party_keeps_together_is_set_one_by_one(
    controls: HostCommands, intent: TimelineIntent, act: messages.Act
) -> None:
    assert controls.acts(intent, _state(), 10.0, 0.0) == [act]
