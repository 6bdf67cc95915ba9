"""A start waits for who is not ready: named, bounded, and ended by the host or by being ready."""

from __future__ import annotations

import msgspec
import pytest

from protocol.server.core.store_calls import StoreFailed
from protocol.server.owner.start_barrier import STALL_BOUND
from protocol.server.owner.wait_budget import MOST
from protocol.server.room.edge_readiness import BOUND, LOAD_BOUND
from protocol.server.room.stalls import FURTHEST_BACK, OVERLAP
from protocol.timeline import Timeline
from protocol.wire.messages import (
    CreateStream,
    Event,
    Leave,
    LoadAct,
    Media,
    Note,
    PauseAct,
    PlayAct,
    RateAct,
    Report,
    SeekAct,
    SettingsAct,
    Snapshot,
    StartWait,
    StreamSettings,
    Welcome,
)
from protocol.wire.reasons import EVERYBODY_READY, NO_REASON
from tests.doubles.sync_server import Bench, Party, hello

FAR = Media("film-0002", "url", title="Far", url="https://example.org/far", duration=5400.0)


def reason_of(event: Event) -> tuple[str, str]:
    """Why it happened: code and words."""
    return event.reason_code, event.reason


class Company:
    """A host Ana and a viewer Bo, who report."""

    def __init__(self) -> None:
        self.party = Party()
        self.bench = self.party.bench
        self.ana = self.party.host
        self.bo = self.party.join("Bo")
        self.here(self.ana, self.bo)

    def here(self, *peers: int, **more: object) -> None:
        """These have come to where the party is, and are ready."""
        state = "playing" if self.party.record.timeline.playing else "paused"
        for peer in peers:
            self.say(peer, state=state, **more)

    def say(self, peer: int, **more: object) -> None:
        """One report; what is not said is as on a ready seat with a good link."""
        at = {"state": "paused", "rtt_ms": 20.0, "start_ms": 10.0, "seek_ms": 200.0}
        given = {"cursor": self.party.record.cursor, **at, **more}
        self.bench.send(peer, msgspec.convert(given, Report))

    def id_of(self, peer: int) -> str:
        return self.bench.got(peer, Welcome)[-1].member_id

    @property
    def starts_in(self) -> float:
        timeline = self.party.record.timeline
        assert timeline.playing
        return timeline.at - self.bench.instant

    @property
    def last(self) -> Event:
        return self.party.bench.store.logs[self.party.stream_id][-1][0]

    def waiting(self, peer: int) -> tuple[str, ...] | None:
        """Whom this seat was last told the start waits for; None if nobody ever told."""
        told = self.bench.got(peer, StartWait)
        return told[-1].members if told else None


@pytest.fixture
def company() -> Company:
    return Company()


def soon(lead: float) -> object:
    return pytest.approx(lead, abs=0.12)


# Play -----------------------------------------------------------------------------------


def test_who_is_ready_starts_within_the_lead_of_the_link(company: Company) -> None:
    company.party.act(PlayAct())
    # 10 ms the way, 10 ms the device, 60 ms to spare.
    assert company.starts_in == pytest.approx(0.08)
    assert company.waiting(company.bo) is None


@pytest.mark.parametrize("state", ["loading", "buffering"])
def test_a_start_waits_for_who_is_not_ready(company: Company, state: str) -> None:
    company.say(company.bo, state=state)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(BOUND)
    company.bench.advance(0.5)
    for peer in (company.ana, company.bo):
        assert company.waiting(peer) == (company.id_of(company.bo),)
    assert company.bench.last(company.bo, StartWait).until == company.party.record.timeline.at
    company.bench.advance(1.5)
    company.here(company.bo)
    assert company.starts_in == pytest.approx(0.08)
    assert (company.last.event_type, company.last.member_id) == ("play", "")
    assert reason_of(company.last) == EVERYBODY_READY
    assert company.waiting(company.bo) == ()


def test_a_wait_that_nobody_notices_is_not_told(company: Company) -> None:
    company.say(company.bo, state="buffering")
    company.party.act(PlayAct())
    company.bench.advance(0.2)
    company.here(company.bo)
    assert reason_of(company.last) == NO_REASON
    company.bench.advance(5.0)
    assert company.waiting(company.bo) is None


def test_who_is_never_ready_is_waited_for_no_longer_than_the_bound(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    at = company.party.record.timeline.at
    company.bench.advance(BOUND + 1.0)
    assert company.party.record.timeline.at == at
    assert company.last.member_id == company.party.host_id
    assert company.waiting(company.ana) == ()


def test_the_host_goes_on_without(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.advance(1.0)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.08)
    assert company.waiting(company.ana) == ()
    company.bench.advance(5.0)
    company.here(company.bo)
    assert company.last.member_id == company.party.host_id


def test_the_host_cancels(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.advance(1.0)
    company.party.act(PauseAct(5.0))
    assert company.waiting(company.bo) == ()
    company.here(company.bo)
    company.bench.advance(20.0)
    assert not company.party.record.timeline.playing


def test_another_rate_meanwhile_changes_nothing_about_the_wait(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.advance(1.0)
    company.party.act(RateAct(1.5))
    assert company.starts_in == pytest.approx(BOUND - 1.0)
    company.here(company.bo)
    company.here(company.ana)
    assert company.party.record.timeline.rate == 1.5
    assert company.starts_in == pytest.approx(0.08)


@pytest.mark.parametrize("state", ["idle", "failed", "ended"])
def test_who_cannot_be_ready_is_not_waited_for(company: Company, state: str) -> None:
    company.say(company.bo, state=state)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.08)


def test_a_poor_link_is_not_waited_for(company: Company) -> None:
    company.say(company.bo, state="loading", rtt_ms=2500.0)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.08)


def test_a_seat_that_is_gone_is_not_waited_for_any_more(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.disconnect(company.bo)
    assert company.starts_in == pytest.approx(0.08)


def test_a_seat_that_leaves_is_not_waited_for_any_more(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.send(company.bo, Leave())
    assert company.starts_in == pytest.approx(0.08)


def test_when_everybody_has_left_nothing_is_waited_for(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    for peer in (company.ana, company.bo):
        company.bench.send(peer, Leave())
    company.bench.advance(60.0)
    assert company.bench.core.next_deadline() is None
    assert not company.party.record.timeline.playing


def test_a_newcomer_hears_of_the_wait_and_is_waited_for(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.advance(1.0)
    cy = company.party.join("Cy")
    assert company.waiting(cy) == (company.id_of(company.bo),)
    company.say(cy, state="loading")
    company.bench.advance(0.3)
    assert company.waiting(company.ana) == (company.id_of(company.bo), company.id_of(cy))
    company.here(company.bo)
    company.bench.advance(0.3)
    assert company.waiting(company.ana) == (company.id_of(cy),)
    company.here(cy)
    assert company.starts_in == pytest.approx(0.08)


def test_many_changes_are_told_as_one(company: Company) -> None:
    others = [company.party.join(name) for name in ("Cy", "Di", "Ed", "Flo")]
    for peer in others:
        company.say(peer, state="loading")
    company.party.act(PlayAct())
    company.bench.advance(1.0)
    for peer in others[:3]:
        company.here(peer)
    company.bench.advance(1.0)
    assert len(company.bench.got(company.ana, StartWait)) == 2


def test_who_falls_back_is_waited_for_again(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.say(company.ana, state="buffering")
    company.party.act(PlayAct())
    company.here(company.bo)
    company.say(company.bo, state="buffering")
    company.here(company.ana)
    assert company.starts_in == pytest.approx(BOUND)
    company.here(company.bo)
    assert company.starts_in == pytest.approx(0.08)


def test_a_store_that_fails_is_asked_again_with_the_next_report(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.store.failing = StoreFailed("try_again")
    company.here(company.bo)
    company.bench.store.failing = None
    assert company.starts_in == pytest.approx(BOUND)
    company.here(company.ana)
    assert company.starts_in == pytest.approx(0.08)


def test_the_store_is_asked_once(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.holding = True
    company.here(company.bo)
    company.here(company.bo)
    company.here(company.ana)
    assert len(company.bench.waiting) == 1
    company.bench.release()
    assert company.starts_in == pytest.approx(0.08)


def test_a_pause_that_is_written_first_counts(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.holding = True
    company.party.act(PauseAct(5.0))
    company.here(company.bo)
    company.bench.release()
    assert not company.party.record.timeline.playing
    assert company.last.event_type == "pause"


def test_a_reset_ends_the_wait_with_the_next_report(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.advance(1.0)
    told = msgspec.structs.replace(company.party.record, epoch=2, seq=0, timeline=Timeline(5.0))
    company.bench.core.reset([told], company.bench.now)
    company.bench.settle()
    company.say(company.bo, state="loading")
    assert company.waiting(company.ana) == ()


def test_a_start_that_is_near_anyway_is_left_as_it_is(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    at = company.party.record.timeline.at
    company.bench.advance(BOUND - 0.05)
    company.here(company.bo)
    assert company.party.record.timeline.at == at


def test_a_wait_outlives_the_connection_of_everybody(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    company.bench.disconnect(company.ana)
    company.bench.disconnect(company.bo)
    company.bench.advance(1.0)
    assert company.starts_in == pytest.approx(BOUND - 1.0)
    bo = company.party.join("Bo")
    company.here(bo)
    assert company.starts_in == soon(0.1)


# How much of the film is there ----------------------------------------------------------


@pytest.mark.parametrize(
    ("buffer", "position", "lead"), [(1.9, 0.0, 8.0), (2.0, 0.0, 0.08), (0.4, 5399.5, 0.08)]
)
def test_a_seat_is_ready_with_enough_to_play_or_at_the_end(
    company: Company, buffer: float, position: float, lead: float
) -> None:
    company.party.act(PauseAct(position))
    company.here(company.ana)
    company.here(company.bo, buffer=buffer)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(lead)


def test_without_a_length_no_buffer_is_asked_for(company: Company) -> None:
    company.party.act(LoadAct(Media("live-0001", "url", url="https://example.org/live")))
    company.here(company.ana)
    company.here(company.bo, buffer=0.5)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.08)


def test_without_media_there_is_nothing_to_wait_for() -> None:
    party = Party(media=None)
    party.bench.send(party.host, Report("paused", rtt_ms=20.0, start_ms=0.0, buffer=0.0))
    party.act(PlayAct())
    assert party.record.timeline.at - party.bench.instant == pytest.approx(0.08)


# Seek -----------------------------------------------------------------------------------


def test_a_seek_is_led_by_what_seeks_take(company: Company) -> None:
    company.party.act(PlayAct())
    company.bench.advance(5.0)
    company.here(company.ana, company.bo, seek_ms=700.0)
    company.party.act(SeekAct(300.0))
    assert company.starts_in == pytest.approx(0.7 + 0.08)


def test_a_seek_that_takes_too_long_to_be_led_is_waited_for(company: Company) -> None:
    company.party.act(PlayAct())
    company.bench.advance(5.0)
    company.here(company.ana, company.bo)
    before = company.party.record.cursor
    company.here(company.bo, seek_ms=1600.0)
    company.party.act(SeekAct(300.0))
    assert company.starts_in == pytest.approx(BOUND)
    company.here(company.ana)
    company.bench.advance(1.0)
    assert company.waiting(company.ana) == (company.id_of(company.bo),)
    # What is reported is still about the place before.
    company.say(company.bo, state="playing", cursor=before)
    assert company.starts_in == pytest.approx(BOUND - 1.0)
    company.here(company.bo, seek_ms=1600.0)
    assert company.starts_in == pytest.approx(0.08)


def test_while_paused_a_seek_waits_for_nobody(company: Company) -> None:
    company.say(company.bo, state="loading")
    company.party.act(SeekAct(300.0))
    assert not company.party.record.timeline.playing


def test_a_start_right_after_a_seek_is_led_like_one(company: Company) -> None:
    company.party.act(SeekAct(300.0))
    company.bench.advance(0.2)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.2 + 0.08)


def test_a_seek_that_takes_longer_than_it_should_is_waited_for(company: Company) -> None:
    company.party.act(SeekAct(300.0))
    company.here(company.ana)
    company.bench.advance(2.0)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(BOUND)


def test_a_seat_that_has_no_film_does_not_seek(company: Company) -> None:
    before = company.party.record.cursor
    company.say(company.bo, state="failed")
    company.party.act(SeekAct(300.0))
    company.here(company.ana)
    company.bench.advance(2.0)
    company.say(company.bo, state="failed", cursor=before)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.08)


def test_a_seat_that_does_not_tell_where_it_is_is_taken_at_what_its_seeks_take() -> None:
    party = Party()
    party.bench.send(party.host, Report("paused", rtt_ms=20.0, start_ms=0.0, seek_ms=1000.0))
    party.act(SeekAct(300.0))
    party.bench.advance(0.9)
    party.act(PlayAct())
    assert party.record.timeline.at - party.bench.instant == pytest.approx(8.0)
    party.bench.advance(0.2)
    party.bench.send(party.host, Report("playing", rtt_ms=20.0, start_ms=0.0, seek_ms=1000.0))
    assert party.record.timeline.at - party.bench.instant == pytest.approx(0.08)


# A new film -----------------------------------------------------------------------------


def test_a_film_that_starts_by_itself_waits_until_everybody_has_it_open(company: Company) -> None:
    before = company.party.record.cursor
    for peer in (company.ana, company.bo):
        company.say(peer, state="ended")
    company.party.act(LoadAct(FAR, playing=True))
    assert company.starts_in == pytest.approx(LOAD_BOUND)
    assert company.party.record.timeline.position == 0.0
    # That the last film has ended says nothing about this one.
    for peer in (company.ana, company.bo):
        company.say(peer, state="ended", cursor=before)
    company.here(company.ana)
    company.say(company.bo, state="loading")
    assert company.starts_in == pytest.approx(LOAD_BOUND)
    company.bench.advance(4.0)
    described = msgspec.structs.replace(FAR, title="Far and away")
    company.party.act(LoadAct(described))
    assert company.starts_in == pytest.approx(LOAD_BOUND - 4.0)
    company.here(company.bo)
    assert company.starts_in == pytest.approx(0.08)


def test_a_seat_that_cannot_open_it_is_excused_once_it_has_said_so(company: Company) -> None:
    company.party.act(LoadAct(FAR, playing=True))
    company.here(company.ana)
    assert company.starts_in == pytest.approx(LOAD_BOUND)
    company.say(company.bo, state="failed")
    assert company.starts_in == pytest.approx(0.08)


def test_while_nobody_is_ready_nobody_starts(company: Company) -> None:
    company.party.act(LoadAct(FAR, playing=True))
    for peer in (company.ana, company.bo):
        company.say(peer, state="idle")
    assert company.starts_in == pytest.approx(LOAD_BOUND)


def test_a_stream_that_starts_at_once_waits_until_its_host_has_the_film_open() -> None:
    bench = Bench()
    host = bench.connect()
    bench.send(host, hello("Ana", create=CreateStream(media=FAR, playing=True)))
    snapshot = bench.last(host, Snapshot)
    assert snapshot.timeline.at == bench.instant + LOAD_BOUND
    bench.send(host, Report("loading", rtt_ms=20.0, start_ms=0.0, cursor=snapshot.cursor))
    bench.advance(3.0)
    bench.send(host, Report("playing", rtt_ms=20.0, start_ms=0.0, cursor=snapshot.cursor))
    assert bench.last(host, Event).timeline.at == pytest.approx(bench.instant + 0.08)


# Settings and stalls --------------------------------------------------------------------


def test_the_host_sets_how_the_party_keeps_together(company: Company) -> None:
    company.party.act(SettingsAct(wait=True))
    company.party.act(SettingsAct(sync_enabled=False, sync_tolerance_ms=250))
    record = company.party.record
    assert record.settings == StreamSettings(True, False, 250)
    assert company.last.settings == record.settings
    snapshot = company.bench.last(company.party.join("Cy"), Snapshot)
    assert (snapshot.wait, snapshot.sync_enabled, snapshot.sync_tolerance_ms) == (True, False, 250)


def stalling(company: Company, *, wait: bool = True, after: float = 100.0) -> None:
    """Bo stalls in a party that plays."""
    if wait:
        company.party.act(SettingsAct(wait=True))
    company.party.act(PlayAct())
    company.bench.advance(after)
    company.here(company.ana, company.bo)
    tell_stall(company, company.bo)


def tell_stall(company: Company, peer: int, kind: str = "buffer_start", **more: object) -> None:
    company.say(peer, state="buffering" if kind == "buffer_start" else "playing", **more)
    note = {"event_id": company.bench.event_id(), "event_type": kind, "position": 1.0}
    company.bench.send(peer, msgspec.convert(note, Note))


def test_by_default_nobody_waits_for_a_stall(company: Company) -> None:
    stalling(company, wait=False)
    at = company.party.record.timeline.at
    company.bench.advance(20.0)
    assert company.party.record.timeline.at == at


def test_a_party_that_waits_stops_where_the_stalled_one_stands(company: Company) -> None:
    stalling(company)
    here = company.party.record.timeline.position_at(company.bench.instant)
    company.say(company.bo, state="buffering", position=here)
    company.bench.advance(0.5)
    event = company.last
    assert (event.event_type, event.member_id) == ("pause", "")
    assert reason_of(event) == ("waiting_for_member", "waiting for Bo")
    assert event.timeline.position == pytest.approx(here - OVERLAP)
    assert company.starts_in == pytest.approx(STALL_BOUND)
    company.here(company.ana)
    company.bench.advance(3.0)
    assert company.waiting(company.ana) == (company.id_of(company.bo),)
    company.here(company.bo)
    assert company.starts_in == pytest.approx(0.08)
    assert reason_of(company.last) == EVERYBODY_READY


@pytest.mark.parametrize("position", [None, 3.0])
def test_a_stall_takes_nobody_back_far(company: Company, position: float | None) -> None:
    stalling(company)
    company.say(company.bo, state="buffering", position=position)
    company.bench.advance(0.5)
    here = 100.42
    back = OVERLAP if position is None else FURTHEST_BACK
    assert company.party.record.timeline.position == pytest.approx(here - back)


def test_a_short_stall_stops_nobody(company: Company) -> None:
    stalling(company)
    company.bench.advance(0.4)
    tell_stall(company, company.bo, "buffer_end")
    company.bench.advance(20.0)
    assert company.last.event_type == "buffer_end"


def test_one_that_has_data_again_is_not_stopped_for(company: Company) -> None:
    stalling(company)
    company.here(company.bo)
    company.bench.advance(20.0)
    assert company.last.event_type == "buffer_start"


def test_the_host_s_own_seat_is_left_to_itself(company: Company) -> None:
    stalling(company)
    tell_stall(company, company.bo, "buffer_end")
    tell_stall(company, company.ana)
    company.bench.advance(20.0)
    assert company.last.event_type == "buffer_start"


def test_a_stall_that_lasts_is_waited_for_once(company: Company) -> None:
    stalling(company)
    company.bench.advance(0.5)
    company.here(company.ana)
    at = company.party.record.timeline.at
    company.bench.advance(STALL_BOUND + 20.0)
    company.say(company.bo, state="buffering")
    company.bench.advance(20.0)
    assert company.party.record.timeline.at == at


@pytest.mark.parametrize("what", ["leave", "pause", "near"])
def test_what_came_between_counts(company: Company, what: str) -> None:
    stalling(company)
    if what == "leave":
        company.bench.send(company.bo, Leave())
    elif what == "pause":
        company.party.act(PauseAct(50.0))
    else:
        company.bench.advance(0.2)
        company.party.act(SeekAct(50.0))
    before = company.party.record
    company.bench.advance(0.45)
    assert company.party.record == before


def test_a_pause_that_is_written_before_the_stop_counts(company: Company) -> None:
    stalling(company)
    company.bench.holding = True
    company.party.act(PauseAct(50.0))
    company.bench.advance(0.6)
    company.bench.release()
    assert company.party.record.timeline.position == 50.0


def test_who_was_waited_for_too_long_is_not_any_more(company: Company) -> None:
    stalling(company)
    waited = 0.0
    for _ in range(10):
        company.bench.advance(0.5)
        wait = company.party.record.timeline.at - company.bench.instant
        if wait < 0.0:
            break
        assert wait <= STALL_BOUND
        company.here(company.ana)
        company.bench.advance(wait + 0.1)
        waited += wait
        tell_stall(company, company.bo, "buffer_end")
        tell_stall(company, company.bo)
    assert MOST - 5.0 < waited <= MOST + 5.0
    company.say(company.bo, state="loading")
    company.party.act(PauseAct(300.0))
    company.here(company.ana)
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.08)
    company.party.act(PauseAct(300.0))
    company.bench.advance(900.0)
    company.here(company.ana)
    company.say(company.bo, state="loading")
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(BOUND)


def test_a_slow_disk_is_part_of_the_lead(company: Company) -> None:
    company.bench.holding = True
    company.party.act(PauseAct(5.0))
    company.bench.advance(0.2)
    company.bench.release()
    company.here(company.ana, company.bo)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.28)


def test_a_device_that_starts_late_and_a_link_that_trembles_are_part_of_the_lead(
    company: Company,
) -> None:
    company.here(company.bo, start_ms=120.0, jitter_ms=30.0)
    company.party.act(PlayAct())
    assert company.starts_in == pytest.approx(0.22)
