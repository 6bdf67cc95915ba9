"""What is urgent overtakes what is not; the rest keeps its order and reaches everybody."""

from __future__ import annotations

import asyncio
from typing import cast

from server_stub.capacity import Capacity
from server_stub.net.delivery.fanout import SLICE, Broadcaster


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.unread = 0
        self.is_ended = False

    def write(self, data: bytes) -> None:
        if self.is_ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def get_extra_info(self, name: str) -> object:
        # Encrypted, so that nothing is written but by the transport.
        return name if name == "sslcontext" else None


class Crowd:
    def __init__(self, count: int) -> None:
        self.waiting: list[int] = []
        self.outlets = Broadcaster(
            asyncio.get_running_loop(), self.waiting.extend, Capacity().parallel_from
        )
        self.transports = {peer: Transport() for peer in range(count)}
        for peer, transport in self.transports.items():
            self.outlets.add(peer, cast("asyncio.WriteTransport", transport), is_full=False)
        self.everybody = tuple(self.transports)

    def told(self, frame: bytes) -> int:
        return sum(frame in transport.written for transport in self.transports.values())


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_not_urgent_is_told_a_few_seats_at_a_time() -> None:
    crowd = Crowd(3 * SLICE)
    crowd.outlets.send(b"chat", crowd.everybody, is_urgent=False)
    assert crowd.told(b"chat") == 0
    await turns(1)
    assert crowd.told(b"chat") == SLICE
    await turns(3)
    assert crowd.told(b"chat") == 3 * SLICE


async def test_what_is_urgent_overtakes_it() -> None:
    crowd = Crowd(2 * SLICE)
    crowd.outlets.send(b"chat", crowd.everybody, is_urgent=False)
    await turns(1)
    crowd.outlets.send(b"event", crowd.everybody, is_urgent=True)
    assert crowd.told(b"event") == 2 * SLICE
    assert crowd.told(b"chat") == SLICE


async def test_the_rest_keeps_its_order_for_a_few_as_well() -> None:
    crowd = Crowd(2 * SLICE)
    crowd.outlets.send(b"first", crowd.everybody, is_urgent=False)
    crowd.outlets.send(b"second", (0, 2 * SLICE - 1), is_urgent=False)
    await turns(6)
    last = crowd.transports[2 * SLICE - 1]
    assert last.written == [b"first", b"second"]
    crowd.outlets.send(b"third", (0, 1), is_urgent=False)
    assert crowd.told(b"third") == 2


async def test_before_the_end_everything_is_written() -> None:
    crowd = Crowd(3 * SLICE)
    crowd.outlets.send(b"chat", crowd.everybody, is_urgent=False)
    crowd.outlets.flush()
    assert crowd.told(b"chat") == 3 * SLICE
    await turns(1)


async def test_who_has_gone_or_is_closing_costs_nobody_else() -> None:
    crowd = Crowd(3)
    crowd.outlets.shut(0)
    crowd.transports[1].is_ended = True
    crowd.transports[2].unread = 7
    crowd.outlets.send(b"event", crowd.everybody, is_urgent=True)
    assert [len(transport.written) for transport in crowd.transports.values()] == [0, 0, 1]
    assert crowd.waiting == [2]
    crowd.transports[1].is_ended = False
    crowd.outlets.send(b"event", crowd.everybody, is_urgent=True)
    assert crowd.told(b"event") == 1
