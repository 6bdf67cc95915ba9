"""Two threads write one frame to many real sockets: each has it once, whole, and in its turn."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections import Counter
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from server_stub.capacity import Capacity
from server_stub.net.delivery.fanout import Broadcaster
from server_stub.net.delivery.parallel_writer import PORTION, ParallelWriter, WriteTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

FRAME = b"a frame that everybody gets"
PARALLEL = Capacity().parallel_from
PROCESSORS = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()


class Filling(asyncio.Protocol):
    """Tells, as the server's connections do, when something waits."""

    def __init__(self) -> None:
        self.fill: Callable[..., None] | None = None

    def pause_writing(self) -> None:
        if self.fill:
            self.fill(is_full=True)

    def resume_writing(self) -> None:
        if self.fill:
            self.fill(is_full=False)


class Crowd:
    """Transports, and the other ends of their sockets."""

    def __init__(self) -> None:
        self.protocols: list[Filling] = []
        self.outlets: list[WriteTarget] = []
        self.ends: list[socket.socket] = []

    async def come(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for peer in range(count):
            ours, end = socket.socketpair()
            for one in (ours, end):
                one.setblocking(False)
            protocol = Filling()
            transport, _ = await loop.connect_accepted_socket(lambda made=protocol: made, ours)
            transport.set_write_buffer_limits(high=0)
            self.protocols.append(protocol)
            self.outlets.append(WriteTarget(peer, transport))
            self.ends.append(end)

    def read(self, peer: int) -> bytes:
        data = bytearray()
        try:
            while got := self.ends[peer].recv(65536):
                data += got
        except BlockingIOError:
            pass
        return bytes(data)

    def fill(self, peer: int) -> bytes:
        """All that the kernel takes for one who does not read, but for a few bytes."""
        filling = bytearray()
        try:
            while True:
                filling += b"x" * os.write(self.outlets[peer].fd, b"x" * 1000)
        except BlockingIOError:
            pass
        return bytes(filling)

    def outlets_of(self, waiting: Callable[[list[int]], None]) -> Broadcaster:
        """As the gateway has them."""
        made = Broadcaster(asyncio.get_running_loop(), waiting, PARALLEL)
        for outlet, protocol in zip(self.outlets, self.protocols, strict=True):
            made.add(outlet.peer, outlet.transport, is_full=False)
            protocol.fill = partial(made.fill, outlet.peer)
        return made

    def leave(self) -> None:
        for outlet, end in zip(self.outlets, self.ends, strict=True):
            outlet.transport.abort()
            end.close()


@contextmanager
def crowd() -> Generator[Crowd]:
    there = Crowd()
    try:
        yield there
    finally:
        there.leave()


@pytest.mark.parametrize("count", [3, PARALLEL, 2 * PARALLEL + 7])
async def test_everybody_has_every_frame_once(count: int) -> None:
    with crowd() as many, closing(ParallelWriter()) as two:
        await many.come(count)
        for number in range(5):
            assert not two.write(FRAME + b"%d" % number, many.outlets, ())
        whole = b"".join(FRAME + b"%d" % number for number in range(5))
        assert Counter(many.read(peer) for peer in range(count)) == {whole: count}


@pytest.mark.skipif(len(PROCESSORS) < 2, reason="one processor: there is nothing to share")
async def test_two_threads_write_and_the_processors_are_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, rest_is_done = threading.Barrier(2, timeout=10.0), threading.Event()
    names = Counter[str]()
    where = set[frozenset[int]]()
    write = os.write

    def watched(fd: int, data: bytes) -> int:
        name = threading.current_thread().name
        names[name] += 1
        where.add(frozenset(os.sched_getaffinity(0)))
        if name != "writer" and names[name] == PARALLEL - PORTION:
            rest_is_done.set()
        elif names[name] == 1:
            # Neither is through before the other has begun.
            begun.wait()
        elif name == "writer":
            assert rest_is_done.wait(10.0)
        return write(fd, data)

    monkeypatch.setattr(os, "write", watched)
    with crowd() as many, closing(ParallelWriter()) as two:
        await many.come(PARALLEL)
        two.write(FRAME, many.outlets, ())
        assert sum(names.values()) == PARALLEL
    assert names["writer"] == PORTION
    assert where == {frozenset({max(PROCESSORS)}), frozenset(PROCESSORS - {max(PROCESSORS)})}
    assert os.sched_getaffinity(0) == PROCESSORS


async def test_what_the_kernel_does_not_take_is_left_and_nobody_else_waits() -> None:
    with crowd() as many, closing(ParallelWriter()) as two:
        await many.come(PARALLEL)
        many.fill(3)
        many.ends[4].close()
        left = two.write(FRAME, many.outlets, ())
        assert {one.outlet.peer for one in left} == {3, 4}
        told = [peer for peer in range(PARALLEL) if peer not in (3, 4)]
        assert {many.read(peer) for peer in told} == {FRAME}


async def test_of_a_frame_that_is_taken_in_part_the_rest_is_left() -> None:
    with crowd() as many, closing(ParallelWriter()) as two:
        await many.come(1)
        long = bytes(range(256)) * 8000
        [left] = two.write(long, many.outlets, ())
        taken = many.read(0)
        assert taken
        assert left.rest
        assert taken + left.rest == long


async def test_who_is_slow_is_left_to_his_transport() -> None:
    with crowd() as many, closing(ParallelWriter()) as two:
        await many.come(2)
        [left] = two.write(FRAME, many.outlets, {1})
        assert left == (many.outlets[1], FRAME)
        assert (many.read(0), many.read(1)) == (FRAME, b"")


async def test_one_who_reads_late_gets_all_of_it_in_order() -> None:
    with crowd() as many:
        await many.come(PARALLEL)
        waiting: list[int] = []
        outlets = many.outlets_of(waiting.extend)
        expected = many.fill(7)
        everybody = tuple(range(PARALLEL))
        frames = [bytes([number]) * (number * 37 % 5000 + 1) for number in range(1, 60)]
        got = b""
        for number, frame in enumerate(frames):
            outlets.send(frame, everybody, is_urgent=True)
            if number % 7 == 3:
                # It reads a little; the loop may write more of what waits.
                got += many.ends[7].recv(2000)
                await asyncio.sleep(0)
            many.read(8)
        assert set(waiting) == {7}
        whole = expected + b"".join(frames)
        while len(got) < len(whole):
            got += many.read(7)
            await asyncio.sleep(0)
        assert got == whole
        outlets.close()


async def test_nothing_is_written_to_one_that_has_gone() -> None:
    with crowd() as many:
        await many.come(PARALLEL)
        outlets = many.outlets_of(lambda _: None)
        outlets.shut(5)
        outlets.send(FRAME, tuple(range(PARALLEL)), is_urgent=True)
        assert many.read(5) == b""
        assert many.read(6) == FRAME
        outlets.close()
