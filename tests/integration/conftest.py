"""Databases to test with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new database of each kind."""
    if request.param == "sqlite":
        return Place(str(tmp_path / "folder" / "party.db"))
    server: Postgres = request.getfixturevalue("postgres")
    return Place(server.create())
