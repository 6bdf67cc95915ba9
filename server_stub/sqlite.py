"""Opens a SQLite file as a store: ours alone, durable, at the newest schema."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from protocol.exceptions import (
    SettingsError,
    StorageFull,
    StoreError,
    StoreLocked,
    StoreUnusable,
)
from server_stub import migrate
from server_stub.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy.engine import Engine

logger = logging.getLogger("matinee.store")

_BUSY_TIMEOUT: Final = 1.0
"""Seconds; a server that has just been stopped may still be letting go."""
_ANOTHER: Final = "name another file with --database"


def database_path(database: str) -> Path:
    """The file that ``database``, a path or a ``sqlite:///`` address, means.

    Raises:
        SettingsError: it is an address of something else.
    """
    if database.startswith("sqlite:///"):
        database = database.removeprefix("sqlite:///")
    elif "://" in database:
        kind = database.partition("://")[0]
        raise SettingsError("database", f"{kind} is not supported", "give a path or sqlite:///PATH")
    if not database:
        raise SettingsError("database", "is empty", "give a path or sqlite:///PATH")
    return Path(database).expanduser().absolute()


def open_sqlite(path: Path) -> SqlStore:
    """The store in this file, made and brought to the newest schema where needed.

    Raises:
        StoreUnusable: it cannot be a database of ours.
        StoreLocked: another server has it.
        SchemaTooNew: a newer matinee wrote it.
        StorageFull: there is no room for it.
    """
    engine = open_engine(path)
    try:
        with explained(path):
            _bring_up_to_date(engine, path)
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, is_full, engine.dispose)


def open_engine(path: Path) -> Engine:
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
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        poolclass=StaticPool,
        # What fails is logged, and the values are people's names and titles.
        hide_parameters=True,
        json_serializer=_json_text,
        json_deserializer=msgspec.json.decode,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT},
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
    logger.info("event=schema_changed from=%s to=%s", status.current or "none", status.newest)


def back_up(engine: Engine, path: Path, revision: str) -> Path:
    """A copy of the file beside it, as it was at ``revision``."""
    copy = path.with_name(f"{path.name}.backup-{revision}")
    copy.unlink(missing_ok=True)
    connection = engine.raw_connection()
    try:
        # Not within a transaction, so around SQLAlchemy.
        connection.cursor().execute("VACUUM INTO ?", (str(copy),))
    finally:
        connection.close()
    return copy


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


def is_full(error: SQLAlchemyError) -> bool:
    """Whether there was no room to write."""
    return isinstance(error, DBAPIError) and _primary_code(error.orig) == sqlite3.SQLITE_FULL


def _primary_code(error: BaseException | None) -> int:
    """SQLite's result code without its extension."""
    code = getattr(error, "sqlite_errorcode", 0)
    return (code if isinstance(code, int) else 0) & 0xFF
