"""Databases to test with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.exceptions import SchemaTooNew
from tests.databases import Place
from tests.postgres import Postgres, find_programs

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


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


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new database of each kind."""
    if request.param == "sqlite":
        return Place(str(tmp_path / "folder" / "party.db"))
    place: Place = request.getfixturevalue("postgres_place")
    return place
