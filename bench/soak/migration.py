"""The schema goes down and up with 100,000 events in it, and is killed on the way.

Rows must be equal afterwards, a newer schema refused, and a change that was killed undone.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from bench.soak.filling import fill
from bench.soak.places import add_engine, place
from bench.table import table
from protocol.exceptions import SchemaTooNew
from server_stub.storage import admin
from server_stub.storage.factory import open_database
from server_stub.storage.sql.schema import metadata

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FIRST: Final = "0001"
"""Below it there are no streams, and nothing to come back to."""
NEXT_TO_FIRST: Final = "0002"
HEAD: Final = ("events", "steps", "down s", "up s", "killed", "of these undone", "done")


def arguments(parser: ArgumentParser) -> None:
    """Add this soak's options."""
    add_engine(parser)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10, help="of a change that is under way")


def run(options: Namespace) -> list[str]:
    """Change, kill, print a table; returns what is wrong."""
    return asyncio.run(_migration(options))


async def _migration(options: Namespace) -> list[str]:
    async with place(options.engine) as where:
        return await asyncio.to_thread(_change, where.address, options)


def _change(address: str, options: Namespace) -> list[str]:
    wrong: list[str] = []
    fill(address, options.rows, days=1.0)
    before = _everything(address)
    newest = admin.schema_status(address).newest
    began, steps = time.monotonic(), 0
    while admin.change_schema(address, "down").status.current != FIRST:
        steps += 1
    down = time.monotonic() - began
    began = time.monotonic()
    admin.change_schema(address, "up")
    up = time.monotonic() - began
    if _everything(address) != before:
        wrong.append("down and up left other rows")
    undone, done = _killed(address, options.kills, down / max(1, steps), wrong)
    admin.change_schema(address, "up")
    if _everything(address) != before:
        wrong.append("rows differ after changes that were killed")
    wrong += _newer(address, newest)
    row = [f"{options.rows:,}", str(steps + 1), f"{down:.2f}", f"{up:.2f}", str(options.kills)]
    print(table(f"migration, {options.engine}", HEAD, [[*row, str(undone), str(done)]]))
    return wrong


def _killed(address: str, times: int, lasts: float, wrong: list[str]) -> tuple[int, int]:
    """Kill changes in the middle; how many were undone and how many were done already."""
    undone = done = 0
    began = time.monotonic()
    subprocess.run(_command("status", address), stdout=subprocess.DEVNULL, check=True)
    start = time.monotonic() - began
    for number in range(times):
        before = admin.schema_status(address)
        way = "up" if number % 2 or before.current <= NEXT_TO_FIRST else "down"
        child = subprocess.Popen(
            _command(way, address),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # About as long as it takes to begin, then anywhere in the change.
        time.sleep(random.uniform(0.7, 1.0) * start + random.uniform(0.0, 1.5 * lasts))
        child.send_signal(signal.SIGKILL)
        child.wait()
        try:
            after = admin.schema_status(address)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            wrong.append(f"row 28: after a kill on the way {way}: {error}")
            continue
        undone += after == before
        done += after != before
    return undone, done


def _command(way: str, address: str) -> list[str]:
    return [sys.executable, "-m", "server_stub", "migrate", way, "--database", address]


def _newer(address: str, newest: str) -> list[str]:
    version = "UPDATE alembic_version SET version_num = '{}'"
    _execute(address, version.format("9999"))
    try:
        open_database(address).open_store().close()
    except SchemaTooNew:
        _execute(address, version.format(newest))
        return []
    return ["a newer schema was not refused"]


def _execute(address: str, sql: str) -> None:
    with open_database(address).opened(alone=False) as engine, engine.begin() as connection:
        connection.exec_driver_sql(sql)


def _everything(address: str) -> dict[str, tuple[int, str]]:
    """How many rows each table has, and a digest of all their values."""
    found: dict[str, tuple[int, str]] = {}
    with open_database(address).opened(alone=False) as engine, engine.begin() as connection:
        for name, columns in metadata.tables.items():
            query: sa.Select[Any] = sa.select(columns).order_by(*columns.primary_key.columns)
            digest, count = hashlib.sha256(), 0
            for row in connection.execution_options(yield_per=1000).execute(query):
                digest.update(repr(tuple(row)).encode())
                count += 1
            found[name] = count, digest.hexdigest()
    return found
