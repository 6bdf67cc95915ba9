"""Opens a SQLite file as a store: ours alone, durable, at the newest schema."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from protocol.exceptions import StorageFull, StoreError, StoreLocked, StoreUnusable
from protocol.log_line import log_line
from server_stub.storage import migrate
from server_stub.storage.sql.retention import maintenance
from server_stub.storage.sql.sql_store import Backend, SqlStore, Trouble
from server_stub.timing import ServerTiming

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sqlalchemy.engine import Engine

logger = logging.getLogger("matinee.store")

_TIMING: Final = ServerTiming()
_ANOTHER: Final = "name another file with --database"
_COPIED_AFTER: Final = 40
"""Rows written until the log is copied back in the next pause: 20 appends, which are 100 pages."""
_WRITE_AHEAD: Final = 2
"""What byte 18 of a file is then."""


class SqliteDatabase:
    """A file as a `server_stub.storage.factory.Database`.

    Args:
        path: absolute.
        timing: how long a file in use is waited for.
    """

    def __init__(self, path: Path, timing: ServerTiming = _TIMING) -> None:
        self.path = path
        self._timing = timing
        self.name = str(path)

    def open_store(self) -> SqlStore:
        """See `Database`."""
        return open_sqlite(self.path, self._timing)

    def open_kept(self) -> SqlStore:
        """See `Database`."""
        self._must_exist()
        with self._in_use():
            return open_sqlite(self.path, self._timing)

    @contextmanager
    def opened(self, *, alone: bool) -> Generator[Engine]:
        """See `Database`; a file is always ours alone."""
        del alone
        self._must_exist()
        with self._in_use():
            engine = open_engine(self.path, self._timing)
        try:
            with explained(self.path):
                yield engine
        finally:
            engine.dispose()

    def back_up(self, engine: Engine, revision: str) -> Path:
        """See `Database`: a copy beside it."""
        return back_up(engine, self.path, revision)

    def _must_exist(self) -> None:
        if not self.path.is_file():
            raise StoreUnusable(
                f"there is no database {self.path}",
                "host a party first, or name one with --database",
            )

    @contextmanager
    def _in_use(self) -> Generator[None]:
        try:
            yield
        except StoreLocked:
            raise StoreLocked(
                f"a server is using the database {self.path}",
                "end that party or stop that server first, or name another file with --database",
            ) from None


def open_sqlite(path: Path, timing: ServerTiming = _TIMING) -> SqlStore:
    """The store in this file, made and brought to the newest schema where needed.

    Raises:
        StoreUnusable: it cannot be a database of ours.
        StoreLocked: another server has it.
        SchemaTooNew: a newer matinee wrote it.
        StorageFull: there is no room for it.
    """
    engine = open_engine(path, timing)
    try:
        with explained(path):
            _bring_up_to_date(engine, path)
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, BACKEND)


def open_engine(path: Path, timing: ServerTiming) -> Engine:
    """The file, for this process alone, whatever its schema.

    Raises:
        StoreError: as `open_sqlite`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(
            f"the folder {path.parent} cannot be made ({error.strerror})", _ANOTHER
        ) from None
    with explained(path):
        _look_before(path, timing)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        poolclass=StaticPool,
        # What fails is logged, and the values are people's names and titles.
        hide_parameters=True,
        json_serializer=_json_text,
        json_deserializer=msgspec.json.decode,
        connect_args={"check_same_thread": False, "timeout": timing.busy_timeout},
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        with explained(path), engine.connect():
            pass
    except BaseException:
        engine.dispose()
        raise
    return engine


def _look_before(path: Path, timing: ServerTiming) -> None:
    """Refuse somebody else's file before it is switched to a write-ahead log.

    One that has such a log already is not changed by being opened, and is looked at then.
    """
    try:
        with path.open("rb") as file:
            header = file.read(20)
    except OSError:
        # Not there yet, or explained by the opening.
        return
    if not header.startswith(b"SQLite format 3\0") or header[18] == _WRITE_AHEAD:
        return
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            f"{path.as_uri()}?mode=ro", uri=True, timeout=timing.busy_timeout
        ),
        poolclass=StaticPool,
    )
    try:
        with engine.connect() as connection:
            migrate.status(connection)
    finally:
        engine.dispose()


def _json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by `_begin`: the driver would leave DDL and reads outside.
    connection.isolation_level = None
    # Held from the first access on: a second server on this file fails at once.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    # An acknowledgement is a promise that outlives the power.
    connection.execute("PRAGMA synchronous = FULL")
    # Only where there is never a pause: see `_tidy`.
    connection.execute("PRAGMA wal_autocheckpoint = 400")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _bring_up_to_date(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        status = migrate.status(connection)
    if status.is_current:
        return
    if status.current:
        back_up(engine, path, status.current)
    with engine.begin() as connection:
        migrate.upgrade(connection)
    migrate.log_change(status)


def back_up(engine: Engine, path: Path, revision: str) -> Path:
    """A copy of the file beside it, as it was at ``revision``."""
    copy = path.with_name(f"{path.name}.backup-{revision}")
    # An older copy goes only once there is another: the disk may be full.
    coming = copy.with_name(f"{copy.name}.part")
    coming.unlink(missing_ok=True)
    connection = engine.raw_connection()
    try:
        # Not within a transaction, so around SQLAlchemy.
        connection.cursor().execute("VACUUM INTO ?", (str(coming),))
    except BaseException:
        coming.unlink(missing_ok=True)
        raise
    finally:
        connection.close()
    return coming.replace(copy)


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn what SQLite says into what a person can do."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _explain(error, path) from error
    except sqlite3.Error as error:
        raise _explain_cause(error, path) from error


def _explain(error: SQLAlchemyError, path: Path) -> StoreError:
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    return _explain_cause(cause, path)


def _explain_cause(cause: BaseException, path: Path) -> StoreError:
    match _primary_code(cause):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreLocked(
                f"another server uses the database {path}",
                f"use that server, or {_ANOTHER}",
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return StoreUnusable(f"{path} is not a database, or is damaged", _ANOTHER)
        case sqlite3.SQLITE_FULL:
            return StorageFull(f"there is no room for the database {path}", "free some space")
        case _:
            return StoreUnusable(f"the database {path} cannot be used ({cause})", _ANOTHER)


def trouble(error: SQLAlchemyError) -> Trouble:
    """See `Backend`; a file has no connection to lose."""
    full = isinstance(error, DBAPIError) and _primary_code(error.orig) == sqlite3.SQLITE_FULL
    return "full" if full else "other"


def _wall_ahead(_: sa.Connection) -> float:
    """A file has no clock but ours."""
    return 0.0


def _tidy(engine: sa.Engine) -> bool:
    """Copy the log back into the file, once enough has been written."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        changes: int = driver.total_changes
        if changes - connection.info.get("copied", 0) < _COPIED_AFTER:
            return False
        connection.info["copied"] = changes
        try:
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            # What is in the log is safe there, and copied back another time.
            logger.warning(log_line("log_not_copied", cause=str(error)))
        return True


BACKEND: Final = Backend(trouble, maintenance, _wall_ahead, _tidy)


def _primary_code(error: BaseException | None) -> int:
    """SQLite's result code without its extension."""
    code = getattr(error, "sqlite_errorcode", 0)
    return (code if isinstance(code, int) else 0) & 0xFF
