"""Many light clients in one process, for `bench.fanout`: sockets, an epoll and little else.

A client answers what keeps it connected, looks at the beginning of each frame, and takes the
time. All of it costs this process less than what it reads costs a server, so that on two
processors the server is what is measured. Tasks come as JSON lines on standard input,
answers go as JSON lines to standard output.
"""

from __future__ import annotations

import random
import resource
import select
import sys
import time
from heapq import heapify, heappop, heappush
from typing import Final

import msgspec

from bench.fanout_dialects import DIALECTS, Client, Dialect
from bench.table import percentile

IN_FLIGHT: Final = 100
"""Clients that come in at the same time; a server may have a bound of its own."""
PATIENCE: Final = 120.0
SETTLE: Final = 1.0
"""Seconds that the last deliveries may take after the last event."""
FIRST_RETRY: Final = 0.25
LAST_RETRY: Final = 5.0
GROWTH: Final = 1.7
LEAST_SHARE: Final = 0.7
"""The rule by which a seat comes back: `player.link`."""


class Task(msgspec.Struct):
    """What to do next."""

    do: str
    """``join``, ``events``, ``hog``, ``return`` or ``end``."""
    port: int = 0
    streams: int = 1
    seats: int = 1
    """Viewers of each stream."""
    events: int = 0
    """Of each stream."""
    interval: float = 0.2
    """Seconds between two events of a stream."""
    dialect: str = "matinee"
    size: int = 0
    """Bytes of a bare delivery."""


class Crowd:
    """Hosts and viewers, by descriptor."""

    def __init__(self, task: Task) -> None:
        self.dialect: Dialect = DIALECTS[task.dialect](task.port, task.size)
        self.poll = select.epoll()
        self.clients: dict[int, Client] = {}
        self.hosts: list[Client] = []
        self.viewers: list[Client] = []
        self.joined = 0
        self.closed = 0
        self.frames = 0
        self.bytes = 0
        self.sent_at: list[list[float]] = []
        """By stream: when each event was sent."""
        self.latest: list[list[float]] = []
        """By stream: when the last seat had each."""
        self.delays: list[float] = []
        """Of every delivery."""
        self.again: list[tuple[float, int, Client]] | None = None
        """Who comes back when; None while nobody does."""

    def open(self, client: Client) -> None:
        """Connect, and begin what the dialect begins with."""
        self.dialect.connect(client)
        client.is_open = True
        self.clients[client.sock.fileno()] = client
        self.poll.register(client.sock.fileno(), select.EPOLLIN)
        self.dialect.opened(client)

    def close(self, client: Client) -> None:
        """It has ended, or never began."""
        if client.is_open:
            client.is_open = False
            self.clients.pop(client.sock.fileno(), None)
            self.poll.unregister(client.sock.fileno())
        client.sock.close()
        was_joined, client.joined = client.joined, False
        self.joined -= was_joined
        self.closed += 1
        if self.again is not None:
            client.attempt = 1 if was_joined else client.attempt + 1
            delay = min(FIRST_RETRY * GROWTH ** (client.attempt - 1), LAST_RETRY)
            at = time.monotonic() + delay * random.uniform(LEAST_SHARE, 1.0)
            heappush(self.again, (at, client.number, client))

    def turn(self, timeout: float) -> None:
        """Read what is there, once."""
        for fd, _ in self.poll.poll(timeout, 512):
            client = self.clients.get(fd)
            if client is None or client.is_hog:
                continue
            try:
                data = client.sock.recv(262144)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self.close(client)
                continue
            now = time.monotonic()
            self.bytes += len(data)
            before = client.events
            was_joined = client.joined
            self.frames += self.dialect.feed(client, data)
            if client.joined and not was_joined:
                self.joined += 1
            if client.events != before and client.stream < len(self.sent_at):
                self._delivered(client, before, now)

    def _delivered(self, client: Client, before: int, now: float) -> None:
        sent, latest = self.sent_at[client.stream], self.latest[client.stream]
        for index in range(before, min(client.events, len(sent))):
            if index >= 0:
                self.delays.append(now - sent[index])
                latest[index] = now - sent[index]

    def come_back(self) -> None:
        """Let those connect whose time has come."""
        now = time.monotonic()
        while self.again and self.again[0][0] <= now:
            _, _, client = heappop(self.again)
            try:
                self.open(client)
            except OSError:
                self.closed -= 1
                self.close(client)


def join(crowd: Crowd, task: Task) -> dict[str, object]:
    """All hosts, then all viewers, as fast as they are let in."""
    for stream in range(task.streams):
        host = Client(stream, stream, is_host=True)
        crowd.hosts.append(host)
    began = time.monotonic()
    _let_in(crowd, crowd.hosts)
    hosted = time.monotonic()
    dialect = crowd.dialect
    for number in range(task.streams * task.seats):
        viewer = Client(task.streams + number, number % task.streams, is_host=False)
        dialect.invite(viewer, crowd.hosts[viewer.stream])
        crowd.viewers.append(viewer)
    before = crowd.bytes
    took = _let_in(crowd, crowd.viewers)
    return {
        "event": "joined",
        "hosts_s": hosted - began,
        "seconds": took,
        "joined": crowd.joined,
        "closed": crowd.closed,
        "bytes": crowd.bytes - before,
    }


def _let_in(crowd: Crowd, clients: list[Client]) -> float:
    began = time.monotonic()
    waiting = list(reversed(clients))
    goal = crowd.joined + len(clients)
    begun = crowd.joined
    while crowd.joined < goal and time.monotonic() - began < PATIENCE:
        while waiting and begun - crowd.joined < IN_FLIGHT:
            crowd.open(waiting.pop())
            begun += 1
        crowd.turn(0.5)
        crowd.dialect.idle(crowd.clients.values())
    return time.monotonic() - began


def events(crowd: Crowd, task: Task) -> dict[str, object]:
    """Each host sends its events; the hosts of many streams take turns."""
    # What joining has left over is not measured.
    calm = time.monotonic() + SETTLE
    while (left := calm - time.monotonic()) > 0.0:
        crowd.turn(left)
    for client in (*crowd.hosts, *crowd.viewers):
        client.events = 0
    streams = len(crowd.hosts)
    crowd.sent_at, crowd.latest, crowd.delays = [[] for _ in range(streams)], [], []
    crowd.latest = [[0.0] * task.events for _ in range(streams)]
    crowd.frames = crowd.bytes = 0
    closed = crowd.closed
    began = time.monotonic()
    step = task.interval / streams
    due = [(began + step * stream, stream) for stream in range(streams)]
    heapify(due)
    behind = 0.0
    while due:
        at, stream = due[0]
        now = time.monotonic()
        if now < at:
            crowd.turn(at - now)
            crowd.dialect.idle(crowd.clients.values())
            continue
        heappop(due)
        behind = max(behind, now - at)
        sent = crowd.sent_at[stream]
        sent.append(time.monotonic())
        crowd.dialect.send_event(crowd.hosts[stream])
        if len(sent) < task.events:
            heappush(due, (at + task.interval, stream))
    end = time.monotonic() + SETTLE
    expected = (1 + task.seats) * streams * task.events
    while (left := end - time.monotonic()) > 0.0 and len(crowd.delays) < expected:
        crowd.turn(left)
    took = time.monotonic() - began
    lasts = sorted(last for stream in crowd.latest for last in stream)
    each = sorted(crowd.delays) or [0.0]
    return {
        "event": "sent",
        "seconds": took,
        "last": [percentile(lasts, p) for p in (50, 99, 100)],
        "each": [percentile(each, p) for p in (50, 99, 100)],
        "deliveries": len(crowd.delays),
        "expected": expected,
        "frames": crowd.frames,
        "bytes": crowd.bytes,
        "behind": behind,
        "closed": crowd.closed - closed,
    }


def main() -> None:
    """Do what the lines on standard input say."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _tell({"event": "ready", "descriptors": [soft, hard]})
    crowd: Crowd | None = None
    while line := sys.stdin.readline():
        task = msgspec.json.decode(line, type=Task)
        if task.do == "join":
            crowd = Crowd(task)
            _tell(join(crowd, task))
        elif crowd is not None and task.do == "events":
            _tell(events(crowd, task))


def _tell(answer: dict[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
