"""What the server counts, as Prometheus reads it.

Counting is a few additions; whatever can be looked up instead is looked up when asked for.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protocol.server.log.requests import Appended, Duplicate
from protocol.wire.messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from protocol.server.core.store_calls import StoreResult
    from protocol.wire.messages import ServerMessage

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LATENCIES: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds."""
DRIFTS: Final = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.12, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds; 0.04 is the most that counts as good."""


class Histogram:
    """How many values were at most as large as each bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float, times: int = 1) -> None:
        self._counts[bisect_left(self._bounds, value)] += times
        self._sum += value * times

    def lines(self, name: str) -> Iterator[str]:
        """Samples, with buckets that include the ones before."""
        total = 0
        for bound, count in zip((*self._bounds, "+Inf"), self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self._sum:.9g}"
        yield f"{name}_count {total}"


class Metrics:
    """Counters of one server since its start."""

    def __init__(self) -> None:
        self.messages = 0
        """Sent, each once however many seats it went to."""
        self.deliveries = 0
        """Messages times the seats that each went to."""
        self.refusals = Counter[str]()
        """By code."""
        self.events = Counter[str]()
        """Written, by type."""
        self.duplicates = 0
        self.responses = Counter[str]()
        """To requests that opened no websocket, by status."""
        self.dropped = Counter[str]()
        """Seats that did not read, by how that was seen."""
        self.store = Histogram(LATENCIES)
        self.fanout = Histogram(LATENCIES)
        self.drift = Histogram(DRIFTS)

    def sent(self, message: ServerMessage, seats: int) -> None:
        """A message was handed to the sockets of so many seats."""
        self.messages += 1
        self.deliveries += seats
        if isinstance(message, Refusal):
            self.refusals[message.code] += 1

    def stored(self, seconds: float) -> None:
        """The store has answered after so long."""
        self.store.add(seconds)

    def told(self, seconds: float, result: StoreResult) -> None:
        """So long after the store was asked, what it said is handed to the sockets."""
        if isinstance(result, Appended):
            self.events[result.event.event_type] += 1
            self.fanout.add(seconds)
        elif isinstance(result, Duplicate):
            self.duplicates += 1

    def drifting(self, drifts_ms: Iterable[float]) -> None:
        """How far seats are from the timeline now, in milliseconds."""
        for drift_ms in drifts_ms:
            self.drift.add(abs(drift_ms) / 1000)

    def page(self, now: Mapping[str, tuple[str, float]]) -> str:
        """Everything in Prometheus' text format.

        Args:
            now: what was looked up: help and value by name.
        """
        lines: list[str] = []
        for name, (what, value) in {**now, **_process()}.items():
            lines += _one(name, what, value)
        lines += _one("matinee_messages_total", "Messages sent, each once.", self.messages)
        lines += _one("matinee_deliveries_total", "Messages times seats.", self.deliveries)
        lines += _one("matinee_duplicates_total", "Events sent again.", self.duplicates)
        for name, what, label, counts in (
            ("matinee_events_total", "Events written.", "type", self.events),
            ("matinee_refusals_total", "Refusals sent.", "code", self.refusals),
            ("matinee_dropped_total", "Seats that did not read or answer.", "reason", self.dropped),
            (
                "matinee_http_responses_total",
                "Answers to requests that opened no websocket.",
                "status",
                self.responses,
            ),
        ):
            lines += _head(name, what, "counter")
            lines += [f'{name}{{{label}="{key}"}} {counts[key]}' for key in sorted(counts)]
        for name, what, histogram in (
            ("matinee_store_seconds", "Until the store has answered.", self.store),
            (
                "matinee_fanout_seconds",
                "From a command taken in, over its commit, to its last write to a socket.",
                self.fanout,
            ),
            (
                "matinee_seat_drift_seconds",
                "Distance of playing seats from the timeline, looked at every 10 s.",
                self.drift,
            ),
        ):
            lines += _head(name, what, "histogram")
            lines += histogram.lines(name)
        return "\n".join(lines) + "\n"


def _one(name: str, what: str, value: float) -> list[str]:
    kind = "counter" if name.endswith("_total") else "gauge"
    return [*_head(name, what, kind), f"{name} {value:.12g}"]


def _head(name: str, what: str, kind: str) -> list[str]:
    return [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]


def _process() -> dict[str, tuple[str, float]]:
    """What Prometheus' own clients tell of a process, as far as this system says."""
    spent = os.times()
    found = {
        "process_cpu_seconds_total": ("User and system time.", spent.user + spent.system),
    }
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        found["process_resident_memory_bytes"] = (
            "Resident memory.",
            float(pages * os.sysconf("SC_PAGE_SIZE")),
        )
        found["process_open_fds"] = ("Open descriptors.", float(len(os.listdir("/proc/self/fd"))))
    except OSError:
        # Not Linux: the rest is told.
        pass
    return found
