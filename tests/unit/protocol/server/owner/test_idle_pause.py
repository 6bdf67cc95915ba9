"""A film that nobody watches is paused where the last one left it."""

from __future__ import annotations

import pytest

from protocol.server.core.store_calls import StoreFailed
from protocol.timeline import Timeline
from protocol.wire.messages import Ack, Event, Leave, LoadAct, Media, PlayAct, SeekAct, Snapshot
from tests.doubles.sync_server import Party


def playing() -> tuple[Party, int]:
    """A film that has played for 100 s, a host and a viewer."""
    party = Party()
    viewer = party.join("Bo")
    party.act(PlayAct())
    party.bench.advance(100.2)
    return party, viewer


def events(party: Party) -> list[Event]:
    return [event for event, _ in party.bench.store.logs[party.stream_id]]


def test_a_film_that_nobody_watches_is_paused_where_the_last_one_left_it() -> None:
    party, viewer = playing()
    party.bench.send(party.host, Leave())
    party.bench.advance(30.0)
    party.bench.send(viewer, Leave())
    party.bench.advance(9.9)
    assert party.record.timeline.playing
    party.bench.advance(0.2)
    event = events(party)[-1]
    assert (event.event_type, event.member_id, event.name) == ("pause", "", "")
    assert (event.reason_code, event.reason) == ("nobody_connected", "")
    assert event.timeline == party.record.timeline
    assert event.timeline == Timeline(pytest.approx(130.0), pytest.approx(1140.2), 1.0, False)  # type: ignore[arg-type]
    assert party.bench.core.next_deadline() is None


def test_lost_connections_count_from_the_moment_they_are_lost() -> None:
    party, viewer = playing()
    party.bench.disconnect(party.host)
    party.bench.advance(5.0)
    party.bench.disconnect(viewer)
    party.bench.advance(10.0)
    assert party.record.timeline.position == pytest.approx(105.0)
    party.bench.advance(60.0)
    assert [event.event_type for event in events(party)] == ["media", "play", "pause"]


def test_who_comes_back_in_time_finds_it_playing() -> None:
    party, viewer = playing()
    party.bench.send(viewer, Leave())
    party.bench.send(party.host, Leave())
    party.bench.advance(9.0)
    party.join("Bo")
    party.bench.advance(60.0)
    assert party.record.timeline.playing


def test_a_host_who_comes_back_later_finds_it_there_and_goes_on_in_the_same_term() -> None:
    party, viewer = playing()
    cursor = party.record.cursor
    offline = party.command(SeekAct(250.0))
    for peer in (viewer, party.host):
        party.bench.disconnect(peer)
    party.bench.advance(3600.0)
    party.host = party.join("Ana", token=party.host_key, cursor=cursor)
    (pause,) = party.bench.got(party.host, Event)
    assert (pause.event_type, pause.timeline.position) == ("pause", pytest.approx(100.0))
    party.bench.send(party.host, offline)
    assert party.bench.last(party.host, Ack).event_id == offline.event_id
    assert party.record.timeline.position == 250.0


def test_what_stands_still_is_left_alone() -> None:
    party = Party()
    party.bench.send(party.host, Leave())
    party.bench.advance(60.0)
    assert len(events(party)) == 1


@pytest.mark.parametrize(("duration", "position"), [(60.0, 60.0), (None, 100.0)])
def test_a_film_that_ran_out_is_paused_at_its_end(duration: float | None, position: float) -> None:
    party = Party()
    party.act(LoadAct(Media("film-0002", "file", duration=duration)))
    party.act(PlayAct())
    party.bench.advance(100.2)
    party.bench.send(party.host, Leave())
    party.bench.advance(10.0)
    assert party.record.timeline == Timeline(
        pytest.approx(position),  # type: ignore[arg-type]
        pytest.approx(1110.2),  # type: ignore[arg-type]
    )


def test_without_media_there_is_nothing_to_run_out() -> None:
    party = Party(media=None)
    party.act(PlayAct())
    party.bench.advance(100.2)
    party.bench.disconnect(party.host)
    party.bench.advance(10.0)
    assert party.record.timeline.position == pytest.approx(100.0)


def test_who_comes_while_the_pause_is_written_is_told_of_it() -> None:
    party, viewer = playing()
    for peer in (viewer, party.host):
        party.bench.send(peer, Leave())
    party.bench.holding = True
    party.bench.advance(9.9)
    newcomer = party.join("Cy")
    party.bench.advance(0.2)
    party.bench.release()
    assert party.bench.last(newcomer, Snapshot).timeline.playing
    assert party.bench.last(newcomer, Event).event_type == "pause"


def test_a_command_that_arrives_first_makes_the_pause_needless() -> None:
    party, viewer = playing()
    pause = party.command(LoadAct(Media("film-0002", "file")))
    party.bench.send(viewer, Leave())
    party.bench.holding = True
    party.bench.send(party.host, pause)
    party.bench.disconnect(party.host)
    party.bench.advance(11.0)
    party.bench.release()
    assert [event.event_type for event in events(party)] == ["media", "play", "media"]


def test_a_store_that_fails_is_asked_again_while_nobody_is_there() -> None:
    party, viewer = playing()
    for peer in (viewer, party.host):
        party.bench.send(peer, Leave())
    party.bench.store.failing = StoreFailed("try_again")
    party.bench.advance(15.0)
    party.bench.store.failing = None
    party.bench.advance(5.0)
    assert party.record.timeline.position == pytest.approx(100.0)


def test_a_store_that_fails_is_not_asked_again_when_somebody_has_come() -> None:
    party, viewer = playing()
    for peer in (viewer, party.host):
        party.bench.send(peer, Leave())
    party.bench.holding = True
    party.bench.advance(9.9)
    party.join("Cy")
    party.bench.advance(0.2)
    party.bench.answer()
    party.bench.settle()
    party.bench.store.failing = StoreFailed("try_again")
    party.bench.release()
    party.bench.store.failing = None
    party.bench.advance(60.0)
    assert party.record.timeline.playing


def test_a_server_that_stops_pauses_what_is_deserted_while_there_is_time() -> None:
    party, viewer = playing()
    other = Party(party.bench)
    other.act(PlayAct())
    back = Party(party.bench)
    back.act(PlayAct())
    party.bench.disconnect(back.host)
    back.join("Ana", token=back.host_key)
    for peer in (viewer, party.host):
        party.bench.send(peer, Leave())
    party.bench.advance(2.0)
    party.bench.core.stop(party.bench.now)
    party.bench.settle()
    assert party.record.timeline.position == pytest.approx(100.0)
    assert other.record.timeline.playing
    assert back.record.timeline.playing
    assert party.bench.core.asking == 0
