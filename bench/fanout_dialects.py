"""What a light client says to a server: matinee's, Syncplay's, or one that only writes."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import msgspec

from protocol.wire.codec import encode
from protocol.wire.messages import (
    Command,
    CreateStream,
    Cursor,
    Hello,
    Media,
    Ping,
    SeekAct,
    SendChat,
    Snapshot,
    Welcome,
)

if TYPE_CHECKING:
    from protocol.wire.messages import ClientMessage

FILM: Final = Media("film-0001", "url", title="Film", url="https://example.com/film")
_PLACE: Final = re.compile(rb'"epoch":(\d+),"seq":(\d+)')
SO_TIMESTAMPNS: Final = 35
"""Linux: the kernel says when what is read came in; Python has no name for it."""
ROOM: Final = 212_992
"""Bytes that a viewer's machine takes unread: a list of members must not wait in the server
because a thousand viewers share a process that rests. Linux gives no more to anybody."""
_ANSWER_EACH: Final = 4.0
"""Seconds between two answers to Syncplay; its own clients answer each second."""


class Client:
    """One connection, and what it has heard."""

    __slots__ = (
        "answered_at",
        "attempt",
        "cursor",
        "events",
        "instance_id",
        "is_guest",
        "is_host",
        "is_open",
        "joined",
        "number",
        "path",
        "sent",
        "sock",
        "stage",
        "stream",
        "tail",
        "token",
        "unsent",
        "wrong",
    )

    def __init__(self, number: int, stream: int, *, is_host: bool) -> None:
        self.number, self.stream, self.is_host = number, stream, is_host
        self.is_guest = False
        """Has come to spoil it, and has no more room than the kernel gives by itself."""
        self.sock = socket.socket()
        self.tail = self.unsent = b""
        self.stage = ""
        self.joined = self.is_open = False
        self.events = 0
        """Heard since the count began."""
        self.sent = 0
        self.attempt = 0
        self.answered_at = 0.0
        self.instance_id = uuid4().hex
        self.path = "/ws"
        self.token = ""
        self.cursor: tuple[int, int] = (0, 0)
        self.wrong = ""
        """What it should not have seen."""


class Dialect(ABC):
    """How to come in, what to send, how to read.

    Args:
        port: of the server, on loopback.
        size: bytes of a delivery, where the dialect is free to choose.
    """

    def __init__(self, port: int, size: int) -> None:
        self.port, self.size = port, size

    def connect(self, client: Client) -> None:
        """A fresh socket."""
        client.sock = socket.socket()
        client.sock.setblocking(False)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        if not client.is_guest:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        client.sock.connect_ex(("127.0.0.1", self.port))
        client.tail, client.stage = b"", "connecting"

    @abstractmethod
    def opened(self, client: Client) -> None:
        """It is connected: say the first thing."""

    def invite(self, viewer: Client, host: Client) -> None:
        """Tell a viewer what the host knows."""
        del viewer, host

    @abstractmethod
    def feed(self, client: Client, data: bytes) -> int:
        """Look at what came; returns how many messages that were."""

    @abstractmethod
    def first(self, data: bytes) -> int:
        """Bytes of the first message in ``data``; 0 where it is not whole."""

    @abstractmethod
    def send_event(self, host: Client) -> None:
        """Something that all are told of."""


def _frame(payload: bytes, opcode: int = 1) -> bytes:
    """A client's frame; its mask is all zeros, which is a mask as good as any to a server."""
    size = len(payload)
    head = bytes([0x80 | opcode, 0x80 | size]) if size < 126 else b""
    head = head or bytes([0x80 | opcode, 0x80 | 126]) + size.to_bytes(2)
    return head + bytes(4) + payload


class _Frames(Dialect):
    def first(self, data: bytes) -> int:
        """See `Dialect`."""
        if len(data) < 4:
            return 0
        end = 2 + data[1] if data[1] < 126 else 4 + int.from_bytes(data[2:4])
        return end if data[1] < 127 and end <= len(data) else 0

    def feed(self, client: Client, data: bytes) -> int:
        """See `Dialect`."""
        if client.tail:
            data = client.tail + data
        at, size, count = 0, len(data), 0
        while at + 2 <= size:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
            end = start + length
            if end > size or start > size:
                break
            self.heard(client, data[at], data, start, end)
            count += 1
            at = end
        client.tail = data[at:]
        return count

    @abstractmethod
    def heard(self, client: Client, head: int, data: bytes, start: int, end: int) -> None:
        """One frame."""


class Matinee(_Frames):
    """This project's server."""

    def opened(self, client: Client) -> None:
        """See `Dialect`."""
        client.stage = "handshake"
        key = base64.b64encode(os.urandom(16)).decode()
        token = f"Authorization: Bearer {client.token}\r\n" if client.token else ""
        client.sock.send(
            f"GET {client.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"{token}\r\n".encode()
        )

    def invite(self, viewer: Client, host: Client) -> None:
        """See `Dialect`."""
        viewer.path, viewer.token = host.path, host.token

    def feed(self, client: Client, data: bytes) -> int:
        """See `Dialect`."""
        if client.stage != "handshake":
            return super().feed(client, data)
        data = client.tail + data
        head, end, rest = data.partition(b"\r\n\r\n")
        client.tail = b"" if end else data
        if not end:
            return 0
        if not head.startswith(b"HTTP/1.1 101"):
            client.wrong = head.partition(b"\r\n")[0].decode()
            client.sock.shutdown(socket.SHUT_RDWR)
            return 0
        client.stage = "open"
        cursor = Cursor(*client.cursor) if client.cursor != (0, 0) else None
        name = f"Seat {client.number}"
        create = CreateStream(media=FILM) if client.path == "/ws" else None
        _say(client, Hello(1, 1, name, client.instance_id, cursor, create))
        return super().feed(client, rest) if rest else 0

    def heard(self, client: Client, head: int, data: bytes, start: int, end: int) -> None:
        """One frame."""
        if head == 0x89:
            client.sock.send(_frame(data[start:end], 10))
            return
        kind = data[start + 9 : start + 14]
        if kind == b"event":
            client.events += 1
            self._event(client, data, start)
        elif kind == b"welco":
            self._welcomed(client, data[start:end])
        elif kind == b"snaps":
            client.joined = True
            found = msgspec.json.decode(data[start:end], type=Snapshot)
            client.cursor = (found.epoch, found.seq)
        elif kind == b"state":
            client.joined = True
        elif kind in (b"refus", b'bye",'):
            client.wrong = data[start:end].decode()[:200]

    def _event(self, client: Client, data: bytes, start: int) -> None:
        place = _PLACE.search(data, start, start + 80)
        assert place is not None
        epoch, seq = int(place[1]), int(place[2])
        if (epoch, seq) != (client.cursor[0], client.cursor[1] + 1):
            client.wrong = f"{epoch}.{seq} after {client.cursor[0]}.{client.cursor[1]}"
        client.cursor = (epoch, seq)

    def _welcomed(self, client: Client, payload: bytes) -> None:
        welcome = msgspec.json.decode(payload, type=Welcome)
        client.sent = welcome.counter
        if welcome.created is not None:
            client.path = f"/ws/{welcome.stream_id}"
            client.token = welcome.created.invite_token
            _say(client, Ping(time.monotonic()))

    def send_event(self, host: Client) -> None:
        """See `Dialect`."""
        host.sent += 1
        act = SeekAct(float(host.sent % 5000))
        _say(host, Command(uuid4().hex, 1, host.sent, Cursor(*host.cursor), act))


def pour(client: Client, count: int) -> None:
    """Send so much chat at once, as far as there is room for it."""
    data = client.unsent or _frame(encode(SendChat("x" * 400)).encode()) * count
    with contextlib.suppress(OSError):
        client.unsent = data[client.sock.send(data) :]


def _say(client: Client, message: ClientMessage) -> None:
    client.sock.send(_frame(encode(message).encode()))


class Bare(_Frames):
    """A loop that writes what it got to everybody: what no server can be below."""

    def opened(self, client: Client) -> None:
        """See `Dialect`."""
        client.stage = "open"
        # One byte, so that being let in is seen as it is elsewhere.
        client.sock.send(b"j")

    def heard(self, client: Client, head: int, data: bytes, start: int, end: int) -> None:
        """One frame."""
        del head, data
        if end - start <= 1:
            client.joined = True
        else:
            client.events += 1

    def send_event(self, host: Client) -> None:
        """See `Dialect`."""
        host.sock.send(b"e")


class Syncplay(Dialect):
    """Syncplay's server."""

    def opened(self, client: Client) -> None:
        """See `Dialect`."""
        client.stage = "open"
        features = {"sharedPlaylists": True, "chat": True, "readiness": True, "managedRooms": True}
        hello = {
            "username": f"Seat {client.number}",
            "room": {"name": f"bench {client.stream}"},
            "version": "1.2.255",
            "realversion": "1.6.9",
            "features": features,
        }
        _line(client, {"Hello": hello})

    def feed(self, client: Client, data: bytes) -> int:
        """See `Dialect`."""
        if client.tail:
            data = client.tail + data
        *lines, client.tail = data.split(b"\r\n")
        was_asked = False
        for line in lines:
            if line.startswith(b'{"Hello"'):
                client.joined = True
            elif line.startswith(b'{"State"'):
                was_asked = True
                if b'"doSeek": true' in line:
                    client.events += 1
                at = line.find(b'"server": ')
                if at >= 0:
                    # How often it has asked to be told that a seek was heard of.
                    client.sent = int(line[at + 10 : at + 20].partition(b"}")[0])
        if was_asked and (now := time.monotonic()) - client.answered_at > _ANSWER_EACH:
            client.answered_at = now
            _state(client, position=0.0, seek=False)
        return len(lines)

    def first(self, data: bytes) -> int:
        """See `Dialect`."""
        return data.find(b"\r\n") + 2 if b"\r\n" in data else 0

    def send_event(self, host: Client) -> None:
        """See `Dialect`."""
        host.cursor = (host.cursor[0] + 1, 0)
        _state(host, position=float(host.cursor[0] % 5000), seek=True)


def _state(client: Client, *, position: float, seek: bool) -> None:
    state: dict[str, object] = {
        "playstate": {"position": position, "paused": True, "doSeek": seek},
        "ping": {"clientLatencyCalculation": time.time(), "clientRtt": 0},
    }
    if client.sent:
        state["ignoringOnTheFly"] = {"server": client.sent}
        client.sent = 0
    _line(client, {"State": state})


def _line(client: Client, message: dict[str, object]) -> None:
    client.sock.send(json.dumps(message).encode() + b"\r\n")


DIALECTS: Final[dict[str, type[Dialect]]] = {
    "matinee": Matinee,
    "bare": Bare,
    "syncplay": Syncplay,
}
