"""Seats and the server's core together, over connections that break: nothing is lost or doubled.

All chance comes from a seed, which a failure names: `Evening` with it replays the run.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING

import pytest

from protocol.client.events import (
    ClientEvent,
    CommandsDropped,
    EventApplied,
    RequestRefused,
    ServerClosing,
    SessionResumed,
)
from protocol.client.protocol import ClientProtocol
from protocol.media.url_policy import UrlPolicy
from protocol.server.core.store_calls import StoreFailed
from protocol.server.protocol import ServerProtocol
from protocol.wire.codec import encode
from protocol.wire.messages import Act, CreateStream, Note, PauseAct, PlayAct, RateAct, SeekAct
from tests.doubles.sync_server import FILM, Bench, CountingMint

if TYPE_CHECKING:
    from protocol.server.moment import Moment

STEP = 0.02


class Seat:
    """A client, its connection to the bench, and what it was told."""

    def __init__(self, bench: Bench, name: str, *, create: bool = False) -> None:
        self.bench = bench
        self.client = ClientProtocol(
            name=name,
            instance_id=f"instance-of-{name}",
            create=CreateStream(media=FILM) if create else None,
        )
        self.stream_id = self.token = ""
        self.peer: int | None = None
        self.up: deque[str] = deque()
        self.heard = 0
        self.told: list[ClientEvent] = []

    def connect(self) -> None:
        self.peer = self.bench.connect(self.stream_id, self.token)
        self.heard = 0
        self.client.connection_made(self.bench.instant)

    def lose(self) -> None:
        """The connection breaks; what was under way either way is gone."""
        if self.peer is not None:
            peer, self.peer = self.peer, None
            self.up.clear()
            self.bench.disconnect(peer)
            self.client.connection_lost()

    def move(self, up: int, down: int) -> None:
        """So many frames at most arrive in each direction."""
        self.client.handle_timeout(self.bench.instant)
        self.up.extend(self.client.data_to_send())
        if self.peer is None:
            return
        for _ in range(min(up, len(self.up))):
            self.bench.send_text(self.peer, self.up.popleft())
        inbox = self.bench.sent[self.peer]
        for message in inbox[self.heard : self.heard + down]:
            self.client.receive(encode(message), self.bench.instant)
            self.heard += 1
        self.told += self.client.events_received()
        if self.peer in self.bench.closed and self.heard == len(inbox):
            self.lose()

    def told_of(self, kind: type[ClientEvent]) -> list[ClientEvent]:
        return [event for event in self.told if isinstance(event, kind)]


class Evening:
    """A host and two viewers, one seed of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.bench = Bench()
        self.host = Seat(self.bench, "ada", create=True)
        self.viewers = [Seat(self.bench, name) for name in ("bob", "cyd")]
        self.seats = [self.host, *self.viewers]
        self.asked: list[str] = []
        self.restarts = 0
        self.host.connect()
        self.run(0.2)
        welcome = self.host.client.welcome
        assert welcome is not None
        assert welcome.created is not None
        for seat in self.seats:
            seat.stream_id = welcome.stream_id
            seat.token = welcome.created.invite_token
        self.host.token = welcome.created.host_key
        for seat in self.viewers:
            seat.connect()
        self.run(0.2)

    def run(self, seconds: float, *, is_rough: bool = False) -> None:
        for _ in range(round(seconds / STEP)):
            self.bench.advance(STEP)
            for seat in self.seats:
                if is_rough:
                    self._mistreat(seat)
                    seat.move(self.chance.randrange(4), self.chance.randrange(4))
                else:
                    if seat.peer is None and seat.stream_id:
                        seat.connect()
                    seat.move(1000, 1000)

    def _mistreat(self, seat: Seat) -> None:
        what = self.chance.random()
        if seat.peer is None and what < 0.1:
            seat.connect()
        elif what < 0.01:
            seat.lose()
        elif what < 0.012:
            self.restart()
        elif seat is self.host and what < 0.15:
            self.ask(self._act())
        elif what > 0.995:
            seat.client.note(Note(self.bench.event_id(), "buffer_start", 1.0))

    def _act(self) -> Act:
        position = float(self.chance.randrange(5000))
        acts = (
            PlayAct(),
            PauseAct(position),
            SeekAct(position),
            RateAct(self.chance.choice((1.0, 1.5))),
        )
        return self.chance.choice(acts)

    def ask(self, act: Act) -> None:
        event_id = self.bench.event_id()
        assert self.host.client.request(act, event_id, self.bench.instant)
        self.asked.append(event_id)

    def restart(self) -> None:
        """The server's process is killed; its log stays."""
        self.restarts += 1
        for seat in self.seats:
            seat.lose()
        self.bench.core = ServerProtocol(
            CountingMint(), clock_id=f"clock-of-{self.restarts:04}", rules=UrlPolicy()
        )


@pytest.mark.parametrize("seed", range(40))
def test_every_seat_ends_where_the_log_does(seed: int) -> None:
    evening = Evening(seed)
    evening.run(20.0, is_rough=True)
    evening.run(15.0)
    host, store = evening.host, evening.bench.store
    record = store.records[host.stream_id]
    log = [event for event, _ in store.logs[host.stream_id]]
    why = f"seed {seed}"
    assert [event.seq for event in log] == list(range(1, len(log) + 1)), why
    commands = [event.event_id for event in log if event.event_id in set(evening.asked)]
    assert commands == sorted(set(commands)), f"{why}: doubled or out of order"
    assert commands[-1] == evening.asked[-1], f"{why}: the last word got lost"
    for seat in evening.seats:
        assert seat.client.state is not None
        assert seat.client.state.cursor == record.cursor, why
        assert seat.client.state.timeline == record.timeline, why
        assert seat.client.unsent == 0, why
        assert not seat.told_of(RequestRefused), f"{why}: {seat.told_of(RequestRefused)}"
        assert not seat.told_of(CommandsDropped), why
        assert not [e for e in seat.told if isinstance(e, ServerClosing) and not e.bye.reconnect], (
            why
        )
        seqs = [event.event.seq for event in seat.told if isinstance(event, EventApplied)]
        assert seqs == sorted(set(seqs)), why


def test_a_recovery_counts_what_was_missed() -> None:
    evening = Evening(1)
    bob = evening.viewers[0]
    bob.lose()
    for position in (1.0, 2.0, 3.0):
        evening.ask(PauseAct(position))
    evening.host.move(1000, 1000)
    evening.run(0.2)
    assert bob.told_of(SessionResumed) == [SessionResumed(3, by_snapshot=False)]


def test_a_key_that_is_held_down_ends_nobodys_evening() -> None:
    evening = Evening(2)
    for act in (SeekAct(1.0), RateAct(1.5), SeekAct(2.0)):
        for _ in range(300):
            evening.ask(act)
            evening.run(STEP)
    evening.run(20.0)
    assert not [
        seat.told_of(RequestRefused) for seat in evening.seats if seat.told_of(RequestRefused)
    ]
    log = evening.bench.store.logs[evening.host.stream_id]
    assert log[-1][0].event_id == evening.asked[-1]


@pytest.mark.parametrize("down", [1, 3, 1000])
def test_one_gap_in_the_counters_sends_what_is_in_flight_again_once(down: int) -> None:
    evening = Evening(3)
    host, bench = evening.host, evening.bench
    sent: list[str] = []
    receive = bench.core.receive

    def watch(peer: int, text: str, now: Moment) -> None:
        sent.append(text)
        receive(peer, text, now)

    bench.core.receive = watch
    evening.ask(PauseAct(0.0))
    evening.run(2.0)
    bench.store.failing = StoreFailed("try_again")
    evening.ask(PauseAct(0.0))
    host.move(1000, 0)
    bench.store.failing = None
    for position in range(1, 7):
        evening.ask(PauseAct(float(position)))
    host.move(1000, 0)
    for _ in range(40):
        host.move(1000, down)
    evening.run(2.0)
    counts = [sum(event_id in text for text in sent) for event_id in evening.asked]
    assert counts == [1, 1, 2, 2, 2, 2, 2, 2]
    log = [event.event_id for event, _ in bench.store.logs[host.stream_id]]
    assert log[1:] == [evening.asked[0], *evening.asked[2:]]
