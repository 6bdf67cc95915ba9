"""Metrics: what the server counts, as Prometheus reads it.

Counting is a few additions, a ninth of what a counter of prometheus-client costs; that library
writes the page when it is asked for, and whatever can be looked up is looked up then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

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
    """Histogram: how many values were at most as large as each bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float, times: int = 1) -> None:
        self._counts[bisect_left(self._bounds, value)] += times
        self._sum += value * times

    def family(self, name: str, what: str) -> Metric:
        """Samples, with buckets that include the ones before."""
        bounds = (*map(str, self._bounds), "+Inf")
        totals = map(float, accumulate(self._counts))
        buckets = list(zip(bounds, totals, strict=True))
        return HistogramMetricFamily(name, what, buckets=buckets, sum_value=self._sum)


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

    def page(self, now: Mapping[str, tuple[str, float]]) -> bytes:
        """Everything in Prometheus' text format.

        Args:
            now: what was looked up: help and value by name.
        """
        registry = CollectorRegistry()
        registry.register(_Families(self._families(now)))
        ProcessCollector(registry=registry)
        return generate_latest(registry)

    def _families(self, now: Mapping[str, tuple[str, float]]) -> Iterator[Metric]:
        for name, (what, value) in now.items():
            yield GaugeMetricFamily(name, what, value)
        for name, what, count in (
            ("matinee_messages", "Messages sent, each once.", self.messages),
            ("matinee_deliveries", "Messages times seats.", self.deliveries),
            ("matinee_duplicates", "Events sent again.", self.duplicates),
        ):
            yield CounterMetricFamily(name, what, count)
        for name, what, label, counts in (
            ("matinee_events", "Events written.", "type", self.events),
            ("matinee_refusals", "Refusals sent.", "code", self.refusals),
            ("matinee_dropped", "Seats that did not read or answer.", "reason", self.dropped),
            (
                "matinee_http_responses",
                "Answers to requests that opened no websocket.",
                "status",
                self.responses,
            ),
        ):
            family = CounterMetricFamily(name, what, labels=[label])
            for key in sorted(counts):
                family.add_metric([key], counts[key])
            yield family
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
            yield histogram.family(name, what)


class _Families(Collector):
    """What was counted, for one page."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        return self._families
