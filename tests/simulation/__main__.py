"""``python -m tests.simulation SEED [UNTIL]``: live through evenings, tell which end badly.

``python -m tests.simulation clocks [SEEDS]`` tells how near the clocks are on each kind of link.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests.simulation.clocks import clock_table
from tests.simulation.evening import evening, tell


def main() -> int:
    """Run one seed with its whole story, all of a range, or the clocks alone."""
    if sys.argv[1:2] == ["clocks"]:
        sys.stdout.write(clock_table(int(sys.argv[2]) if sys.argv[2:] else 40) + "\n")
        return 0
    numbers = [int(word) for word in sys.argv[1:]] or [0, 100]
    if len(numbers) == 1:
        world, broken = evening(numbers[0])
        sys.stdout.write(tell(world, broken) + "\n")
        return int(broken is not None)
    began, lived = time.monotonic(), 0.0
    kinds: Counter[str] = Counter()
    for seed in range(*numbers):
        world, broken = evening(seed)
        lived += world.clockwork.now
        if broken is not None:
            kinds[str(broken).partition(":")[0]] += 1
            sys.stdout.write(f"{seed}: {broken}\n")
    took = time.monotonic() - began
    sys.stdout.write(f"{lived:.0f} s lived in {took:.1f} s ({lived / took:.0f} s/s)\n")
    for kind, count in kinds.most_common():
        sys.stdout.write(f"{count:5} {kind}\n")
    return int(bool(kinds))


if __name__ == "__main__":
    sys.exit(main())
