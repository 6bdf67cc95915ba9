"""A party on two nodes is one party: its owner merges what the edges tell, and orders it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from protocol.server.owner.start_barrier import STALL_BOUND
from protocol.server.room.edge_readiness import BOUND
from protocol.wire.messages import (
    Act,
    Chat,
    Command,
    Event,
    Leave,
    Note,
    PauseAct,
    PlayAct,
    Presence,
    Report,
    SeekAct,
    SendChat,
    SettingsAct,
    Snapshot,
    StartWait,
    Welcome,
)
from tests.doubles.cluster import HOP, Cluster
from tests.doubles.sync_server import Bench, Party, hello

if TYPE_CHECKING:
    from protocol.server.limits.config import Limits

BOTH = pytest.mark.parametrize("owner", ["a", "b"])


class TwoEdges:
    """Host Ana at edge a, viewer Bo at edge b."""

    def __init__(self, owner: str = "a", limits: Limits | None = None) -> None:
        other = "b" if owner == "a" else "a"
        self.cluster = Cluster(owner, other, limits=limits)
        self.a, self.b = self.cluster.nodes["a"], self.cluster.nodes["b"]
        self.party = Party(self.a)
        self.ana = self.party.host
        self.cluster.advance(0.1)
        self.bo = self.join(self.b, "Bo")
        self.here(self.a, self.ana)
        self.here(self.b, self.bo)
        self.cluster.advance(2.0)

    def join(self, node: Bench, name: str) -> int:
        peer = node.connect(self.party.stream_id, self.party.invite)
        node.send(peer, hello(name))
        return peer

    def say(self, node: Bench, peer: int, **more: object) -> None:
        at = {"state": "paused", "rtt_ms": 20.0, "start_ms": 10.0, "seek_ms": 200.0}
        node.send(peer, msgspec.convert({"cursor": self.party.record.cursor, **at, **more}, Report))

    def here(self, node: Bench, peer: int, **more: object) -> None:
        state = "playing" if self.party.record.timeline.playing else "paused"
        self.say(node, peer, state=state, **more)

    def act(self, act: Act) -> None:
        self.party.act(act)

    def id_of(self, node: Bench, peer: int) -> str:
        return node.last(peer, Welcome).member_id

    @property
    def starts_in(self) -> float:
        return self.party.record.timeline.at - self.cluster.instant

    def logged(self) -> list[Event]:
        return [event for event, _ in self.cluster.store.logs[self.party.stream_id]]


@BOTH
def test_what_the_host_does_at_one_edge_is_heard_at_the_other(owner: str) -> None:
    party = TwoEdges(owner)
    party.act(PauseAct(7.0))
    party.cluster.advance(HOP)
    assert party.b.last(party.bo, Event) == party.a.last(party.ana, Event)


@BOTH
def test_everybody_reads_chat_in_the_owners_order(owner: str) -> None:
    party = TwoEdges(owner)
    for text in ("one", "two"):
        party.a.send(party.ana, SendChat(f"a {text}"))
        party.b.send(party.bo, SendChat(f"b {text}"))
    party.cluster.advance(1.0)
    at_a = [chat.text for chat in party.a.got(party.ana, Chat)]
    assert [chat.text for chat in party.b.got(party.bo, Chat)] == at_a
    assert at_a[:2] == [f"{owner} one", f"{owner} two"]
    assert len(at_a) == 4


@BOTH
def test_a_late_seat_at_one_edge_holds_the_start_of_all(owner: str) -> None:
    party = TwoEdges(owner)
    party.say(party.b, party.bo, state="loading")
    party.cluster.advance(1.0)
    party.act(PlayAct())
    assert party.starts_in == pytest.approx(BOUND)
    party.cluster.advance(1.0)
    for node, peer in ((party.a, party.ana), (party.b, party.bo)):
        assert node.last(peer, StartWait).members == (party.id_of(party.b, party.bo),)
    party.here(party.b, party.bo)
    party.cluster.advance(3 * HOP)
    assert party.logged()[-1].reason == "everybody is ready"
    assert party.starts_in < 0.1
    for node, peer in ((party.a, party.ana), (party.b, party.bo)):
        assert node.last(peer, StartWait).members == ()
        assert node.last(peer, Event).reason == "everybody is ready"


@BOTH
def test_an_edge_that_has_not_told_since_the_start_was_agreed_holds_it(owner: str) -> None:
    party = TwoEdges(owner)
    party.say(party.a, party.ana, state="loading")
    party.act(PlayAct())
    party.cluster.is_held = True
    party.here(party.a, party.ana)
    assert party.starts_in == pytest.approx(BOUND)
    party.cluster.is_held = False
    party.cluster.advance(3 * HOP)
    assert party.starts_in < 0.1


@BOTH
def test_a_start_is_led_by_the_slowest_seat_of_all_edges(owner: str) -> None:
    party = TwoEdges(owner)
    party.say(party.b, party.bo, rtt_ms=600.0)
    party.cluster.advance(1.0)
    party.act(PlayAct())
    assert party.starts_in == pytest.approx(0.3 + 0.01 + 0.06)


def test_right_after_a_seek_the_seats_of_another_edge_are_on_their_way() -> None:
    party = TwoEdges()
    party.act(SeekAct(300.0))
    party.here(party.a, party.ana)
    party.act(PlayAct())
    assert party.starts_in == pytest.approx(0.01 + 0.01 + 0.2 + 0.06)
    party.act(PauseAct(300.0))
    party.here(party.a, party.ana)
    party.cluster.advance(0.3)
    party.act(PlayAct())
    # The other edge has told of it itself by now.
    assert party.starts_in == pytest.approx(0.01 + 0.01 + 0.2 + 0.06)


def test_a_seek_that_takes_long_at_another_edge_is_waited_for() -> None:
    party = TwoEdges()
    party.act(PlayAct())
    party.cluster.advance(5.0)
    party.here(party.a, party.ana)
    party.here(party.b, party.bo, seek_ms=1600.0)
    party.cluster.advance(1.0)
    party.act(SeekAct(300.0))
    assert party.starts_in == pytest.approx(BOUND)


@BOTH
def test_a_film_runs_on_while_anybody_is_connected_to_any_edge(owner: str) -> None:
    party = TwoEdges(owner)
    party.act(PlayAct())
    party.cluster.advance(5.0)
    party.a.send(party.ana, Leave())
    party.cluster.advance(60.0)
    assert party.party.record.timeline.playing
    party.b.disconnect(party.bo)
    party.cluster.advance(10.0 + HOP)
    assert not party.party.record.timeline.playing
    assert party.party.record.timeline.position == pytest.approx(65.0, abs=0.2)


@BOTH
def test_members_of_one_edge_are_listed_at_the_other(owner: str) -> None:
    party = TwoEdges(owner)
    cy = party.join(party.a, "Cy")
    party.cluster.advance(1.0)
    told = [m.name for p in party.b.got(party.bo, Presence) for m in p.changed]
    assert "Cy" in told
    party.say(party.b, party.bo, state="buffering")
    party.cluster.advance(1.0)
    di = party.join(party.a, "Di")
    members = party.a.last(di, Snapshot).members
    assert [m.name for m in members][:3] == ["Ana", "Bo", "Cy"]
    assert members[1].state == "buffering"
    party.a.send(cy, Leave())
    party.cluster.advance(1.0)
    assert party.id_of(party.a, cy) in party.b.last(party.bo, Presence).left


@BOTH
def test_who_has_moved_to_another_edge_stays_listed_when_the_first_connection_goes(
    owner: str,
) -> None:
    party = TwoEdges(owner)
    cy = party.join(party.a, "Cy")
    party.cluster.advance(1.0)
    moved = party.join(party.b, "Cy")
    party.cluster.advance(1.0)
    party.say(party.a, cy, state="failed")
    party.say(party.a, cy, state="failed", drift_ms=3.0)
    party.a.disconnect(cy)
    party.cluster.advance(12.0)
    left = [m for p in party.b.got(party.bo, Presence) for m in p.left]
    assert party.id_of(party.b, moved) not in left
    listed = party.b.last(party.join(party.b, "Di"), Snapshot).members
    assert {m.name: m.state for m in listed}["Cy"] == "idle"


def test_an_edge_that_opens_is_told_the_whole_roster_and_what_waits() -> None:
    party = TwoEdges()
    party.b.send(party.bo, Leave())
    party.cluster.advance(1.0)
    party.say(party.a, party.ana, state="loading")
    party.act(PlayAct())
    party.cluster.advance(1.0)
    cy = party.join(party.b, "Cy")
    party.cluster.advance(0.1)
    ana = party.id_of(party.a, party.ana)
    assert party.b.got(cy, StartWait)[0].members == (ana,)
    di = party.join(party.b, "Di")
    assert [m.name for m in party.b.last(di, Snapshot).members][:1] == ["Ana"]
    assert party.b.last(di, StartWait).members == (ana,)


def test_an_edge_that_is_gone_holds_no_start() -> None:
    party = TwoEdges()
    party.say(party.b, party.bo, state="loading")
    party.cluster.advance(1.0)
    party.act(PlayAct())
    party.here(party.a, party.ana)
    party.cluster.advance(1.0)
    party.b.send(party.bo, Leave())
    party.cluster.advance(1.0)
    assert party.starts_in < 0.1


@BOTH
def test_a_party_that_waits_stops_for_a_seat_of_any_edge(owner: str) -> None:
    party = TwoEdges(owner)
    party.act(SettingsAct(wait=True))
    party.act(PlayAct())
    party.cluster.advance(30.0)
    party.here(party.a, party.ana)
    party.say(party.b, party.bo, state="buffering")
    party.b.send(party.bo, Note("event-of-bo-01", "buffer_start", 30.0))
    party.cluster.advance(0.5 + 4 * HOP)
    event = party.logged()[-1]
    assert (event.event_type, event.member_id, event.reason) == ("pause", "", "waiting for Bo")
    assert party.starts_in == pytest.approx(STALL_BOUND, abs=0.1)


def test_who_was_waited_for_too_long_at_one_edge_holds_nobody_any_more() -> None:
    party = TwoEdges()
    for _ in range(8):
        party.say(party.b, party.bo, state="loading")
        party.cluster.advance(1.0)
        party.act(PlayAct())
        party.cluster.advance(BOUND + 0.1)
        party.act(PauseAct(10.0))
        party.here(party.a, party.ana)
    party.say(party.b, party.bo, state="loading")
    party.cluster.advance(1.0)
    party.act(PlayAct())
    assert party.starts_in < 1.0


def test_a_command_goes_through_the_log_whichever_edge_the_host_is_at() -> None:
    party = TwoEdges()
    party.b.send(party.bo, Leave())
    host = party.b.connect(party.party.stream_id, party.party.host_key)
    party.b.send(host, hello("Ana"))
    party.cluster.advance(1.0)
    record = party.party.record
    command = Command(
        "event-of-ana-01", record.host_term, record.host_counter + 1, record.cursor, PauseAct(9.0)
    )
    party.b.send(host, command)
    party.cluster.advance(HOP)
    assert party.a.last(party.ana, Event).timeline.position == 9.0
