"""A server's core on a real store, both as slow as a schedule wants, each answer checked."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal, get_args

from protocol.server.access.peers import HandshakeInfo
from protocol.server.core.effects import AskStore, Close, Send
from protocol.server.core.store_calls import StoreFailed
from protocol.server.limits.config import Limits
from protocol.server.log.requests import Appended
from protocol.server.moment import Moment
from protocol.server.protocol import ServerProtocol
from protocol.wire.codec import encode
from protocol.wire.messages import Bye, ClientMessage
from protocol.wire.rate_limit import RateLimit
from tests.stateful.client import Client
from tests.stateful.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.core.context import IdSource
    from protocol.server.core.store_calls import StoreResult
    from protocol.server.log.record import StreamRecord
    from server_stub.storage.sql.sql_store import SqlStore

_MUCH = RateLimit(1e9, 1e9)
LIMITS = Limits(
    strikes=_MUCH,
    rates=dict.fromkeys(get_args(ClientMessage), _MUCH),
    characters=_MUCH,
    failures=_MUCH,
    creations=_MUCH,
    resume_events=4,
    invite_lifetime=1e9,
)
_START_MS = 1_800_000_000_000

How = Literal["well", "refuses", "forgets to say so"]
"""A store writes; is full; has written, and loses its connection before it can say so."""


class SlowServer:
    """One server process after the other, on one store.

    Args:
        open_store: opens it, again after each restart.
        mint: never gives the same id twice.
    """

    def __init__(self, open_store: Callable[[], SqlStore], mint: IdSource) -> None:
        self._open_store = open_store
        self._mint = mint
        self.model = Model()
        self.clients: dict[int, Client] = {}
        """Connected ones; of those that the server has closed, the end is on its way."""
        self.asked: deque[AskStore] = deque()
        self.is_slow = False
        self.instant = 1000.0
        self._days_ms = 0
        self._told: deque[Callable[[], None]] = deque()
        self._connections = 0
        self._starts = 0
        self._store = open_store()
        self._start()

    def _start(self) -> None:
        self._starts += 1
        clock_id = f"clock-{self._starts:04d}"
        self.core = ServerProtocol(self._mint, clock_id=clock_id, limits=LIMITS)

    @property
    def now(self) -> Moment:
        return Moment(self.instant, _START_MS + self._days_ms + round(self.instant * 1000))

    @property
    def is_idle(self) -> bool:
        return not self.asked and not self._told

    # What peers do ----------------------------------------------------------------------

    def connect(self, stream_id: str, token: str) -> Client:
        self._connections += 1
        client = Client(self.model, self._connections, stream_id)
        self.clients[client.number] = client
        self.core.connect(client.number, HandshakeInfo("192.0.2.7", stream_id, token), self.now)
        return client

    def say(self, client: Client, message: ClientMessage) -> None:
        client.says(message)
        self.core.receive(client.number, encode(message), self.now)
        self.go_on()

    def lose(self, client: Client) -> None:
        """Its connection breaks."""
        client.is_open = False
        del self.clients[client.number]
        self.core.disconnect(client.number, self.now)
        self.go_on()

    # Time -------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        until = self.instant + seconds
        while (deadline := self.core.next_deadline()) is not None and deadline <= until:
            self.instant = max(self.instant, deadline)
            self.core.handle_timeout(self.now)
            self.go_on()
        self.instant = until

    def pass_days(self, days: int) -> None:
        """By the wall clock alone."""
        self._days_ms += days * 24 * 3600 * 1000

    # The store --------------------------------------------------------------------------

    def go_on(self) -> None:
        """Carry out what the core wants, and, unless it is slow, what the store does."""
        self._carry_out()
        if not self.is_slow:
            self.catch_up()

    def catch_up(self) -> None:
        """Everything that waits happens, until nothing does."""
        while self.asked or self._told or not all(c.is_open for c in self.clients.values()):
            self.write(len(self.asked))
            self.tell(len(self._told))
            for client in [c for c in self.clients.values() if not c.is_open]:
                del self.clients[client.number]
                self.core.disconnect(client.number, self.now)
            self._carry_out()

    def write(self, count: int, how: How = "well") -> None:
        """The store takes the next group."""
        group = [self.asked.popleft() for _ in range(min(count, len(self.asked)))]
        if not group:
            return
        failed = StoreFailed("storage_full" if how == "refuses" else "try_again")
        answers: list[StoreResult] = [failed for _ in group]
        records: list[StreamRecord] = []
        if how != "refuses":
            kept = self._perform(group)
            if how == "well":
                answers = kept
            else:
                optional = {a.record.stream_id for a in kept if isinstance(a, Appended)}
                records = self._store.records(sorted(optional))

        def tell() -> None:
            for ask, answer in zip(group, answers, strict=True):
                self.core.stored(ask.ticket, answer, self.now)
            self._carry_out()
            self.core.reset(records, self.now)

        self._told.append(tell)

    def _perform(self, group: list[AskStore]) -> list[StoreResult]:
        answers = self._store.perform([ask.call for ask in group])
        for ask, answer in zip(group, answers, strict=True):
            self.model.check(ask.call, answer)
        return answers

    def tell(self, count: int) -> None:
        """The core hears what became of so many groups."""
        for _ in range(min(count, len(self._told))):
            self._told.popleft()()
            self._carry_out()

    def maintain(self, *, after: int) -> None:
        """Clean up; who is there was asked before the last ``after`` questions."""
        now, live = self.now, self.core.live_streams
        self.write(after)
        done = self._store.maintain(now, live)
        ours = [i for i in done.reset_ids if i in self.model.parties]
        records = self._store.records(sorted(ours))
        expected = self.model.clean_up(now, live)
        assert records == sorted(expected, key=lambda record: record.stream_id)
        self._told.append(lambda: self.core.reset(records, self.now))
        self.go_on()

    # Restarts ---------------------------------------------------------------------------

    def die(self, *, written: int) -> None:
        """At once; so many questions were still written, and nobody heard of it."""
        self.write(written)
        self._end()

    def stop(self) -> None:
        """As after a signal: everything is answered, and everybody is told."""
        self.core.stop(self.now)
        self._carry_out()
        while not self.is_idle:
            self.write(len(self.asked))
            self.tell(len(self._told))
        open_ones = [client for client in self.clients.values() if client.is_open]
        self.core.farewell()
        self._carry_out()
        for client in open_ones:
            bye = client.heard[-1]
            assert isinstance(bye, Bye)
            assert (bye.code, client.is_open) == ("server_stopping", False)
            assert not client.owed
        self.close()
        self._store = self._open_store()
        self._end()

    def _end(self) -> None:
        self.asked.clear()
        self._told.clear()
        self.clients.clear()
        self._start()

    def close(self) -> None:
        self._store.close()

    def _carry_out(self) -> None:
        while effects := self.core.effects():
            for effect in effects:
                match effect:
                    case Send(peers=peers, message=message):
                        for peer in peers:
                            if peer in self.clients:
                                self.clients[peer].hears(message)
                    case Close(peer=peer):
                        if peer in self.clients:
                            self.clients[peer].is_open = False
                    case AskStore():
                        self.asked.append(effect)

    # What must be so --------------------------------------------------------------------

    def check(self) -> None:
        """The store, the model and every seat agree; to be asked while nothing is on its way."""
        records = self._store.records(sorted(self.model.parties))
        assert records == [self.model.parties[i].record for i in sorted(self.model.parties)]
        seats = [
            (client.stream_id, client.welcome.member_id)
            for client in self.clients.values()
            if client.is_open and client.welcome is not None
        ]
        assert len(set(seats)) == len(seats), "a seat is one connection's"
        for client in self.clients.values():
            if client.stream_id in self.model.parties:
                client.check_agrees(self.model.parties[client.stream_id].record)

    def check_logs(self) -> None:
        """What is in the store is what is in the model, entry by entry."""
        for stream_id, party in self.model.parties.items():
            for epoch in range(1, party.record.epoch + 1):
                kept = self._store.events(stream_id, epoch, 0, 10_000)
                assert list(kept) == [e.event for e in party.log if e.event.epoch == epoch]
