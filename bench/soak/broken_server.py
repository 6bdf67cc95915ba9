"""``python -m bench.soak.broken_server``: a server that acknowledges before it commits.

Only to see that a soak can fail: what was acknowledged is committed 50 ms later at the
earliest, with the next group.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

from server_stub.cli import main as commands
from server_stub.storage.sql import sql_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from protocol.server.core.store_calls import AnyStoreCall, StoreResult

LATE: Final = 0.05


class BrokenStore(sql_store.SqlStore):
    """Keeps its transaction open."""

    _open: Any = None
    _since = 0.0

    def perform(self, calls: Sequence[AnyStoreCall]) -> list[StoreResult]:
        if self._open is None:
            self._open, self._since = self._engine.connect(), time.monotonic()
            self._open.begin()
        answers = sql_store._answers(self._open, calls)  # pyright: ignore[reportPrivateUsage]
        if time.monotonic() - self._since > LATE:
            self._commit()
        return answers

    def _commit(self) -> None:
        if self._open is not None:
            self._open.commit()
            self._open.close()
            self._open = None

    def _do(self, work: Callable[..., Any]) -> Any:
        self._commit()
        return super()._do(work)

    def close(self) -> None:
        self._commit()
        super().close()


def main() -> int:
    """Become the server."""
    from server_stub.storage.engines import postgres, sqlite

    for module in (sqlite, postgres):
        vars(module)["SqlStore"] = BrokenStore
    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
