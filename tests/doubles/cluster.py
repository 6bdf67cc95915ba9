"""Several server cores that share one store, on a bus that takes its time: all in virtual time."""

from __future__ import annotations

import heapq
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import msgspec

from protocol.server.protocol import ServerProtocol
from tests.doubles.sync_server import Bench, CountingMint, FailingStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.server.bus.bus import EdgeListener, OwnerListener
    from protocol.server.bus.messages import DownMessage, LogMessage, UpMessage
    from protocol.server.limits.config import Limits
    from protocol.server.moment import Moment

_Message = TypeVar("_Message")

HOP = 0.01
"""Seconds that a message takes from one node to another."""


class Cluster:
    """Nodes by name; one of them owns every stream.

    Args:
        names: of the nodes, the owner's first.
        limits: of all of them.
    """

    def __init__(self, *names: str, limits: Limits | None = None) -> None:
        self.owner = names[0]
        self.store = FailingStore()
        self.is_held = False
        """Messages between nodes wait."""
        self.buses = {name: NodeBus(self, name) for name in names}
        self._on_the_way: list[tuple[float, int, str, Callable[[Moment], None]]] = []
        self._numbers = count()
        self.nodes = {
            name: _node(self.buses[name], name, number, self.store, limits)
            for number, name in enumerate(names)
        }

    @property
    def instant(self) -> float:
        return self.nodes[self.owner].instant

    def post(self, to: str, deliver: Callable[[Moment], None], now: Moment) -> None:
        """Something is delivered to this node a hop later."""
        entry = (now.instant + HOP, next(self._numbers), to, deliver)
        heapq.heappush(self._on_the_way, entry)

    def advance(self, seconds: float) -> None:
        """Let time pass on all nodes, and have everything happen at its own instant."""
        until = self.instant + seconds
        while (instant := self._next()) <= until:
            for node in self.nodes.values():
                node.instant = max(node.instant, instant)
            self._deliver()
            for node in self.nodes.values():
                node.core.handle_timeout(node.now)
                node.settle()
        for node in self.nodes.values():
            node.instant = until

    def _next(self) -> float:
        deadlines = [node.core.next_deadline() for node in self.nodes.values()]
        if self._on_the_way and not self.is_held:
            deadlines.append(self._on_the_way[0][0])
        return min((d for d in deadlines if d is not None), default=float("inf"))

    def _deliver(self) -> None:
        while self._on_the_way and not self.is_held and self._on_the_way[0][0] <= self.instant:
            _, _, to, deliver = heapq.heappop(self._on_the_way)
            deliver(self.nodes[to].now)
            self.nodes[to].settle()


class NodeBus:
    """`Bus` of one node of a cluster."""

    edge: EdgeListener
    owner: OwnerListener

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name

    def connect(self, edge: EdgeListener, owner: OwnerListener) -> None:
        self.edge, self.owner = edge, owner

    def publish(self, stream_id: str, message: LogMessage, now: Moment) -> None:
        for name, bus in self._own_last():
            self._post(name, partial(bus.edge.take_log, stream_id), message, now)
        self._post(self._cluster.owner, partial(self._owner.take_log, stream_id), message, now)

    def send_up(self, stream_id: str, edge_id: str, message: UpMessage, now: Moment) -> None:
        take = partial(self._owner.take_up, stream_id, edge_id)
        self._post(self._cluster.owner, take, message, now)

    def send_down(self, stream_id: str, message: DownMessage, now: Moment) -> None:
        for name, bus in self._own_last():
            self._post(name, partial(bus.edge.take_down, stream_id), message, now)

    def _own_last(self) -> list[tuple[str, NodeBus]]:
        """All nodes: what this one answers at once must not overtake what it answers."""
        return sorted(self._cluster.buses.items(), key=lambda entry: entry[0] == self._name)

    @property
    def _owner(self) -> OwnerListener:
        return self._cluster.buses[self._cluster.owner].owner

    def _post(
        self, to: str, take: Callable[[_Message, Moment], None], message: _Message, now: Moment
    ) -> None:
        """Hand over at once on this node, else as bytes a hop later."""
        if to == self._name:
            take(message, now)
            return
        sent = msgspec.json.encode(message)
        copy = msgspec.json.decode(sent, type=type(message))
        self._cluster.post(to, lambda at: take(copy, at), now)


def _node(
    bus: NodeBus, name: str, number: int, store: FailingStore, limits: Limits | None
) -> Bench:
    """A core on its own bus, driven like a server that is alone."""
    node = Bench(limits)
    node.store = store
    mint = CountingMint(number * 1_000_000 + 1)
    node.core = ServerProtocol(mint, clock_id="clock-0001", limits=limits, bus=bus, node_id=name)
    return node
