"""Who is in a room, what they are told of each other, and how long a start is led."""

from __future__ import annotations

import msgspec
import pytest

from protocol.server.core.identity import member_id_of
from protocol.server.limits.config import Limits
from protocol.timeline import Timeline
from protocol.wire.messages import (
    Chat,
    Leave,
    LoadAct,
    Media,
    PauseAct,
    PlayAct,
    Presence,
    RateAct,
    Report,
    SeekAct,
    SendChat,
    Snapshot,
    StateNow,
)
from protocol.wire.rate_limit import RateLimit
from tests.doubles.sync_server import FILM, Bench, Party


def seated(limits: Limits | None = None) -> tuple[Party, int]:
    """A host and a viewer who have heard of each other."""
    party = Party(Bench(limits))
    viewer = party.join("Bo")
    party.bench.advance(1.5)
    party.bench.forget()
    return party, viewer


# Presence -------------------------------------------------------------------------------


def test_a_newcomer_is_told_to_everybody() -> None:
    party, _ = seated()
    party.join("Cy")
    party.bench.advance(0.0)
    (presence,) = party.bench.got(party.host, Presence)
    assert [m.name for m in presence.changed] == ["Cy"]


def test_many_changes_are_told_as_one() -> None:
    party, viewer = seated()
    for name in ("Cy", "Di", "Ed", "Flo", "Gus"):
        party.join(name)
        party.bench.advance(0.05)
    party.bench.advance(1.0)
    told = party.bench.got(viewer, Presence)
    assert len(told) == 2
    assert [m.name for p in told for m in p.changed] == ["Cy", "Di", "Ed", "Flo", "Gus"]


def test_a_change_of_state_is_told_within_a_quarter_of_a_second() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("buffering", drift_ms=3.0, rtt_ms=20.0, buffer=1.0))
    party.bench.advance(0.25)
    (presence,) = party.bench.got(party.host, Presence)
    (member,) = presence.changed
    assert (member.state, member.drift_ms, member.rtt_ms, member.buffer) == (
        "buffering",
        3.0,
        20.0,
        1.0,
    )


def test_who_waits_for_the_timeline_is_told_of() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("playing", waiting=True))
    party.bench.advance(0.25)
    (presence,) = party.bench.got(party.host, Presence)
    assert [(member.state, member.waiting) for member in presence.changed] == [("playing", True)]


def test_measured_values_are_told_once_a_second() -> None:
    party, viewer = seated(Limits(rates={Report: RateLimit(100, 100)}))
    for step in range(30):
        party.bench.send(viewer, Report("idle", drift_ms=float(step)))
        party.bench.advance(0.1)
    drifts = [p.changed[0].drift_ms for p in party.bench.got(party.host, Presence)]
    assert 3 <= len(drifts) <= 4
    assert drifts == sorted(drifts, key=float)  # type: ignore[arg-type]


def test_a_report_that_says_nothing_new_is_not_told() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("idle"))
    party.bench.advance(2.0)
    assert party.bench.got(party.host, Presence) == []


def test_an_urgent_change_is_not_kept_by_one_that_can_wait() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("playing"))
    party.bench.advance(0.0)
    party.bench.send(viewer, Report("playing", drift_ms=5.0))
    party.bench.send(viewer, Report("paused", drift_ms=5.0))
    party.bench.send(viewer, Report("paused", drift_ms=6.0))
    party.bench.advance(0.3)
    assert party.bench.last(party.host, Presence).changed[0].state == "paused"


def test_a_lost_connection_shows_only_after_its_grace() -> None:
    party, viewer = seated()
    party.bench.disconnect(viewer)
    party.bench.advance(9.9)
    assert party.bench.got(party.host, Presence) == []
    party.bench.advance(0.2)
    (presence,) = party.bench.got(party.host, Presence)
    assert len(presence.left) == 1
    assert party.bench.core.participants == 1


def test_who_comes_back_within_the_grace_never_left() -> None:
    party, viewer = seated()
    party.bench.disconnect(viewer)
    party.bench.advance(5.0)
    party.join("Bo")
    party.bench.advance(30.0)
    assert not any(p.left for p in party.bench.got(party.host, Presence))


def test_who_leaves_is_gone_at_once() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Leave())
    party.bench.advance(0.3)
    assert len(party.bench.last(party.host, Presence).left) == 1
    assert party.bench.closed[viewer] == (1000, "")
    party.bench.disconnect(viewer)
    party.bench.advance(30.0)
    assert party.bench.core.participants == 1


def test_who_leaves_and_comes_back_in_one_breath_is_here() -> None:
    party, viewer = seated()
    party.bench.send(party.join("Cy"), Leave())
    party.join("Cy")
    party.bench.advance(0.3)
    names = [m.name for p in party.bench.got(viewer, Presence) for m in p.changed]
    left = [m for p in party.bench.got(viewer, Presence) for m in p.left]
    assert "Cy" in names
    assert left == []


def test_who_changed_and_left_has_left() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("playing"))
    party.bench.send(viewer, Leave())
    party.bench.advance(0.3)
    (presence,) = party.bench.got(party.host, Presence)
    assert presence.changed == ()
    assert len(presence.left) == 1


def test_the_stream_lives_on_without_its_host() -> None:
    party, viewer = seated()
    party.bench.disconnect(party.host)
    party.bench.advance(11.0)
    assert party.bench.last(viewer, Presence).left == (party.host_id,)
    assert party.bench.core.live_streams == (party.stream_id,)
    assert party.record.host_id == party.host_id


def test_when_the_last_one_is_gone_the_room_is_forgotten() -> None:
    party, viewer = seated()
    party.bench.disconnect(party.host)
    party.bench.disconnect(viewer)
    party.bench.advance(11.0)
    assert party.bench.core.live_streams == ()
    assert party.bench.core.next_deadline() is None


def test_of_many_members_the_first_are_told_and_the_others_counted() -> None:
    party, viewer = seated(Limits(members_told=2))
    party.join("Cy")
    last = party.join("Di")
    snapshot = party.bench.last(last, Snapshot)
    assert ([m.name for m in snapshot.members], snapshot.others) == (["Ana", "Bo"], 2)
    party.bench.advance(1.0)
    told = party.bench.got(viewer, Presence)
    assert [(p.changed, p.left, p.others) for p in told] == [((), (), 2)]


def test_what_the_others_do_is_told_to_nobody() -> None:
    party, viewer = seated(Limits(members_told=2))
    other = party.join("Cy")
    party.bench.advance(1.0)
    party.bench.forget()
    party.bench.send(other, Report("playing", drift_ms=3.0))
    party.bench.advance(1.0)
    party.bench.send(other, Report("playing", drift_ms=4.0))
    party.bench.advance(2.0)
    assert party.bench.got(viewer, Presence) == []


def test_one_of_the_others_takes_the_place_of_whom_was_told_of() -> None:
    party, viewer = seated(Limits(members_told=2))
    gone, other = party.join("Cy"), party.join("Di")
    party.bench.advance(1.0)
    party.bench.forget()
    party.bench.send(gone, Leave())
    party.bench.advance(1.0)
    party.bench.send(viewer, Leave())
    party.bench.advance(1.0)
    first, second = party.bench.got(other, Presence)
    assert (first.changed, first.left, first.others) == ((), (), 1)
    assert ([m.name for m in second.changed], second.others) == (["Di"], 0)
    assert len(second.left) == 1


def test_who_hosts_is_told_of_in_any_case() -> None:
    party, viewer = seated(Limits(members_told=2))
    party.bench.disconnect(party.host)
    party.join("Cy")
    newcomer = party.join("Di", token=party.host_key)
    party.bench.advance(1.0)
    names = {m.name: m.role for m in party.bench.last(newcomer, Snapshot).members}
    assert names["Di"] == "host"
    assert "Di" in [m.name for p in party.bench.got(viewer, Presence) for m in p.changed]


def test_a_seat_that_resumed_is_told_who_is_here_and_later_who_is_not() -> None:
    party, _ = seated(Limits(members_told=2))
    party.join("Cy")
    resumed = party.join("Di", cursor=party.record.cursor)
    here = party.bench.got(resumed, Presence)[0]
    assert ([m.name for m in here.changed], here.others, here.whole) == (["Ana", "Bo"], 2, False)
    party.bench.advance(11.0)
    (whole,) = [p for p in party.bench.got(resumed, Presence) if p.whole]
    assert ([m.name for m in whole.changed], whole.others) == (["Ana", "Bo"], 2)


def test_a_seat_that_resumed_and_is_gone_again_is_told_nothing() -> None:
    party, _ = seated()
    resumed = party.join("Cy", cursor=party.record.cursor)
    party.bench.advance(5.0)
    party.bench.disconnect(resumed)
    party.bench.advance(6.0)
    assert not any(p.whole for p in party.bench.got(resumed, Presence))


# State and chat -------------------------------------------------------------------------


def test_the_timeline_is_repeated_every_five_seconds() -> None:
    party, viewer = seated()
    party.bench.advance(15.0)
    assert len(party.bench.got(viewer, StateNow)) == 3
    assert party.bench.last(viewer, StateNow) == StateNow(1, 1, party.record.timeline)


def test_an_event_says_where_the_timeline_is_and_puts_the_repetition_off() -> None:
    party, viewer = seated()
    party.bench.advance(4.0)
    party.act(PauseAct(5.0))
    party.bench.forget()
    party.bench.advance(4.0)
    assert party.bench.got(viewer, StateNow) == []
    party.bench.advance(1.0)
    assert len(party.bench.got(viewer, StateNow)) == 1


def test_what_is_said_is_cleaned_and_told_to_everybody() -> None:
    party, viewer = seated()
    party.bench.send(viewer, SendChat("hi\x1b[2J  \u202ethere"))
    (chat,) = party.bench.got(party.host, Chat)
    assert (chat.name, chat.text) == ("Bo", "hi[2J there")
    assert chat.timestamp_ms == party.bench.now.unix_ms
    assert party.bench.got(viewer, Chat) == [chat]


def test_what_cannot_be_shown_is_not_said() -> None:
    party, viewer = seated()
    party.bench.send(viewer, SendChat("\u202e\u3164"))
    assert party.bench.got(party.host, Chat) == []


# Starting together ----------------------------------------------------------------------


def lead_of(party: Party) -> float:
    """How far ahead the next start is agreed."""
    party.act(PlayAct())
    return party.record.timeline.at - party.bench.instant


def test_a_start_is_led_by_a_fifth_of_a_second_at_least() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("paused", rtt_ms=30.0))
    assert lead_of(party) == pytest.approx(0.2)


def test_a_start_waits_for_the_longest_way() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("paused", rtt_ms=600.0))
    party.bench.send(party.host, Report("paused", rtt_ms=10.0))
    assert lead_of(party) == pytest.approx(0.41)


def test_a_start_never_waits_longer_than_its_bound() -> None:
    party, viewer = seated(Limits())
    party.bench.send(viewer, Report("paused", rtt_ms=2000.0))
    assert lead_of(party) == pytest.approx(1.11)


def test_a_poor_link_is_not_waited_for() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("paused", rtt_ms=2001.0))
    assert lead_of(party) == pytest.approx(0.2)


def test_a_lost_connection_is_not_waited_for() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("paused", rtt_ms=900.0, seek_ms=1400.0))
    party.bench.disconnect(viewer)
    assert lead_of(party) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("seek_ms", "lead"), [(None, 0.45), (100.0, 0.45), (900.0, 1.1), (1300.0, 1.5), (1500.0, 8.0)]
)
def test_a_seek_while_playing_waits_for_the_slowest_seek(
    seek_ms: float | None, lead: float
) -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("playing", seek_ms=seek_ms))
    party.bench.send(viewer, Report("playing"))
    party.act(PlayAct())
    party.bench.advance(5.0)
    party.act(SeekAct(300.0))
    timeline = party.record.timeline
    assert timeline == Timeline(300.0, pytest.approx(party.bench.instant + lead), 1.0, True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rtt_ms", "lead"), [(None, 0.6), (240.0, 0.6), (600.0, 0.78), (1998.0, 1.479), (2001.0, 0.6)]
)
def test_another_rate_is_led_until_every_player_can_be_heard_at_it(
    rtt_ms: float | None, lead: float
) -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("playing", rtt_ms=rtt_ms))
    party.act(PlayAct())
    party.bench.advance(5.0)
    party.act(RateAct(1.5))
    assert party.record.timeline.at == pytest.approx(party.bench.instant + lead)
    party.act(PauseAct(5.0))
    party.act(RateAct(2.0))
    assert party.record.timeline == Timeline(5.0, party.bench.instant, 2.0, False)


def test_the_learned_seek_time_outlives_a_connection() -> None:
    party, viewer = seated()
    party.bench.send(viewer, Report("playing", seek_ms=900.0))
    party.bench.disconnect(viewer)
    party.join("Bo")
    party.act(PlayAct())
    party.act(SeekAct(300.0))
    assert party.record.timeline.at == pytest.approx(party.bench.instant + 1.1)


# Reset ----------------------------------------------------------------------------------


def test_a_reset_is_told_by_a_snapshot() -> None:
    party, viewer = seated()
    record = type(party.record)(stream_id=party.stream_id, epoch=2, media=FILM)
    party.bench.core.reset([record, type(record)(stream_id="f" * 32)], party.bench.now)
    party.bench.settle()
    snapshot = party.bench.last(viewer, Snapshot)
    assert (snapshot.reason, snapshot.epoch, snapshot.seq) == ("reset", 2, 0)


def test_a_reset_tells_who_hosts_by_now() -> None:
    # As after a hand-over whose commit nobody heard of.
    party, viewer = seated()
    bo = member_id_of(party.stream_id, "instance-of-bo")
    told = msgspec.structs.replace(party.record, seq=2, host_id=bo, host_term=2)
    party.bench.core.reset([told], party.bench.now)
    party.bench.settle()
    snapshot = party.bench.last(viewer, Snapshot)
    assert {member.name: member.role for member in snapshot.members} == {
        "Ana": "viewer",
        "Bo": "host",
    }


def test_a_reset_that_the_stream_has_passed_already_is_not_told() -> None:
    party, viewer = seated()
    party.act(LoadAct(Media("film-0002", "file")))
    epoch = type(party.record)(stream_id=party.stream_id, epoch=2)
    party.bench.core.reset([epoch], party.bench.now)
    party.bench.settle()
    assert party.bench.got(viewer, Snapshot) == []


def test_a_reset_while_a_log_is_read_drops_what_waited() -> None:
    party, _ = seated()
    party.bench.holding = True
    peer = party.join("Cy", cursor=party.record.cursor)
    party.bench.answer()
    party.bench.settle()
    epoch = msgspec.structs.replace(party.record, epoch=2, seq=0)
    party.bench.core.reset([epoch], party.bench.now)
    party.bench.settle()
    party.bench.release()
    assert party.bench.last(peer, Snapshot).reason == "reset"
    assert party.bench.last(peer, StateNow).epoch == 2
