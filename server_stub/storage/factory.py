"""Database factory: which database an address means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from protocol.exceptions import SettingsError
from server_stub.storage.engines.postgres import SCHEMES, PostgresDatabase
from server_stub.storage.engines.sqlite import SqliteDatabase
from server_stub.timing import ServerTiming

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Engine

    from server_stub.storage.sql.sql_store import SqlStore

_TIMING: Final = ServerTiming()


class Database(Protocol):
    """Where a log is kept."""

    name: str
    """As people may see it: without a password."""

    def open_store(self) -> SqlStore:
        """The store in it, made and brought to the newest schema where needed.

        Raises:
            StoreUnusable: it cannot be a database of ours, or be reached.
            StoreLocked: a server has it that must not be disturbed.
            SchemaTooNew: a newer matinee wrote it.
            StorageFull: there is no room for it.
        """
        ...

    def open_kept(self) -> SqlStore:
        """The same, unless there is nothing yet.

        Raises:
            StoreError: as `open_store`.
        """
        ...

    def opened(self, *, alone: bool) -> AbstractContextManager[Engine]:
        """What is there, whatever its schema.

        Args:
            alone: no server may use it in the meantime.

        Raises:
            StoreError: as `open_store`.
        """
        ...

    def back_up(self, engine: Engine, revision: str) -> Path | None:
        """A copy of it as it is at ``revision``; None where that is somebody else's work."""
        ...


def open_database(address: str, timing: ServerTiming = _TIMING) -> Database:
    """The database that ``address`` means: a path, ``sqlite:///PATH`` or ``postgresql://…``.

    Args:
        address: as above.
        timing: how long it is waited for.

    Raises:
        SettingsError: it is an address of something else.
    """
    how = "give a path, sqlite:///PATH or postgresql://HOST/NAME"
    kind, is_address, _ = address.partition("://")
    if is_address and kind in SCHEMES:
        return PostgresDatabase(address, timing)
    path = address.removeprefix("sqlite:///")
    if not path:
        raise SettingsError("database", "is empty", how)
    if path == ":memory:":
        raise SettingsError("database", "would be gone with the server", how)
    if is_address and path == address:
        raise SettingsError("database", f"{kind} is not supported", how)
    try:
        file = Path(path).expanduser().absolute()
    except (RuntimeError, OSError):
        raise SettingsError("database", f"there is no folder for {path}", how) from None
    return SqliteDatabase(file, timing)
