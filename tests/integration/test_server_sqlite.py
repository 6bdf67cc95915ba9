"""The store in a file: who else has it, what else it may be, a full disk, copies of it."""

from __future__ import annotations

import resource
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from protocol.exceptions import SettingsError, StoreLocked, StoreUnusable
from protocol.server.core.store_calls import ReadEvents, ReadSince, StoreFailed
from protocol.server.log.requests import Appended, AppendRequest
from protocol.wire.messages import Command, Cursor, LoadAct, Media, PlayAct, SeekAct
from server_stub.storage import admin
from server_stub.storage.engines.sqlite import BACKEND, open_engine, open_sqlite
from server_stub.storage.factory import open_database
from server_stub.storage.sql.sql_store import SqlStore
from server_stub.timing import ServerTiming
from tests.databases import HOST, NOW, STREAM, Place, create, entry

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "party.db"


@pytest.fixture
def store(path: Path) -> Generator[SqlStore]:
    opened = open_sqlite(path)
    yield opened
    opened.close()


def test_a_full_disk_acknowledges_nothing_stays_readable_and_recovers(
    store: SqlStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    create(store)
    store.close()
    engine = open_engine(path, ServerTiming())
    again = SqlStore(engine, BACKEND)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    kept, answer = 0, None

    def load() -> AppendRequest:
        media = Media(f"other-{kept:04d}", "file", title="secret " + "x" * 190)
        act = LoadAct(media)
        command = Command(f"load-{kept:05d}", 1, kept + 1, Cursor(kept + 1, 1), act)
        return AppendRequest(STREAM, command.event_id, HOST, "Ana", command, NOW)

    while not isinstance(answer, StoreFailed):
        (answer,) = again.perform([load()])
        assert isinstance(answer, Appended | StoreFailed)
        kept += isinstance(answer, Appended)
    assert answer == StoreFailed("storage_full")
    assert "secret" not in caplog.text
    (read,) = again.perform([ReadSince(STREAM, Cursor(1, 0), 300)])
    assert isinstance(read, ReadEvents)
    assert read.record.epoch == kept + 1
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    (answer,) = again.perform([load()])
    assert isinstance(answer, Appended)
    again.close()


def test_a_second_server_on_one_file_is_told_so(store: SqlStore, path: Path) -> None:
    create(store)
    with pytest.raises(StoreLocked, match="another server uses the database"):
        open_sqlite(path)
    assert store.perform([entry(1, PlayAct())])


def test_what_is_no_database_of_ours_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database " * 500)
    foreign, other = tmp_path / "foreign.db", tmp_path / "other.db"
    for file in (foreign, other):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE songs (title TEXT)")
            if file is other:
                connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
                connection.execute("INSERT INTO alembic_version VALUES ('0a1b')")
                connection.commit()
    before = [file.read_bytes() for file in (text, foreign, other)]
    for path, words in (
        (text, "is not a database"),
        (foreign, "belongs to another program"),
        (other, "belongs to another program"),
        (tmp_path, "cannot be used"),
        (text / "below.db", "cannot be made"),
    ):
        with pytest.raises(StoreUnusable, match=words):
            open_sqlite(path)
    assert [file.read_bytes() for file in (text, foreign, other)] == before
    assert {file.name for file in tmp_path.iterdir()} == {"notes.txt", "foreign.db", "other.db"}


def test_somebody_elses_file_in_use_is_not_waited_for_long(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLocked, match="another server uses"):
            open_sqlite(tmp_path / "foreign.db")


def test_a_path_or_an_address_names_a_file(tmp_path: Path) -> None:
    for address in (f"sqlite:///{tmp_path}/a.db", f"{tmp_path}/a.db"):
        assert open_database(address).name == f"{tmp_path}/a.db"
    for wrong in ("mysql://localhost/x", "sqlite://x", "sqlite:///", ""):
        with pytest.raises(SettingsError):
            open_database(wrong)


def test_an_older_schema_is_backed_up_and_brought_up(store: SqlStore, path: Path) -> None:
    create(store)
    store.close()
    before = Place(str(path)).everything()
    while admin.change_schema(str(path), "down").status.current > "0001":
        pass
    open_sqlite(path).close()
    assert Place(str(path)).everything() == before
    backup = path.with_name("party.db.backup-0001")
    with closing(sqlite3.connect(backup)) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert revision == "0001"


def test_maintenance_of_nothing_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="there is no database"):
        admin.maintain(str(tmp_path / "none.db"))
    with pytest.raises(StoreUnusable, match="there is no database"):
        admin.schema_status(str(tmp_path / "none.db"))


def test_the_log_is_copied_back_once_enough_is_written(store: SqlStore, path: Path) -> None:
    create(store)
    assert not store.tidy()
    before = path.stat().st_size
    for number in range(1, 25):
        store.perform([entry(number, SeekAct(float(number)))])
    assert path.stat().st_size == before
    assert store.tidy()
    assert path.stat().st_size > before
    assert not store.tidy()


def test_a_log_that_cannot_be_copied_back_loses_nothing(
    store: SqlStore, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    create(store)
    for number in range(1, 25):
        store.perform([entry(number, SeekAct(float(number)))])
    # The file may not grow, as on a full disk.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
        assert store.tidy()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "event=log_not_copied" in caplog.text
    store.close()
    assert Place(str(path)).everything()
