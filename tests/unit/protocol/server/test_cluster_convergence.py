"""Whoever comes, goes and tells something at whichever edge: in the end all know the same."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocol.client.stream_state import StreamState, from_snapshot
from protocol.server.limits.config import Limits
from protocol.wire.messages import (
    Event,
    Leave,
    PauseAct,
    PlayAct,
    Presence,
    Report,
    SeatState,
    Snapshot,
    StartWait,
)
from tests.doubles.cluster import Cluster
from tests.doubles.sync_server import Party, hello

if TYPE_CHECKING:
    from protocol.wire.messages import ServerMessage
    from tests.doubles.sync_server import Bench

HOMES = {"Bo": "a", "Cy": "a", "Di": "b", "Ed": "b"}
"""Where each of the viewers joins; the host is at a."""
STATES: tuple[SeatState, ...] = ("paused", "playing", "loading", "buffering", "failed")

Step = tuple[Literal["comes", "leaves", "is lost", "says", "play", "pause", "time"], str, object]
steps = st.one_of(
    st.tuples(
        st.sampled_from(("comes", "leaves", "is lost")), st.sampled_from((*HOMES,)), st.none()
    ),
    st.tuples(st.just("says"), st.sampled_from(("Ana", *HOMES)), st.integers(0, len(STATES) - 1)),
    st.tuples(st.sampled_from(("play", "pause")), st.just("Ana"), st.none()),
    st.tuples(st.just("time"), st.just(""), st.sampled_from((0.005, 0.1, 0.6, 3.0, 12.0))),
)


class Evening:
    """A party on two nodes, and what is told to each connection."""

    def __init__(self, owner: str, most: int) -> None:
        other = "b" if owner == "a" else "a"
        self.cluster = Cluster(owner, other, limits=Limits(members_told=most))
        self.party = Party(self.cluster.nodes["a"])
        self.peers = {"Ana": self.party.host}
        self.states: dict[str, SeatState] = {"Ana": "idle"}

    def node(self, name: str) -> Bench:
        return self.cluster.nodes[HOMES.get(name, "a")]

    def take(self, step: Step) -> None:
        what, name, value = step
        if what == "time":
            assert isinstance(value, float)
            self.cluster.advance(value)
        elif what == "comes":
            self.come(name)
        elif what in ("play", "pause"):
            self.party.act(PlayAct() if what == "play" else PauseAct(5.0))
        elif name in self.peers:
            self.hear_from(name, what, value)

    def come(self, name: str) -> None:
        node = self.node(name)
        peer = node.connect(self.party.stream_id, self.party.invite)
        node.send(peer, hello(name))
        self.peers[name], self.states[name] = peer, "idle"

    def hear_from(self, name: str, what: str, value: object) -> None:
        node, peer = self.node(name), self.peers[name]
        if what == "says":
            assert isinstance(value, int)
            state = STATES[value]
            node.send(peer, Report(state, rtt_ms=20.0, cursor=self.party.record.cursor))
            self.states[name] = state
            return
        if what == "leaves":
            node.send(peer, Leave())
        node.disconnect(peer)
        del self.peers[name], self.states[name]

    def seen_by(self, name: str) -> StreamState:
        """What somebody knows by all that was sent."""
        sent = self.node(name).sent[self.peers[name]]
        snapshot = next(message for message in sent if isinstance(message, Snapshot))
        return reduce(fold, sent[sent.index(snapshot) :], from_snapshot(snapshot))


def fold(state: StreamState, message: ServerMessage) -> StreamState:
    """A seat hears something more."""
    if isinstance(message, Event):
        applied, state = state.apply(message)
        assert applied == "applied"
    elif isinstance(message, Presence):
        state = state.present(message)
    return state


@pytest.mark.parametrize("owner", ["a", "b"])
@pytest.mark.parametrize("most", [2, 200])
@settings(deadline=None)
@given(schedule=st.lists(steps, max_size=25))
@example(
    schedule=[
        ("says", "Ana", 2),
        ("play", "Ana", None),
        ("time", "", 0.6),
        ("play", "Ana", None),
        ("comes", "Di", None),
    ]
)
def test_all_seats_of_all_edges_agree_on_the_log_and_on_who_is_here(
    owner: str, most: int, schedule: list[Step]
) -> None:
    evening = Evening(owner, most)
    for step in schedule:
        evening.take(step)
    evening.cluster.advance(30.0)
    rosters: list[dict[str, SeatState]] = []
    for name in evening.peers:
        seen = evening.seen_by(name)
        assert seen.cursor == evening.party.record.cursor
        assert len(seen.members) + seen.others == len(evening.peers)
        rosters.append({member.name: member.state for member in seen.members.values()})
        waits = evening.node(name).got(evening.peers[name], StartWait)
        assert not waits or waits[-1].members == ()
    assert all(roster == rosters[0] for roster in rosters)
    assert rosters[0].items() <= evening.states.items()
