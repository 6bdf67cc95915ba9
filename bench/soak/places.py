"""Where a soak's server keeps its log, and the server itself."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from server_stub.storage.factory import open_database
from server_stub.storage.sql.mapping import event_of, record_of
from server_stub.storage.sql.schema import playback_events, streams
from tests.cast import ServerProcess
from tests.postgres import Postgres, find_programs

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import AsyncGenerator

    from protocol.server.log.record import StreamRecord
    from protocol.wire.messages import Event

ENGINES = ("sqlite", "postgres")


def add_engine(parser: ArgumentParser) -> None:
    """The option that every soak of the server has."""
    parser.add_argument("--engine", choices=ENGINES, default="sqlite", help="where the log is kept")


class Place:
    """A database of one kind, empty at first."""

    def __init__(self, folder: Path, postgres: Postgres | None) -> None:
        self.folder = folder
        self.postgres = postgres
        self.address = postgres.create() if postgres else str(folder / "party.db")

    def log(self, stream_id: str) -> tuple[StreamRecord, list[Event]]:
        """One stream and all its events; a file must not be in use."""
        events = sa.select(playback_events).where(playback_events.c.stream_id == stream_id)
        events = events.order_by(playback_events.c.epoch, playback_events.c.seq)
        with (
            open_database(self.address).opened(alone=False) as engine,
            engine.begin() as connection,
        ):
            row = connection.execute(sa.select(streams).where(streams.c.id == stream_id))
            record = record_of(row.mappings().one())
            return record, [event_of(row) for row in connection.execute(events).mappings()]


@asynccontextmanager
async def place(engine: str) -> AsyncGenerator[Place]:
    """A database for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="matinee-soak-") as name:
        if engine == "sqlite":
            yield Place(Path(name), None)
            return
        programs = find_programs()
        if programs is None:
            sys.exit("there is no PostgreSQL here: scripts/setup --tests installs it")
        server = Postgres(programs)
        try:
            server.start(durable=True)
            yield Place(Path(name), server)
        finally:
            await asyncio.to_thread(server.remove)


class Server(ServerProcess):
    """One life of the server, on a port that outlives it."""

    def __init__(self, where: Place, port: int, module: str = "server_stub") -> None:
        super().__init__()
        self._where = where
        self._port = port
        self._module = module

    async def open(self) -> Server:
        """Returns once it can be reached."""
        await self.launch(
            *(sys.executable, "-m", self._module, "--listen", f"127.0.0.1:{self._port}", "--json"),
            *("--database", self._where.address, "--log-file", str(self.log_file)),
        )
        self.url = str((await self.wait_for("listening", within=30.0))["url"])
        return self

    @property
    def log_file(self) -> Path:
        """Of all lives."""
        return self._where.folder / "server.log"

    async def crash(self) -> None:
        """End it at once."""
        self.kill(signal.SIGKILL)
        await self.wait()
        await self.end()


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
