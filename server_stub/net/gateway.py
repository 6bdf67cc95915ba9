"""Gateway: sockets around the server's core: feeds it, and carries out what it wants. Decides
nothing.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Final, cast

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from protocol.log_line import log_line
from protocol.server.access.peers import HandshakeInfo
from protocol.server.core.effects import AskStore, Close, Send
from protocol.wire.codec import encode
from protocol.wire.messages import MAX_MESSAGE_BYTES, Refusal
from server_stub.net.delivery.backpressure import SlowConsumers
from server_stub.net.delivery.fanout import Broadcaster
from server_stub.net.delivery.keepalive import KeepaliveMonitor
from server_stub.net.http.connection import ClientConnection, address_of, bearer
from server_stub.net.http.paths import socket_stream
from server_stub.observability.gc_policy import GcPolicy, collect, collect_the_young

if TYPE_CHECKING:
    import socket
    import ssl

    from websockets.asyncio.server import Server

    from protocol.server.limits.config import Limits
    from protocol.server.protocol import ServerProtocol
    from server_stub.capacity import Capacity
    from server_stub.clock import ServerClock
    from server_stub.net.http.handler import HttpHandler
    from server_stub.observability.metrics import Metrics
    from server_stub.storage.worker import StoreAnswer, StoreWorker
    from server_stub.timing import ServerTiming

logger = logging.getLogger("matinee.server")

_QUEUE: Final = 16
"""Frames read ahead of the core."""
_BACKLOG: Final = 1024
"""Connections that wait to be taken: after a restart everybody comes back at once."""
_TAKEN_AT_ONCE: Final = 64
"""Of those; what the first of them ask is read before the next ones are taken."""
_TURN: Final = 8
"""Messages of one seat before the others have their turn."""
_PING: Final = Frame(Opcode.PING, b"").serialize(mask=False)


class Gateway:
    """Connections, numbered; the store's answers; the core's deadlines."""

    def __init__(
        self,
        core: ServerProtocol,
        clock: ServerClock,
        limits: Limits,
        metrics: Metrics,
        timing: ServerTiming,
        capacity: Capacity,
    ) -> None:
        self._core = core
        self._clock = clock
        self._metrics = metrics
        self._timing = timing
        self._store: StoreWorker | None = None
        self.connections: dict[int, ClientConnection] = {}
        """All that have not ended, by peer."""
        self._numbers = count(1)
        self._backlog = SlowConsumers[ClientConnection](_unread_of, limits)
        self._silence = KeepaliveMonitor[ClientConnection](
            attrgetter("heard_at"), timing.silence_timeout
        )
        self._closing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._outlets = Broadcaster(self._loop, self._unread, capacity.parallel_from)
        self._garbage = GcPolicy(self._loop.time(), timing.collection_interval)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._lag_timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._server: Server | None = None

    async def open(
        self,
        listening: socket.socket,
        requests: HttpHandler,
        store: StoreWorker,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take connections on this socket, encrypted where there is a context for it."""
        self._store = store
        self._look_for_lag()
        # Declared as a class, and only ever called.
        connect = cast("type[ServerConnection]", partial(ClientConnection, observer=self))
        open_timeout = self._timing.handshake_timeout
        self._server = await serve(
            self._handle,
            sock=listening,
            process_request=requests.answer,
            create_connection=connect,
            backlog=_TAKEN_AT_ONCE,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=_QUEUE,
            open_timeout=open_timeout,
            ping_interval=None,
            close_timeout=self._timing.close_timeout,
            server_header=None,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else open_timeout,
            logger=logging.getLogger("websockets.server"),
        )
        # asyncio takes as many at once as may wait, and has set both to the same.
        listening.listen(_BACKLOG)

    async def close(self, within: float) -> None:
        """Let the store finish, say goodbye, and end every connection within so many seconds."""
        assert self._server is not None
        deadline = self._loop.time() + within
        self._core.stop(self._clock.now())
        self.perform()
        self._server.close(close_connections=False)
        try:
            async with asyncio.timeout_at(deadline - within / 2):
                while self._core.asking:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            logger.warning(log_line("stop_without_answers", count=self._core.asking))
        self._outlets.flush()
        self._core.farewell()
        self.perform()
        if self._closing:
            await asyncio.wait(self._closing, timeout=max(0.0, deadline - self._loop.time()))
        for connection in list(self.connections.values()):
            connection.transport.abort()
        for timer in (self._timer, self._lag_timer):
            if timer is not None:
                timer.cancel()
        self._outlets.close()

    def delivered(self, answers: list[StoreAnswer]) -> None:
        """What the store says."""
        now = self._clock.now()
        for answer in answers:
            self._core.stored(answer.ticket, answer.result, now)
        if not self._core.asking:
            self._idle.set()
        self.perform()

    # A connection -----------------------------------------------------------------------

    async def _handle(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientConnection)
        number = connection.peer = next(self._numbers)
        self.connections[number] = connection
        # A broken frame may have come with the handshake, and ended it already.
        if connection.protocol.state is State.OPEN:
            self._outlets.add(number, connection.transport, is_full=connection.is_full)
        try:
            await self._converse(number, connection)
        except ConnectionClosed:
            pass
        except Exception:
            # The rim: one seat's trouble must stay one seat's.
            logger.exception(log_line("connection_failed", peer=number))
        finally:
            del self.connections[number]
            self._outlets.shut(number)
            self._backlog.gone(connection)
            self._garbage.ended()
            self._core.disconnect(number, self._clock.now())
            self.perform()

    async def _converse(self, number: int, connection: ClientConnection) -> None:
        request = connection.request
        assert request is not None
        visitor = HandshakeInfo(
            address=address_of(connection),
            stream_id=socket_stream(request.path) or "",
            token=bearer(request.headers.get("Authorization")),
        )
        self._core.connect(number, visitor, self._clock.now())
        self._rearm()
        for taken in count(1):
            message = await connection.recv()
            now = self._clock.now()
            if isinstance(message, str):
                self._core.receive(number, message, now)
            else:
                self._core.malformed(number, now)
            self.perform()
            if rest := self._core.rest(number, now):
                await asyncio.sleep(rest)
            elif taken % _TURN == 0:
                # Frames that are here already are read without a pause, and many fit into
                # one packet.
                await asyncio.sleep(0)

    # A `ConnectionObserver` ----------------------------------------------------------------

    def fill_changed(self, connection: ClientConnection) -> None:
        self._outlets.fill(connection.peer, is_full=connection.is_full)

    def write_closed(self, connection: ClientConnection) -> None:
        self._outlets.shut(connection.peer)

    def lost(self, connection: ClientConnection) -> None:
        if connection.is_admitted:
            self._core.addresses.closed(address_of(connection))

    # What the core wants ----------------------------------------------------------------

    def perform(self) -> None:
        """Carry out the core's effects, and wake up for its next deadline."""
        for effect in self._core.effects():
            match effect:
                case Send():
                    self._send(effect)
                case AskStore():
                    assert self._store is not None
                    self._store.ask(effect)
                case Close(peer=peer):
                    connection = self.connections.get(peer)
                    if connection is not None:
                        self._outlets.shut(peer)
                        task = self._loop.create_task(connection.close(effect.code, effect.reason))
                        self._closing.add(task)
                        task.add_done_callback(self._closing.discard)
        self._rearm()

    def _send(self, effect: Send) -> None:
        if isinstance(effect.message, Refusal):
            logger.info(log_line("refused", peer=effect.peers[0], code=effect.message.code))
        # One frame for all: a server's has no mask and there are no extensions, so it is the
        # same for everybody. Built for each, it would cost as much again as the write.
        frame = Frame(Opcode.TEXT, encode(effect.message).encode()).serialize(mask=False)
        self._metrics.sent(effect.message, len(effect.peers))
        self._outlets.send(frame, effect.peers, is_urgent=effect.is_urgent)

    def _unread(self, peers: list[int]) -> None:
        behind = [self.connections[peer] for peer in peers]
        for slow in self._backlog.sent(behind, self._loop.time()):
            self._drop(slow, "unread")

    def _drop(self, connection: ClientConnection, why: str) -> None:
        # No goodbye: it would only wait behind everything else that is not read.
        logger.warning(log_line("dropped", reason=why))
        self._metrics.dropped[why] += 1
        self._backlog.gone(connection)
        connection.stop_writing()
        connection.transport.abort()

    def _look_for_lag(self) -> None:
        now = self._loop.time()
        for slow in self._backlog.overdue(now):
            self._drop(slow, "behind")
        silent = self._silence.look(self.connections.values(), now)
        for connection in silent.dead:
            self._drop(connection, "silent")
        for connection in silent.to_ask:
            if connection.protocol.state is State.OPEN:
                connection.transport.write(_PING)
        if self._garbage.is_due(now, len(self.connections)):
            collect()
        elif not self._core.asking:
            # While the store is busy, somebody waits for what is about to be told.
            collect_the_young()
        self._lag_timer = self._loop.call_later(self._timing.lag_interval, self._look_for_lag)

    def _rearm(self) -> None:
        deadline = self._core.next_deadline()
        if self._timer is not None:
            if deadline is not None and deadline >= self._timer_at:
                return
            self._timer.cancel()
            self._timer, self._timer_at = None, float("inf")
        if deadline is not None:
            self._timer_at = deadline
            delay = max(0.0, deadline - self._clock.instant())
            self._timer = self._loop.call_later(delay, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._core.handle_timeout(self._clock.now())
        self.perform()


def _unread_of(connection: ClientConnection) -> int:
    return connection.transport.get_write_buffer_size()
