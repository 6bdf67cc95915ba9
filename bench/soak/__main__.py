"""``python -m bench.soak NAME``: run one soak; exits with 1 when a promise was broken."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from bench.soak import cleanup, evening, kills, migration, races
from bench.soak.odd import run as odd

if TYPE_CHECKING:
    from types import FrameType

SOAKS = {
    "cleanup": cleanup,
    "evening": evening,
    "kills": kills,
    "migration": migration,
    "odd": odd,
    "races": races,
}

_STOPPED = 130
"""As a shell calls a program that was interrupted."""


def main() -> int:
    """Run the soak that was named."""
    parser = ArgumentParser(prog="scripts/soak", description=__doc__)
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, soak in SOAKS.items():
        sub = names.add_parser(name, help=(soak.__doc__ or "").partition("\n")[0])
        soak.arguments(sub)
    options = parser.parse_args()
    # Whoever ends a soak means the servers that it started too.
    signal.signal(signal.SIGTERM, _interrupt)
    # A shell starts what goes on behind its back with this one ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        wrong = SOAKS[options.name].run(options)
    except KeyboardInterrupt:
        print("stopped: nothing is proven")
        return _STOPPED
    for breach in wrong:
        print(f"BROKEN: {breach}")
    print("failed" if wrong else "all promises held")
    return 1 if wrong else 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # asyncio ends what is under way at this one only.
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
