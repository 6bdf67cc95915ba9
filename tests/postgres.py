"""A PostgreSQL server of the tests' own, on a socket in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

OWNERS = ("postgres", "nobody")
"""Who runs it when we are root, since PostgreSQL refuses to be run by root."""


class Postgres:
    """One server, from `start` to `remove`; it may be stopped and started in between."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # A socket's path must be short, so it is not below pytest's folders.
        self.folder = Path(tempfile.mkdtemp(prefix="matinee-pg-"))
        self._owner: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            users = {user.pw_name: user for user in pwd.getpwall()}
            self._owner = next(users[name] for name in OWNERS if name in users)
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        self._numbers = count(1)
        self._frozen: list[int] = []
        self._run("initdb", "--no-sync", "-A", "trust", "-U", "matinee", "-E", "UTF8", "--locale=C")

    def start(self, *, durable: bool = False) -> None:
        """Returns once it takes connections.

        The machine is not going to lose its power, and flushing takes the tests' time: it is
        only done when ``durable``.
        """
        fsync = "on" if durable else "off"
        settings = f"-k {self.folder} -h '' -c fsync={fsync} -c deadlock_timeout=100ms"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-l", log, "-o", settings)

    def stop(self) -> None:
        """At once, as in a crash."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def freeze(self) -> None:
        """Stop all of its processes where they are; `thaw` lets them go on."""
        main = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        served = self.execute("SELECT pid FROM pg_stat_activity")
        self._frozen = [main, *(int(pid) for (pid,) in served)]
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """After `freeze`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for pid in self._frozen:
            # The one that told of the others has ended.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def remove(self) -> None:
        """End it and leave nothing."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def address(self, name: str = "postgres") -> str:
        """Of one of its databases."""
        return f"postgresql://matinee@/{name}?host={self.folder}"

    def create(self, encoding: str = "UTF8") -> str:
        """A new database; returns its address."""
        name = f"party_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}'")
        return self.address(name)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement beside whatever else is going on; its rows."""
        url = sa.make_url(self.address()).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            found = connection.exec_driver_sql(sql)
            return [tuple(row) for row in found] if found.returns_rows else []

    def end_connections(self, address: str) -> None:
        """All of one database, as an administrator, a firewall or a restart does."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = '{database_name(address)}'"
        )

    def _run(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: a server would keep a pipe open.
        with (self.folder / "output").open("w+") as output:
            done = subprocess.run(
                [self._programs / program, "-D", str(self.folder / "data"), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd="/",
                user=self._owner and self._owner.pw_uid,
                group=self._owner and self._owner.pw_gid,
                extra_groups=[] if self._owner else None,
            )
            output.seek(0)
            assert done.returncode == 0, output.read()


def database_name(address: str) -> str:
    """What a database at `Postgres.address` is called."""
    return address.rpartition("?")[0].rpartition("/")[2]


def find_programs() -> Path | None:
    """Where initdb and its like are."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None
