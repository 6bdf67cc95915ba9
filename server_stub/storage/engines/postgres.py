"""Opens a PostgreSQL database as a store: durable, at the newest schema, back by itself.

Several servers may share one. They hold a lock of the whole database together, so that
nobody changes the schema under them.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from protocol.exceptions import SettingsError, StorageFull, StoreError, StoreLocked, StoreUnusable
from protocol.log_line import log_line
from server_stub.storage import migrate
from server_stub.storage.engines.postgres_retention import maintenance
from server_stub.storage.sql.sql_store import Backend, SqlStore, Trouble
from server_stub.timing import ServerTiming

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy.engine import Connection, Dialect, Engine

logger = logging.getLogger("matinee.store")

SCHEMES: Final = ("postgresql", "postgres", "postgresql+psycopg")
SCHEMA_LOCK: Final = 0x6D6174696E6565
"""Shared by servers, held alone by whoever changes the schema."""
_ANOTHER: Final = "name another database with --database"
_MISSING: Final = StoreUnusable(
    "PostgreSQL needs the Python package psycopg", "install it: pip install 'psycopg[binary]'"
)

_CONNECTION: Final = {
    # Of libpq: a host that is silent is given up as one that is gone.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "matinee",
}
_SET_UP: Final = """
SELECT set_config('timezone', 'UTC', false),
       set_config('lock_timeout', '5s', false),
       -- What a server that froze has locked is let go.
       set_config('idle_in_transaction_session_timeout', '10s', false),
       -- An acknowledgement is a promise that outlives the power.
       CASE current_setting('synchronous_commit')
           WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END
"""
_TIMING: Final = ServerTiming()
_SILENT: Final = "the database does not answer"
_CHANGING: Final = "the schema is being changed, or was"
_FULL: Final = "53100"
_NOT_IN_TIME: Final = "55P03"
_GONE: Final = frozenset(("57P01", "57P02", "57P03", "57P05", "25P03", "53300"))
"""Shut down, crashed, starting up, idle for too long, no connection left."""


class PostgresDatabase:
    """An address as a `server_stub.storage.factory.Database`.

    Args:
        address: begins with one of `SCHEMES`; what it leaves out libpq's own variables and
            files tell (``PGPASSWORD``, ``~/.pgpass``, …).
        timing: how long it may take to connect, and to answer.
        monotonic: seconds.

    Raises:
        SettingsError: it cannot be read.
    """

    def __init__(
        self,
        address: str,
        timing: ServerTiming = _TIMING,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timing = timing
        self._monotonic = monotonic
        try:
            url = sa.make_url(address)
        except (ArgumentError, ValueError):
            # Not its words: they may repeat a password.
            raise SettingsError(
                "database", "is no address", "give postgresql://USER@HOST:PORT/NAME"
            ) from None
        self._url = url.set(drivername="postgresql+psycopg")
        shown = sa.URL.create(
            "postgresql", url.username, None, url.host, url.port, url.database, url.query
        )
        self.name = shown.difference_update_query(["password"]).render_as_string()

    def open_store(self) -> SqlStore:
        """See `Database`."""
        line = _Line(self._timing, self._monotonic)
        engine = self._engine(line)
        try:
            with _explained(self.name):
                line.revision = self._bring_up_to_date(engine)
                # The next connection is one of a server, with its lock.
                engine.dispose()
                with engine.connect():
                    pass
        except BaseException:
            engine.dispose()
            raise
        return SqlStore(engine, BACKEND)

    def open_kept(self) -> SqlStore:
        """See `Database`."""
        return self.open_store()

    @contextmanager
    def opened(self, *, alone: bool) -> Generator[Engine]:
        """See `Database`."""
        engine = self._engine(_Line(self._timing, self._monotonic))
        try:
            with _explained(self.name):
                if alone and not _lock_alone(engine, self._timing):
                    raise StoreLocked(
                        f"a server is using the database {self.name}",
                        f"stop every server of it first, or {_ANOTHER}",
                    )
                yield engine
                if alone:
                    _unlock(engine)
        finally:
            engine.dispose()

    def back_up(self, engine: Engine, revision: str) -> None:
        """See `Database`: that is pg_dump's work."""

    def _engine(self, line: _Line) -> Engine:
        """One connection; what is done alone is done on it from beginning to end."""
        options = {"connect_timeout": str(self._timing.connect_timeout), **_CONNECTION}
        try:
            engine = sa.create_engine(
                self._url,
                pool_size=1,
                max_overflow=0,
                isolation_level="READ COMMITTED",
                hide_parameters=True,
                json_serializer=_json_text,
                json_deserializer=msgspec.json.decode,
                connect_args={k: v for k, v in options.items() if k not in self._url.query},
            )
        except ImportError:
            raise _MISSING from None
        event.listen(engine, "do_connect", line.connect)
        return engine

    def _bring_up_to_date(self, engine: Engine) -> str:
        with engine.begin() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
            if encoding != "UTF8":
                raise StoreUnusable(
                    f"the database {self.name} keeps text as {encoding}",
                    "make one with createdb -E UTF8 -T template0",
                )
            if connection.exec_driver_sql("SHOW fsync").scalar_one() == "off":
                logger.warning(log_line("not_durable", fsync="off"))
            before = migrate.status(connection)
        if before.is_current:
            return before.newest
        if not _lock_alone(engine, self._timing):
            raise StoreLocked(
                f"another server uses the database {self.name} with an older schema",
                f"stop it first, or {_ANOTHER}",
            )
        with engine.begin() as connection:
            # Another server may have been quicker.
            if not migrate.status(connection).is_current:
                migrate.upgrade(connection)
        _unlock(engine)
        migrate.log_change(before)
        return before.newest


class _Line:
    """Makes connections, and makes them ours.

    Args:
        timing: how long one of a server may keep silent, and its lock be waited for.
        monotonic: seconds.
    """

    def __init__(self, timing: ServerTiming, monotonic: Callable[[], float]) -> None:
        self._timing = timing
        self._monotonic = monotonic
        self.revision = ""
        """The schema that a server counts on; "" for a connection that is not a server's."""
        self._closed_until = float("-inf")
        self._error: Exception | None = None

    def connect(self, dialect: Dialect, _record: object, args: Any, params: Any) -> Any:
        """Instead of the dialect's own way."""
        began = self._monotonic()
        if self._error is not None and began < self._closed_until:
            raise self._error.with_traceback(None)
        self._error = None
        try:
            connection: Any = dialect.connect(*args, **params)
        except Exception as error:
            # Where that took long, as long is not tried again: others wait for an answer.
            now = self._monotonic()
            self._error, self._closed_until = error, now + (now - began)
            raise
        if self.revision:
            self._answer_in_time(dialect, connection)
        try:
            self._set_up(dialect, connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _answer_in_time(self, dialect: Dialect, connection: Any) -> None:
        """Give a connection up that leaves us without an answer for too long."""
        wait, monotonic, timeout = connection.wait, self._monotonic, self._timing.answer_timeout

        def steps(waiting: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            deadline = monotonic() + timeout
            try:
                wanted = next(waiting)
                while True:
                    ready = yield wanted
                    if not ready and monotonic() > deadline:
                        # It counts as lost: what was under way may be done yet.
                        connection.pgconn.finish()
                        raise dialect.loaded_dbapi.OperationalError(_SILENT)
                    wanted = waiting.send(ready)
            except StopIteration as done:
                return done.value

        def wait_in_time(waiting: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
            return wait(steps(waiting), *args, **options)

        connection.wait = wait_in_time

    def _set_up(self, dialect: Dialect, connection: Any) -> None:
        connection.execute(_SET_UP)
        if self.revision:
            database_error = dialect.loaded_dbapi.DatabaseError
            try:
                connection.execute(_lock_within(self._timing))
                # Held until the connection ends.
                connection.execute(f"SELECT pg_advisory_lock_shared({SCHEMA_LOCK})")
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except database_error as error:
                raise dialect.loaded_dbapi.OperationalError(_CHANGING) from error
            if found != (self.revision,):
                raise dialect.loaded_dbapi.OperationalError(_CHANGING)
        connection.commit()


def _json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _lock_within(timing: ServerTiming) -> str:
    return f"SET LOCAL lock_timeout = '{round(timing.schema_lock_timeout * 1000)}ms'"


def _lock_alone(engine: Engine, timing: ServerTiming) -> bool:
    """Whether no server uses it; until `_unlock`, or until the connection ends."""
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(_lock_within(timing))
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({SCHEMA_LOCK})")
    except DBAPIError as error:
        if _state(error) == _NOT_IN_TIME:
            return False
        raise
    return True


def _unlock(engine: Engine) -> None:
    # At once: a connection that is closed still ends for a moment.
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({SCHEMA_LOCK})")


# What went wrong ------------------------------------------------------------------------


def trouble(error: SQLAlchemyError) -> Trouble:
    """See `Backend`."""
    if not isinstance(error, DBAPIError):
        return "other"
    state = _state(error)
    if state == _FULL:
        return "full"
    is_gone = state in _GONE or state.startswith("08")
    # A connection that could not be made has no state.
    is_unmade = not state and isinstance(error, OperationalError)
    return "lost" if error.connection_invalidated or is_gone or is_unmade else "other"


def _state(error: DBAPIError) -> str:
    """SQLSTATE, "" for none."""
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else ""


@contextmanager
def _explained(name: str) -> Generator[None]:
    """Turn what PostgreSQL says into what a person can do."""
    try:
        yield
    except ImportError:
        raise _MISSING from None
    except SQLAlchemyError as error:
        raise _explain(error, name) from error


def _explain(error: SQLAlchemyError, name: str) -> StoreError:
    cause = str(getattr(error, "orig", None) or type(error).__name__).partition("\nLINE ")[0]
    cause = " ".join(cause.split())[:300]
    state = _state(error) if isinstance(error, DBAPIError) else ""
    if state == "42501":
        return StoreUnusable(f"{name} does not let us ({cause})", "let its user own the database")
    refusal = cause.partition("FATAL: ")[2].strip()
    if refusal and not state:
        return StoreUnusable(
            f"the database {name} refuses us ({refusal})",
            "check its name, the user and the password; createdb makes one",
        )
    match trouble(error):
        case "full":
            return StorageFull(f"there is no room in the database {name}", "free some space")
        case "lost":
            return StoreUnusable(
                f"the database {name} cannot be reached ({cause})", f"start it, or {_ANOTHER}"
            )
        case "other":
            return StoreUnusable(f"the database {name} cannot be used ({cause})", _ANOTHER)


def _wall_ahead(connection: Connection) -> float:
    theirs = connection.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())"))
    return time.time() - float(theirs)


def _tidy(_: sa.Engine) -> bool:
    """The database does that itself."""
    return False


BACKEND: Final = Backend(trouble, maintenance, _wall_ahead, _tidy)
