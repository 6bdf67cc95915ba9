"""``python -m bench.skewed PPM MODULE ...``: run a module under a clock that goes wrong.

`time.monotonic` gains PPM microseconds a second on the machine's from now on. Everything that
is measured in Python lives by it, event loop included; libmpv keeps the machine's time, as a
sound device with a clock of its own would.
"""

from __future__ import annotations

import runpy
import sys
import time


def main() -> None:
    """Bend the clock, then become the module."""
    rate = 1 + float(sys.argv[1]) * 1e-6
    real = time.monotonic
    began = real()

    def monotonic() -> float:
        now = real()
        return now + (now - began) * (rate - 1)

    time.monotonic = monotonic
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
