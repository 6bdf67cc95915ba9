"""One search by atheris; a process of its own, since libFuzzer ends it.

``python -m tests.fuzz.search TARGET FOLDER [libFuzzer's options]``
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

LOOKED_INTO: Final = (
    *(
        "protocol",
        "json",
        "player.session.core.presenters",
        "player.api",
        "player.net",
        "player.media",
        "tui.text",
    ),
)
"""Modules whose branches lead the search."""


def main() -> None:
    """Search until libFuzzer's options say to stop, or a promise is broken."""
    target, *options = sys.argv[1:]
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=list(LOOKED_INTO)):
        from tests.fuzz.corpus import text_of
        from tests.fuzz.targets import TARGETS

    check = TARGETS[target]

    def test_one(data: bytes) -> None:
        check(text_of(data))

    atheris.Setup([sys.argv[0], *options], test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
