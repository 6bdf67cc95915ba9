"""``python -m bench [NAME]``: run one bench, or the one that matters most."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from bench import (
    append,
    asymmetric,
    cost,
    dialer,
    drift,
    fanout,
    locked,
    seeks,
    skew,
    sound,
    starts,
    sync,
)

BENCHES = {
    "append": append,
    "asymmetric": asymmetric,
    "cost": cost,
    "dialer": dialer,
    "drift": drift,
    "fanout": fanout,
    "locked": locked,
    "seeks": seeks,
    "skew": skew,
    "sound": sound,
    "starts": starts,
    "sync": sync,
}


def main() -> int:
    """Run the bench that was named; ``drift`` when none was."""
    parser = ArgumentParser(prog="scripts/bench", description=__doc__)
    names = parser.add_subparsers(dest="name", metavar="NAME")
    for name, bench in BENCHES.items():
        sub = names.add_parser(name, help=(bench.__doc__ or "").partition("\n")[0])
        bench.arguments(sub)
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in (*BENCHES, "-h", "--help"):
        arguments = ["drift", *arguments]
    options = parser.parse_args(arguments)
    BENCHES[options.name].run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
