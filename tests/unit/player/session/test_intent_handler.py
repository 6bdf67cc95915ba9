"""What a person asks of a seat is done, asked of the server, or answered."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from player.api.intents import parse_intent
from player.api.views import Progress
from player.backend.base import Source, TracksChanged
from player.session.intent_handler import IntentHandler
from protocol.exceptions import DecodeError, MediaError
from protocol.timeline import Timeline
from protocol.wire.messages import LoadAct, Media, PauseAct, PlayAct, RateAct, SeekAct
from tests.doubles.surroundings import FILM, SeatAround


def ask(seat: SeatAround, *lines: str) -> IntentHandler:
    wishes = IntentHandler(seat)
    for line in lines:
        wishes.ask(line)
    return wishes


# The host -------------------------------------------------------------------------------


def test_a_host_s_wishes_become_acts() -> None:
    seat = SeatAround("host")
    ask(seat, "play", "seek 240", "rate 1.25")
    assert seat.acts == [PlayAct(), SeekAct(240.0), RateAct(1.25)]


def test_a_host_s_pause_stops_his_own_player_first() -> None:
    seat = SeatAround("host")
    seat.at(Timeline(5.0, 0.0, 1.0, True))
    ask(seat, "pause")
    assert seat.holds == 1
    assert PauseAct(5.0) not in seat.acts


def test_before_there_is_a_stream_nothing_can_be_asked() -> None:
    seat = SeatAround("host")
    seat.protocol.state = None
    ask(seat, "play")
    assert seat.acts == []
    assert seat.said == ["not in the stream yet"]


async def test_loading_names_the_film_and_remembers_where_it_is() -> None:
    seat = SeatAround("host")
    wishes = ask(seat, "load other.mkv")
    await asyncio.sleep(0)
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert act.media.title == "other.mkv"
    assert act.media.media_id != "film-0009"
    assert wishes.own_copy(act.media) == "other.mkv"


async def test_a_film_that_cannot_be_named_is_said_and_changes_nothing() -> None:
    seat = SeatAround("host")
    seat.found["gone.mkv"] = MediaError("there is no gone.mkv", "check the path")
    ask(seat, "load gone.mkv")
    await asyncio.sleep(0)
    assert seat.acts == []
    assert seat.said == ["there is no gone.mkv; check the path"]


async def test_a_film_that_is_not_found_is_not_loaded_for_anybody() -> None:
    seat = SeatAround("host")
    media = "https://films.example.com/gone.mp4"
    seat.found[media] = MediaError("the address answered 404", "check the address")
    await _found(ask(seat, f"load {media}"))
    assert seat.acts == []
    assert seat.said == ["the address answered 404; check the address"]
    assert seat.screening.media is None


async def test_what_was_found_before_the_load_is_opened_without_asking_again() -> None:
    seat = SeatAround("host")
    await _found(ask(seat, "load other.mkv"))
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    seat.named_by_person = False
    seat.screening.show(act.media, "other.mkv")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not seat.named_by_person, "it was not looked for a second time"
    seat.screening.reopen()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert seat.named_by_person


async def test_a_search_takes_no_longer_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    seat = SeatAround("host")
    monkeypatch.setattr("player.media.loader.FIND_TIMEOUT", 0.0)
    seat.found["slow.mkv"] = Source(url="slow.mkv")
    seat.is_slow = True
    await _found(ask(seat, "load slow.mkv"))
    assert seat.acts == []
    assert seat.said == ["nothing was found within 0 s; try again, or another address"]


async def test_a_search_can_be_stopped() -> None:
    seat = SeatAround("host")
    seat.is_slow = True
    wishes = ask(seat, "load slow.mkv")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    wishes.ask("cancel")
    await _found(wishes)
    assert (seat.acts, seat.said) == ([], ["stopped: the film stays"])
    assert [v.message for v in seat.views if isinstance(v, Progress)] == ["looking", ""]
    wishes.ask("cancel")
    assert seat.said[1] == "there is nothing to stop"


async def _found(wishes: IntentHandler) -> None:
    """Wait until the search has ended, in one way or another."""
    for _ in range(50):
        await asyncio.sleep(0)
    assert wishes.is_searching is False


async def test_the_next_film_is_the_next_of_those_named() -> None:
    seat = SeatAround("host", "one.mkv", "two.mkv")
    wishes = ask(seat)
    assert wishes.queue_left == 1
    wishes.ask("next")
    await asyncio.sleep(0)
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert act.media.title == "two.mkv"
    assert wishes.queue_left == 0
    wishes.ask("next")
    assert "no next film" in seat.said[0]


@pytest.mark.parametrize("playing", [True, False])
async def test_the_next_film_goes_on_if_the_last_one_did(playing: bool) -> None:
    seat = SeatAround("host", "one.mkv", "two.mkv")
    seat.at(Timeline(5.0, 0.0, 1.0, playing))
    ask(seat, "next")
    await asyncio.sleep(0)
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert act.playing == playing


async def test_at_the_end_of_a_film_the_next_one_starts_by_itself() -> None:
    seat = SeatAround("host", "one.mkv", "two.mkv")
    seat.gauges.take(msgspec.structs.replace(seat.gauges.view, state="ended"))
    ask(seat, "next")
    await asyncio.sleep(0)
    (act,) = seat.acts
    assert isinstance(act, LoadAct)
    assert act.playing


# The viewer -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["play", "pause", "toggle", "seek 5", "seek_by 5", "rate 2", "next", "load x"]
)
def test_a_viewer_may_move_nothing_and_is_told(line: str) -> None:
    seat = SeatAround("viewer")
    ask(seat, line)
    assert seat.acts == []
    assert seat.refused == [line.split()[0]]


# Everybody ------------------------------------------------------------------------------


def test_a_resync_measures_and_jumps() -> None:
    seat = SeatAround("viewer")
    ask(seat, "resync")
    assert seat.resyncs == 1


async def test_a_resync_of_a_broken_player_opens_the_film_again() -> None:
    seat = SeatAround("viewer")
    seat.screening.show(FILM, "film.mkv")
    seat.gauges.reason = "it broke"
    ask(seat, "resync")
    assert seat.gauges.reason == ""
    await asyncio.sleep(0)
    seat.screening.close()


def test_without_a_server_nobody_would_read_chat() -> None:
    seat = SeatAround("viewer")
    ask(seat, "say hello", "say \u200b")
    assert seat.said == [
        "the server is out of reach; nobody would read this now",
        "nothing to say",
    ]


def test_the_seat_s_own_things_go_to_its_player() -> None:
    seat = SeatAround("viewer")
    seat.driver.open()
    ask(seat, "volume -30", "mute", "subtitles", "audio", "trim 10")
    wishes = IntentHandler(seat)
    wishes.carry_out(parse_intent('{"intent":"stage","width":80,"height":45}'))
    seat.step()
    told = [news for news in seat.news if isinstance(news, TracksChanged)]
    assert (told[-1].volume, told[-1].muted, told[-1].audio_trim) == (70.0, True, 0.01)


def test_quit_leaves() -> None:
    seat = SeatAround("viewer")
    ask(seat, "quit")
    assert seat.departures == 1


def test_a_line_that_is_no_wish_is_refused() -> None:
    with pytest.raises(DecodeError):
        ask(SeatAround("host"), "dance")


# Whose copy -----------------------------------------------------------------------------


def test_a_seat_s_own_copy_is_the_one_it_remembers_recognises_or_was_given() -> None:
    viewer = ask(SeatAround("viewer", "mine.mkv"))
    assert viewer.own_copy(FILM) == "mine.mkv"
    assert viewer.own_copy(None) == ""
    # A copy of one film is no copy of the next one.
    assert viewer.own_copy(Media("film-0079", "file", fingerprint="cd")) == ""
    assert viewer.own_copy(FILM) == "mine.mkv"
    host = ask(SeatAround("host", "one.mkv"))
    assert host.own_copy(FILM) == ""
    same = Media("film-0077", "file", fingerprint="ab")
    host.recognise(same, "known.mkv")
    assert host.own_copy(Media("film-0078", "file", fingerprint="ab")) == "known.mkv"
    host.remember(FILM, "kept.mkv")
    assert host.own_copy(FILM) == "kept.mkv"


# A copy of one's own ---------------------------------------------------------------------


async def test_a_copy_named_in_the_course_of_the_evening_is_opened_as_its_persons_own() -> None:
    seat = SeatAround("viewer")
    seat.screening.show(FILM)
    await _settle(seat)
    assert seat.screening.lacks_copy
    wishes = ask(seat, "copy my film.mkv")
    await _settle(seat)
    assert not seat.screening.lacks_copy
    assert seat.named_by_person, "a path from elsewhere would be refused"
    assert wishes.own_copy(FILM) == "my film.mkv"


async def test_a_copy_that_cannot_be_read_is_said() -> None:
    seat = SeatAround("viewer")
    seat.screening.show(FILM)
    seat.found["gone.mkv"] = MediaError("there is no file gone.mkv", "check the path")
    ask(seat, "copy gone.mkv")
    await _settle(seat)
    assert seat.said == ["there is no file gone.mkv; check the path"]
    assert seat.screening.lacks_copy


async def test_without_a_film_there_is_nothing_to_have_a_copy_of() -> None:
    seat = SeatAround("viewer")
    ask(seat, "copy film.mkv")
    await _settle(seat)
    assert seat.said == ["there is no film yet to have a copy of"]


def test_a_key_for_tracks_that_are_not_there_is_answered() -> None:
    seat = SeatAround("viewer")
    ask(seat, "subtitles", "audio")
    assert seat.said == ["this film has no subtitles", "this film has no other sound track"]


async def _settle(seat: SeatAround) -> None:
    for _ in range(4):
        await asyncio.sleep(0)
    seat.step()
