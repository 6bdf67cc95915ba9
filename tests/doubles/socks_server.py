"""A SOCKS5 server that connects every name to one port of this machine."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class SocksServer:
    """What it was asked for, and where it is."""

    def __init__(self, listener: socket.socket, target: int) -> None:
        self._listener = listener
        self._target = target
        self.port: int = listener.getsockname()[1]
        self.asked: list[tuple[str, int]] = []

    def accept(self) -> None:
        """Serve until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                made, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(made,), daemon=True).start()

    def _serve(self, made: socket.socket) -> None:
        with made, contextlib.suppress(OSError):
            reader = made.makefile("rb")
            reader.read(reader.read(2)[1])
            made.sendall(b"\5\0")
            kind = reader.read(4)[3]
            if kind == 3:
                host = reader.read(reader.read(1)[0]).decode()
            else:
                host = socket.inet_ntop(socket.AF_INET, reader.read(4))
            self.asked.append((host, int.from_bytes(reader.read(2), "big")))
            with socket.create_connection(("127.0.0.1", self._target)) as target:
                made.sendall(b"\5\0\0\1\0\0\0\0\0\0")
                back = threading.Thread(target=_pump, args=(target, made), daemon=True)
                back.start()
                _pump(made, target)
                back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def socks_server(target: int) -> Generator[SocksServer]:
    """Serve for as long as the context lasts; whatever is asked for is ``target``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = SocksServer(listener, target)
        threading.Thread(target=server.accept, daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
