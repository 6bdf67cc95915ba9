"""The real server core in virtual time, with its store in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.server.core.effects import AskStore, Close, Send
from protocol.server.moment import Moment
from protocol.server.protocol import ServerProtocol
from protocol.wire.codec import encode
from server_stub.clock import MAX_CLOCK_JUMP
from tests.doubles.sync_server import CountingMint, FailingStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from protocol.server.access.peers import HandshakeInfo
    from protocol.server.log.record import StreamRecord
    from protocol.wire.messages import Event
    from tests.simulation.clockwork import Clockwork

STORE_TAKES = 0.003
WALL = 1_700_000_000.0
"""Unix seconds at which the clockwork begins."""


class Hub:
    """A server; its clock is the true time plus ``offset`` seconds."""

    def __init__(self, clockwork: Clockwork, offset: float) -> None:
        self._clockwork = clockwork
        self._offset = offset
        self._mint = CountingMint()
        self._lives = 0
        self._store = FailingStore()
        self._asked: list[AskStore] = []
        self._peers: dict[int, tuple[Callable[[str], None], Callable[[], None]]] = {}
        self._count = 0
        self.wall = WALL
        """What the wall clock shows when the clockwork is at 0; anybody may set it."""
        self.is_up = False
        self.start()

    def start(self) -> None:
        """Begin a life: the log is what it was, the clock goes on under another name."""
        self._lives += 1
        self._core = ServerProtocol(self._mint, clock_id=f"clock-{self._lives:04}")
        self._alarm = float("inf")
        self.is_up = True

    def die(self, random: Random) -> None:
        """Be killed in the middle: what the store was asked may be done or not."""
        self.is_up = False
        for ask in [effect for effect in self._core.effects() if isinstance(effect, AskStore)]:
            self._asked.append(ask)
        for ask in self._asked[: random.randint(0, len(self._asked))]:
            self._store.perform(ask.call)
        self._asked.clear()
        peers, self._peers = self._peers, {}
        for _, close in peers.values():
            close()

    @property
    def instant(self) -> float:
        """Now, on the server's clock."""
        return self._clockwork.now + self._offset

    @property
    def record(self) -> StreamRecord:
        """The one stream."""
        (record,) = self._store.records.values()
        return record

    @property
    def log(self) -> list[Event]:
        """Everything that was logged."""
        (log,) = self._store.logs.values()
        return [event for event, _ in log]

    @property
    def _now(self) -> Moment:
        # As `ServerClock` dates: a jump that is in doubt does not count.
        jump = self.wall - WALL
        wall = WALL if abs(jump) > MAX_CLOCK_JUMP else self.wall
        return Moment(self.instant, round((wall + self._clockwork.now) * 1000))

    def connect(
        self, visitor: HandshakeInfo, send: Callable[[str], None], close: Callable[[], None]
    ) -> int:
        """A websocket is open; frames and its end go to ``send`` and ``close``."""
        self._count += 1
        self._peers[self._count] = (send, close)
        self._core.connect(self._count, visitor, self._now)
        self._settle()
        return self._count

    def receive(self, peer: int, frame: str) -> None:
        """A frame has arrived; one for a server that is gone is lost."""
        if peer not in self._peers:
            return
        self._core.receive(peer, frame, self._now)
        self._settle()

    def disconnect(self, peer: int) -> None:
        """The websocket is gone, as far as the server can tell."""
        if self._peers.pop(peer, None) is not None:
            self._core.disconnect(peer, self._now)
            self._settle()

    def _settle(self) -> None:
        for effect in self._core.effects():
            match effect:
                case Send(peers=peers, message=message):
                    frame = encode(message)
                    for peer in peers:
                        if peer in self._peers:
                            self._peers[peer][0](frame)
                case Close(peer=peer):
                    if peer in self._peers:
                        self._peers[peer][1]()
                        self.disconnect(peer)
                case AskStore():
                    self._asked.append(effect)
                    self._clockwork.after(STORE_TAKES, lambda ask=effect: self._answer(ask))
        deadline = self._core.next_deadline()
        if deadline is not None and deadline < self._alarm:
            self._alarm = deadline
            life = self._lives
            self._clockwork.at(deadline - self._offset, lambda: self._ring(life))

    def _answer(self, ask: AskStore) -> None:
        if ask not in self._asked:
            return
        self._asked.remove(ask)
        self._core.stored(ask.ticket, self._store.perform(ask.call), self._now)
        self._settle()

    def _ring(self, life: int) -> None:
        if life != self._lives or not self.is_up:
            return
        self._alarm = float("inf")
        # Adding and taking away the offset again may have lost the last bit.
        self._core.handle_timeout(Moment(self.instant + 1e-6, self._now.unix_ms))
        self._settle()
