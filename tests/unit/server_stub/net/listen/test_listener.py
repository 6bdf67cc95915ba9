"""Who connects and says nothing takes no place from who asks for something."""

from __future__ import annotations

import errno
import resource
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from server_stub.net.listen.listener import (
    RESERVE,
    BoundedListener,
    most_connections,
    raise_open_files,
)

if TYPE_CHECKING:
    from collections.abc import Generator


class House:
    """An entrance, and those who come from addresses of this machine."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def build(self, each: int, most: int, unbounded: str = "") -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.entrance = self._stack.enter_context(
            BoundedListener(listening, each, most, lambda address: address == unbounded)
        )

    def come(self, address: str) -> tuple[socket.socket, socket.socket]:
        """One end of a new connection and, once it has been taken, the other."""
        here = self._stack.enter_context(
            socket.create_connection(
                self.entrance.getsockname(), source_address=(address, 0), timeout=5.0
            )
        )
        there, (said, _) = self.entrance.accept()
        assert said == address
        return here, self._stack.enter_context(there)

    def is_turned_away(self, address: str) -> bool:
        with pytest.raises(ConnectionAbortedError):
            self.come(address)
        return True


@pytest.fixture
def house() -> Generator[House]:
    with ExitStack() as stack:
        yield House(stack)


def is_over(here: socket.socket) -> bool:
    here.settimeout(0.0)
    try:
        return here.recv(1) == b""
    except BlockingIOError:
        return False


def test_so_many_of_one_address_may_be_silent(house: House) -> None:
    house.build(each=2, most=100)
    _, asking = house.come("127.0.0.1")
    _, leaving = house.come("127.0.0.1")
    assert house.is_turned_away("127.0.0.1")
    house.come("127.0.0.2")
    house.entrance.has_asked(asking.fileno())
    house.come("127.0.0.1")
    assert house.is_turned_away("127.0.0.1")
    leaving.close()
    leaving.close()
    house.come("127.0.0.1")


def test_a_proxy_may_have_any_number(house: House) -> None:
    house.build(each=1, most=100, unbounded="127.0.0.9")
    for _ in range(5):
        house.come("127.0.0.9")


def test_of_all_who_are_silent_the_oldest_goes_first(house: House) -> None:
    house.build(each=10, most=4)
    asking, asked = house.come("127.0.0.1")
    house.entrance.has_asked(asked.fileno())
    oldest, _ = house.come("127.0.0.2")
    older, _ = house.come("127.0.0.3")
    newest, _ = house.come("127.0.0.4")
    assert [is_over(one) for one in (asking, oldest, older, newest)] == [False, True, False, False]


def test_a_full_house_takes_nobody_and_makes_room(house: House) -> None:
    house.build(each=10, most=2)
    _, asked = house.come("127.0.0.1")
    house.entrance.has_asked(asked.fileno())
    silent, ending = house.come("127.0.0.2")
    assert house.is_turned_away("127.0.0.3")
    assert is_over(silent)
    ending.close()
    _, second = house.come("127.0.0.3")
    house.entrance.has_asked(second.fileno())
    assert house.is_turned_away("127.0.0.4")


def test_without_descriptors_it_fails_once_and_then_has_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.build(each=10, most=10)

    def refuse(_: object) -> tuple[socket.socket, object]:
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "accept", refuse)
        for _ in range(2):
            with pytest.raises(OSError, match="too many open files"):
                house.entrance.accept()
            with pytest.raises(BlockingIOError):
                house.entrance.accept()
    house.come("127.0.0.1")


@pytest.mark.parametrize(
    ("limits", "refused", "raised"),
    [
        ((256, 4096), (), 4096),
        ((4096, 4096), (), 4096),
        ((256, resource.RLIM_INFINITY), (), resource.RLIM_INFINITY),
        ((256, resource.RLIM_INFINITY), (resource.RLIM_INFINITY,), 10_240),
        ((20_000, resource.RLIM_INFINITY), (resource.RLIM_INFINITY,), 20_000),
        ((256, 512), (512, 10_240), 256),
    ],
)
def test_as_many_files_may_be_open_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], refused: tuple[int, ...], raised: int
) -> None:
    now = limits

    def get(_: int) -> tuple[int, int]:
        return now

    def put(_: int, wanted: tuple[int, int]) -> None:
        nonlocal now
        if wanted[0] in refused:
            raise ValueError
        now = wanted

    monkeypatch.setattr(resource, "getrlimit", get)
    monkeypatch.setattr(resource, "setrlimit", put)
    raise_open_files()
    assert now == (raised, limits[1])
    assert most_connections() == (10_240 if raised < 0 else raised) - RESERVE
