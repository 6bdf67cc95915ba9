"""The real server core in virtual time, with its store in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.codec import encode
from protocol.server import ServerProtocol
from protocol.server_effects import Ask, Close, Send
from protocol.server_log import Moment
from tests.doubles.sync_server import CountingMint, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.messages import Event
    from protocol.server_log import StreamRecord
    from protocol.server_peers import Visitor
    from tests.simulation.clockwork import Clockwork

STORE_TAKES = 0.003


class Hub:
    """A server; its clock is the true time plus ``offset`` seconds."""

    def __init__(self, clockwork: Clockwork, offset: float) -> None:
        self._clockwork = clockwork
        self._offset = offset
        self._core = ServerProtocol(CountingMint(), clock_id="clock-0001")
        self._store = MemoryStore()
        self._peers: dict[int, tuple[Callable[[str], None], Callable[[], None]]] = {}
        self._count = 0
        self._alarm = float("inf")

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
        return Moment(self.instant, 1_700_000_000_000 + round(self.instant * 1000))

    def connect(
        self, visitor: Visitor, send: Callable[[str], None], close: Callable[[], None]
    ) -> int:
        """A websocket is open; frames and its end go to ``send`` and ``close``."""
        self._count += 1
        self._peers[self._count] = (send, close)
        self._core.connect(self._count, visitor, self._now)
        self._settle()
        return self._count

    def receive(self, peer: int, frame: str) -> None:
        """A frame has arrived."""
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
                case Ask():
                    self._clockwork.after(STORE_TAKES, lambda ask=effect: self._answer(ask))
        deadline = self._core.next_deadline()
        if deadline is not None and deadline < self._alarm:
            self._alarm = deadline
            self._clockwork.at(deadline - self._offset, self._ring)

    def _answer(self, ask: Ask) -> None:
        self._core.stored(ask.ticket, self._store.perform(ask.call), self._now)
        self._settle()

    def _ring(self) -> None:
        self._alarm = float("inf")
        # Adding and taking away the offset again may have lost the last bit.
        self._core.handle_timeout(Moment(self.instant + 1e-6, self._now.unix_ms))
        self._settle()
