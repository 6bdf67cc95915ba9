"""Databases and homes to test with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from protocol.exceptions import SchemaTooNew
from server_stub.storage.memory import MemoryStore
from tests.databases import Place
from tests.postgres import Postgres, find_programs

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from server_stub.storage.base import Store


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, without display and settings of whoever runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MATINEE_", "XDG_"))}
    kept.pop("DISPLAY", None)
    kept.pop("WAYLAND_DISPLAY", None)
    folders = {name: str(tmp_path / name) for name in ("data", "config", "state", "run")}
    (tmp_path / "run").mkdir(mode=0o700)
    return kept | {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": folders["data"],
        "XDG_CONFIG_HOME": folders["config"],
        "XDG_STATE_HOME": folders["state"],
        "XDG_RUNTIME_DIR": folders["run"],
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    """A running PostgreSQL, one for the whole run."""
    programs = find_programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL here: scripts/setup --tests installs it")
    pytest.importorskip("psycopg", reason="the package psycopg is not installed")
    server = Postgres(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def party_database(postgres: Postgres) -> Place:
    """In it; made once."""
    return Place(postgres.create())


@pytest.fixture
def postgres_place(party_database: Place) -> Place:
    """An empty database in it."""
    try:
        party_database.clear()
    except SchemaTooNew:
        party_database.execute("DROP TABLE alembic_version")
        party_database.clear()
    return party_database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each engine has its turn; memory only where nobody looks into a database."""
    if "engine" in metafunc.fixturenames:
        engines = ["sqlite", "postgres"]
        if "place" not in metafunc.fixturenames:
            engines.insert(0, "memory")
        metafunc.parametrize("engine", engines)


@pytest.fixture
def place(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new database of each kind."""
    if engine == "sqlite":
        return Place(str(tmp_path / "folder" / "party.db"))
    place: Place = request.getfixturevalue("postgres_place")
    return place


@pytest.fixture
def empty_store(engine: str, request: pytest.FixtureRequest) -> Generator[Store]:
    """A store of each kind: in memory, or in ``place``."""
    if engine == "memory":
        yield MemoryStore()
        return
    place: Place = request.getfixturevalue("place")
    opened = place.open()
    yield opened
    opened.close()
