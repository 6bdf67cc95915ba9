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
import socket
import struct
import sys
import time
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

import msgspec

from bench.fanout_dialects import DIALECTS, SO_TIMESTAMPNS, Client, Dialect, pour
from bench.table import percentile
from player.session.link import FIRST_RETRY, GROWTH, LAST_RETRY

if TYPE_CHECKING:
    from collections.abc import Callable

IN_FLIGHT: Final = 100
"""Clients that come in at the same time; a server may have a bound of its own."""
PATIENCE: Final = 120.0
SETTLE: Final = 1.0
"""Seconds that the last deliveries may take after the last event."""
LEAST_SHARE: Final = 0.7
"""Of a wait before the next attempt: seats come back by the rule of `player.session.link`."""
FLOOD: Final = 5
"""Messages that one who floods sends whenever anything happens."""
READ: Final = 65536
REST: Final = 0.04
"""Seconds that the clients do not read after an event, where another one is further off.

What they read is stamped all the same, and they are not in the server's way: a process that reads
a thousand sockets slows down the one that fills them, even from another processor.
"""
STAMP_SPACE: Final = socket.CMSG_SPACE(16)


def arrival(stamps: list[tuple[int, int, bytes]]) -> float:
    """When the kernel had what was just read, on the wall clock, in seconds.

    However many clients this process has to look at: each would be a machine of its own.
    """
    for level, kind, data in stamps:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data)
            return seconds + nanoseconds / 1e9
    return time.time()


class Task(msgspec.Struct):
    """What to do next."""

    do: str
    """``join``, ``events``, ``spoil`` (one never reads, one floods) or ``return``."""
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
        """Of every delivery whose time is known."""
        self.blurred = 0
        """Deliveries behind which something else lay already when they were read."""
        self.again: list[tuple[float, int, Client]] | None = None
        """Who comes back when; None while nobody does."""
        self.flood: Client | None = None
        self.rests = False
        """Between two events there is time to read message by message."""

    def open(self, client: Client) -> None:
        """Connect, and begin what the dialect begins with."""
        self.dialect.connect(client)
        client.is_open = True
        self.clients[client.sock.fileno()] = client
        self.poll.register(client.sock.fileno(), select.EPOLLOUT)

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
        if self.flood is not None and self.flood.is_open:
            pour(self.flood, FLOOD)
        for fd, _ in self.poll.poll(timeout, 512):
            client = self.clients.get(fd)
            if client is None:
                continue
            if client.stage == "connecting":
                if client.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    self.close(client)
                    continue
                self.poll.modify(fd, select.EPOLLIN)
                self.dialect.opened(client)
                continue
            most, is_last = READ, True
            try:
                if self.rests and client.stage == "open":
                    # Of what came to lie in one piece of the kernel's memory, it stamps the last.
                    waiting = client.sock.recv(READ, socket.MSG_PEEK)
                    most = self.dialect.first(waiting) or READ
                    is_last = len(waiting) <= most
                data, stamps, _, _ = client.sock.recvmsg(most, STAMP_SPACE)
            except BlockingIOError:
                continue
            except OSError:
                data, stamps = b"", []
            if not data:
                self.close(client)
                continue
            arrived = arrival(stamps)
            self.bytes += len(data)
            before = client.events
            was_joined = client.joined
            self.frames += self.dialect.feed(client, data)
            if client.joined and not was_joined:
                self.joined += 1
            if client.events != before and client.stream < len(self.sent_at):
                if is_last:
                    self._delivered(client, before, arrived)
                else:
                    self.blurred += client.events - before

    def _delivered(self, client: Client, before: int, arrived: float) -> None:
        sent, latest = self.sent_at[client.stream], self.latest[client.stream]
        for index in range(before, min(client.events, len(sent))):
            if index >= 0:
                self.delays.append(arrived - sent[index])
                latest[index] = max(latest[index], arrived - sent[index])

    def come_back(self) -> None:
        """Let those connect whose time has come."""
        now = time.monotonic()
        while self.again and self.again[0][0] <= now:
            _, _, client = heappop(self.again)
            self.open(client)


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
    return time.monotonic() - began


def events(crowd: Crowd, task: Task) -> dict[str, object]:
    """Each host sends its events; the hosts of many streams take turns."""
    _count_anew(crowd, task.events)
    streams, closed = len(crowd.hosts), crowd.closed
    began = time.monotonic()
    behind = _send_all(crowd, task, began)
    end = time.monotonic() + SETTLE
    expected = (1 + task.seats) * streams * task.events
    while (left := end - time.monotonic()) > 0.0 and len(crowd.delays) + crowd.blurred < expected:
        crowd.turn(left)
    took = time.monotonic() - began
    # An event that nobody has had is missing from the deliveries, and told so.
    lasts = sorted(last for stream in crowd.latest for last in stream if last > 0.0) or [0.0]
    each = sorted(crowd.delays) or [0.0]
    return {
        "event": "sent",
        "seconds": took,
        "last": [percentile(lasts, p) for p in (50, 99, 100)],
        "lasts": lasts,
        "each": [percentile(each, p) for p in (50, 99, 100)],
        "deliveries": len(crowd.delays) + crowd.blurred,
        "blurred": crowd.blurred,
        "expected": expected,
        "frames": crowd.frames,
        "bytes": crowd.bytes,
        "behind": behind,
        "closed": crowd.closed - closed,
        "lost": sum(not client.joined for client in (*crowd.hosts, *crowd.viewers)),
        "flood": "" if crowd.flood is None or crowd.flood.is_open else crowd.flood.wrong,
    }


def _count_anew(crowd: Crowd, events_each: int) -> None:
    """What joining has left over is not measured."""
    calm = time.monotonic() + SETTLE
    while (left := calm - time.monotonic()) > 0.0:
        crowd.turn(left)
    for client in (*crowd.hosts, *crowd.viewers):
        client.events = 0
    crowd.sent_at, crowd.delays = [[] for _ in crowd.hosts], []
    crowd.latest = [[0.0] * events_each for _ in crowd.hosts]
    crowd.frames = crowd.bytes = crowd.blurred = 0


def _send_all(crowd: Crowd, task: Task, began: float) -> float:
    """Send what is due when it is due; returns by how much the worst was late, in seconds."""
    step = task.interval / len(crowd.hosts)
    crowd.rests = step > 2 * REST
    due = [(began + step * stream, stream) for stream in range(len(crowd.hosts))]
    heapify(due)
    behind = 0.0
    while due:
        at, stream = due[0]
        now = time.monotonic()
        if now < at:
            crowd.turn(at - now)
            continue
        heappop(due)
        behind = max(behind, now - at)
        sent = crowd.sent_at[stream]
        sent.append(time.time())
        crowd.dialect.send_event(crowd.hosts[stream])
        if crowd.rests:
            time.sleep(REST)
        if len(sent) < task.events:
            heappush(due, (at + task.interval, stream))
    return behind


def spoil(crowd: Crowd) -> dict[str, object]:
    """One more viewer who never reads, and one who sends all that it can."""
    guests = [Client(10**6 + number, 0, is_host=False) for number in (0, 1)]
    for guest in guests:
        guest.is_guest = True
        crowd.dialect.invite(guest, crowd.hosts[0])
    _let_in(crowd, guests)
    deaf, crowd.flood = guests
    crowd.poll.unregister(deaf.sock.fileno())
    return {"event": "spoiled"}


def come_back(crowd: Crowd) -> dict[str, object]:
    """Everybody is about to lose the server, and comes back by himself."""
    crowd.again = []
    everybody = [*crowd.hosts, *crowd.viewers]
    _tell({"event": "waiting"})
    while crowd.joined == len(everybody):
        crowd.turn(0.5)
    lost = time.monotonic()
    while crowd.joined < len(everybody) and time.monotonic() - lost < PATIENCE:
        crowd.come_back()
        crowd.turn(0.02)
    took = time.monotonic() - lost
    crowd.again = None
    return {
        "event": "back",
        "seconds": took,
        "joined": crowd.joined,
        "attempts": max(client.attempt for client in everybody),
    }


def missed(crowd: Crowd) -> dict[str, object]:
    """Who is not where the host is, or saw what should not be."""
    behind = [v for v in crowd.viewers if v.cursor != crowd.hosts[v.stream].cursor]
    wrong = {v.wrong for v in crowd.viewers if v.wrong and not v.wrong.startswith("HTTP")}
    return {"event": "missed", "behind": len(behind), "wrong": sorted(wrong)[:5]}


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
        elif crowd is not None:
            _tell(_TASKS[task.do](crowd, task))


_TASKS: Final[dict[str, Callable[[Crowd, Task], dict[str, object]]]] = {
    "events": events,
    "spoil": lambda crowd, _: spoil(crowd),
    "return": lambda crowd, _: come_back(crowd),
    "missed": lambda crowd, _: missed(crowd),
}


def _tell(answer: dict[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
