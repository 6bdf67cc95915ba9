"""Schema migration: brings a database's schema up or down."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from protocol.exceptions import SchemaTooNew, StoreUnusable
from protocol.log_line import log_line

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

logger = logging.getLogger("matinee.store")

_ALEMBIC: Final = "alembic_version"
"""The one table that stays when everything is taken down."""
_FOLDER: Final = Path(__file__).parent / "migrations"


class SchemaStatus(NamedTuple):
    """Which step a database is at, and the newest this program knows."""

    current: str
    """"" for an empty database."""
    newest: str
    oldest: str
    """The one before which there is nothing to park anything in."""

    @property
    def is_current(self) -> bool:
        return self.current == self.newest


def status(connection: Connection) -> SchemaStatus:
    """The schema's step.

    Raises:
        SchemaTooNew: a newer matinee wrote it.
        StoreUnusable: it holds somebody else's tables.
    """
    scripts = ScriptDirectory.from_config(_config(connection))
    newest = scripts.get_current_head() or ""
    current = MigrationContext.configure(connection).get_current_revision() or ""
    tables = set(sa.inspect(connection).get_table_names()) - {_ALEMBIC}
    is_known = current in {step.revision for step in scripts.walk_revisions()}
    if tables and not is_known and (not current or "server_clock" not in tables):
        raise StoreUnusable(
            "this database belongs to another program", "name one of its own with --database"
        )
    if current and not is_known:
        raise SchemaTooNew(
            f"the database was written by a newer matinee (schema {current}, known {newest})",
            "update matinee, or name another database with --database",
        )
    return SchemaStatus(current, newest, scripts.get_base() or "")


def upgrade(connection: Connection) -> None:
    """To the newest step; all or nothing with the connection's transaction."""
    command.upgrade(_config(connection), "head")


def downgrade(connection: Connection) -> None:
    """One step back; what it takes away is parked, and the next `upgrade` restores it.

    All but the first step, before which there is nothing to park it in.
    """
    command.downgrade(_config(connection), "-1")


def log_change(before: SchemaStatus) -> None:
    """Log that the schema is now the newest one."""
    change = {"from": before.current or "none", "to": before.newest}
    logger.info(log_line("schema_changed", **change))


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
