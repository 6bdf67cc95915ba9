"""What the server relies on in asyncio, websockets and psycopg without their promise.

A failure here says that an upgrade has moved something; the module that is named uses it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.postgres import Postgres

WRITER = "server_stub/net/delivery/parallel_writer.py"
LISTENER = "server_stub/net/listen/listener.py"
CONNECTION = "server_stub/net/http/connection.py"
GATEWAY = "server_stub/net/gateway.py"
POSTGRES = "server_stub/storage/engines/postgres.py"
WITHIN = 5.0


class Heard(asyncio.Protocol):
    """Notes what its transport says."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_full = False
        self.has_data = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        self.has_data.set()

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False


class Line:
    """A transport as the server has them, and the other end of its socket."""

    def __init__(self, transport: Any, heard: Heard, end: socket.socket) -> None:
        self.transport, self.heard, self.end = transport, heard, end

    def read(self) -> bytes:
        """All that has come to the other end."""
        data = bytearray()
        try:
            while got := self.end.recv(65536):
                data += got
        except BlockingIOError:
            pass
        return bytes(data)


async def connected(stack: ExitStack) -> Line:
    ours, end = socket.socketpair()
    for one in (ours, end):
        one.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, heard = await loop.connect_accepted_socket(Heard, ours)
    transport.set_write_buffer_limits(high=0)
    stack.callback(transport.abort)
    stack.enter_context(end)
    return Line(transport, heard, end)


def filled(fd: int) -> int:
    """Bytes that the kernel has taken until there was no room.

    Were the descriptor to block, the test would end by its time limit: all would wait for one.
    """
    taken = 0
    try:
        while True:
            taken += os.write(fd, b"x" * 4096)
    except BlockingIOError:
        return taken


# Written beside a transport ------------------------------------------------------------------


async def test_a_transport_writes_at_once_so_that_what_is_written_beside_it_comes_after() -> None:
    with ExitStack() as stack:
        line = await connected(stack)
        fd = line.transport.get_extra_info("socket").fileno()
        line.transport.write(b"one ")
        assert line.transport.get_write_buffer_size() == 0, (
            f"asyncio keeps what the kernel would take: what {WRITER} writes would overtake it"
        )
        os.write(fd, b"two ")
        line.transport.write(b"three")
        assert line.read() == b"one two three", f"{WRITER} counts on one order for both ways"


async def test_a_full_descriptor_says_so_at_once_and_its_transport_too() -> None:
    with ExitStack() as stack:
        line = await connected(stack)
        fd = line.transport.get_extra_info("socket").fileno()
        taken = filled(fd)
        line.transport.write(b"the rest")
        assert line.heard.is_full, (
            f"asyncio tells of the first byte that waits only later: {WRITER} would overtake it"
        )
        got = line.read()
        async with asyncio.timeout(WITHIN):
            while line.heard.is_full:
                await asyncio.sleep(0)
                got += line.read()
        assert got + line.read() == b"x" * taken + b"the rest"


@pytest.mark.skipif(sys.platform != "linux", reason="nowhere else is there a processor to choose")
def test_a_thread_that_chooses_its_processor_leaves_the_others_theirs() -> None:
    everywhere = os.sched_getaffinity(0)
    chosen: set[int] = set()

    def choose() -> None:
        os.sched_setaffinity(0, {min(everywhere)})
        chosen.update(os.sched_getaffinity(0))

    thread = threading.Thread(target=choose)
    thread.start()
    thread.join()
    assert chosen == {min(everywhere)}, f"{WRITER} gives its thread a processor of its own"
    assert os.sched_getaffinity(0) == everywhere, f"{WRITER} would bind the whole server to one"


# Taking connections --------------------------------------------------------------------------


class Listening(socket.socket):
    """A listening socket that counts, and fails as it is told to."""

    failures: list[OSError]
    calls = 0

    def accept(self) -> tuple[socket.socket, Any]:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return super().accept()


@pytest.fixture
def listening() -> Generator[Listening]:
    with closing(Listening()) as one:
        one.failures = []
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
        one.listen(16)
        yield one


async def test_asyncio_takes_connections_by_the_socket_s_own_accept_so_many_at_a_time(
    listening: Listening,
) -> None:
    took: list[Heard] = []

    def take() -> Heard:
        took.append(Heard())
        return took[-1]

    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(socket.create_connection(listening.getsockname()))
        loop = asyncio.get_running_loop()
        server = await loop.create_server(take, sock=listening, backlog=2)
        async with server:
            turns: list[int] = []
            async with asyncio.timeout(WITHIN):
                while len(took) < 5:
                    before = listening.calls
                    await asyncio.sleep(0)
                    turns.append(listening.calls - before)
        assert max(turns) <= 2, f"asyncio takes more at once than its backlog: see {GATEWAY}"
        assert listening.calls >= 5, f"asyncio takes connections by itself: see {LISTENER}"


async def test_a_connection_that_is_not_wanted_ends_a_turn_and_not_the_server(
    listening: Listening,
) -> None:
    errors: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    listening.failures += [ConnectionAbortedError(), BlockingIOError()]
    came = asyncio.Event()

    def take() -> Heard:
        came.set()
        return Heard()

    async with await loop.create_server(take, sock=listening):
        with socket.create_connection(listening.getsockname()):
            async with asyncio.timeout(WITHIN):
                await came.wait()
    assert not errors, f"{LISTENER} turns connections away by such an error: {errors}"


async def test_without_descriptors_asyncio_says_so_in_these_words_and_tries_again(
    listening: Listening,
) -> None:
    errors: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    listening.failures.append(OSError(24, "Too many open files"))
    came = asyncio.Event()

    def take() -> Heard:
        came.set()
        return Heard()

    async with await loop.create_server(take, sock=listening):
        with socket.create_connection(listening.getsockname()):
            async with asyncio.timeout(WITHIN):
                await came.wait()
    (told,) = errors
    assert isinstance(told["exception"], OSError)
    assert "accept" in told["message"], "server_stub/observability/logging.py knows it by this word"


async def test_what_is_read_at_a_time_is_bounded_by_the_transport_s_max_size() -> None:
    with ExitStack() as stack:
        line = await connected(stack)
        assert hasattr(line.transport, "max_size"), f"{CONNECTION} bounds a reading by it"
        line.transport.max_size = 10
        line.end.send(b"x" * 25)
        async with asyncio.timeout(WITHIN):
            while sum(map(len, line.heard.pieces)) < 25:
                line.heard.has_data.clear()
                await line.heard.has_data.wait()
    assert max(map(len, line.heard.pieces)) == 10, f"max_size bounds no reading: see {CONNECTION}"


# Frames --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [5, 300, 70_000])
def test_a_server_s_frame_is_the_same_for_every_connection(size: int) -> None:
    text = b"x" * size
    shared = Frame(Opcode.TEXT, text).serialize(mask=False)
    for _ in range(2):
        protocol = ServerProtocol(state=State.OPEN)
        protocol.send_text(text)
        assert b"".join(protocol.data_to_send()) == shared, (
            f"websockets sends another frame than the one that {GATEWAY} makes for all"
        )


def test_a_connection_keeps_nothing_of_the_frames_that_it_has_sent() -> None:
    used, fresh = ServerProtocol(state=State.OPEN), ServerProtocol(state=State.OPEN)
    used.send_text(b"one of many")
    used.data_to_send()
    for protocol in (used, fresh):
        protocol.send_ping(b"")
    assert used.data_to_send() == fresh.data_to_send(), (
        f"what {GATEWAY} writes beside a connection would leave it behind"
    )


# PostgreSQL ----------------------------------------------------------------------------------


def test_psycopg_waits_for_every_answer_by_the_connection_s_own_wait(postgres: Postgres) -> None:
    psycopg = pytest.importorskip("psycopg")
    readiness: list[Any] = []
    with psycopg.connect(postgres.address().replace("+psycopg", "")) as connection:
        wait = connection.wait

        def watched(waiting: Any) -> Generator[Any, Any, Any]:
            try:
                wanted = next(waiting)
                while True:
                    ready = yield wanted
                    readiness.append(ready)
                    wanted = waiting.send(ready)
            except StopIteration as done:
                return done.value

        calls: list[str] = []

        def counted(waiting: Any, *args: Any, **options: Any) -> Any:
            calls.append("wait")
            return wait(watched(waiting), *args, **options)

        connection.wait = counted
        connection.execute("SELECT pg_sleep(0.5)")
        asked = len(calls)
        assert asked, f"psycopg does not wait by connection.wait: {POSTGRES} would wait for ever"
        assert any(not ready for ready in readiness), (
            f"psycopg does not wake while nothing comes: {POSTGRES} would notice no silence"
        )
        connection.commit()
        assert len(calls) > asked, f"psycopg commits without connection.wait: see {POSTGRES}"
        connection.pgconn.finish()
        assert connection.closed, f"{POSTGRES} gives a connection up by pgconn.finish"
