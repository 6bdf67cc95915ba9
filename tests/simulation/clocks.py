"""How near the estimated clock is on each kind of link: the figures as a table."""

from __future__ import annotations

from typing import Final

from tests.doubles.links import LINKS
from tests.unit.protocol.sync.test_simulation import p95, simulate

PROMISED: Final = {
    "Wi-Fi": 0.0014,
    "WAN": 0.0025,
    "loaded uplink": 0.0026,
    "bufferbloat": 0.0026,
}
"""Seconds; the error of the clock that 95 of 100 looks are below."""


def clock_table(seeds: int) -> str:
    """Over so many evenings of three minutes on each link, at 40 ppm between the clocks."""
    lines = [
        "| link | clock p95 | promised | drift p95 | beyond its bound |",
        "|---|---|---|---|---|",
    ]
    for name, promised in PROMISED.items():
        runs = [simulate(LINKS[name], seed) for seed in range(seeds)]
        error = p95([error for run in runs for error in run.clock_errors])
        drift = p95([drift for run in runs for drift in run.drifts[40:]])
        beyond = sum(run.beyond_bound > 1e-9 for run in runs)
        lines.append(
            f"| {name} | {error * 1000:.1f} ms | {promised * 1000:.1f} ms"
            f" | {drift * 1000:.1f} ms | {beyond} of {seeds} |"
        )
    return "\n".join(lines)
