"""What is counted, and who may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.datastructures import Headers

from protocol.exceptions import SettingsError
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import Appended, Duplicate
from protocol.timeline import Timeline
from protocol.wire.messages import Chat, Cursor, Event, Refusal
from server_stub.observability.endpoint import MetricsKey, read_key
from server_stub.observability.metrics import Histogram, Metrics

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "0123456789abcdef"


def test_a_histogram_counts_up_to_each_bound() -> None:
    histogram = Histogram((0.01, 0.1))
    for value in (0.005, 0.01, 0.05, 3.0):
        histogram.add(value)
    samples = {
        (sample.name, sample.labels.get("le")): sample.value
        for sample in histogram.family("x", "What it is.").samples
    }
    assert samples == {
        ("x_bucket", "0.01"): 2,
        ("x_bucket", "0.1"): 3,
        ("x_bucket", "+Inf"): 4,
        ("x_sum", None): pytest.approx(3.065),
        ("x_count", None): 4,
    }


def test_the_page_is_what_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.sent(Chat(member_id="a" * 32, name="Ana", text="hello", timestamp_ms=0), 7)
    metrics.sent(Refusal("rate_limited", "too fast"), 1)
    event = Event(1, 2, "event-01", "play", "a" * 32, "Ana", 0, Timeline(0.0, 0.0, 1.0, True))
    metrics.stored(0.003)
    metrics.told(0.004, Appended(StreamRecord("5" * 32), event))
    metrics.told(0.004, Duplicate(Cursor(1, 2)))
    metrics.drifting([-30.0, 4.0])
    page = metrics.page({"matinee_streams": ("Streams.", 3)}).decode()
    families = list(text_string_to_metric_families(page))
    assert len({family.name for family in families}) == len(families)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }
    expected = {
        ("matinee_streams",): 3,
        ("matinee_messages_total",): 2,
        ("matinee_deliveries_total",): 8,
        ("matinee_duplicates_total",): 1,
        ("matinee_refusals_total", "rate_limited"): 1,
        ("matinee_events_total", "play"): 1,
        ("matinee_store_seconds_count",): 1,
        ("matinee_fanout_seconds_bucket", "0.005"): 1,
        ("matinee_fanout_seconds_count",): 1,
        ("matinee_seat_drift_seconds_bucket", "0.005"): 1,
        ("matinee_seat_drift_seconds_bucket", "0.04"): 2,
    }
    assert expected.items() <= samples.items()
    assert samples["process_cpu_seconds_total",] > 0


# Who may read ---------------------------------------------------------------------------


def local(**more: str) -> Headers:
    headers = Headers({"Host": "127.0.0.1:8765"})
    headers.update({name.replace("_", "-"): value for name, value in more.items()})
    return headers


def test_this_machine_reads_without_a_token() -> None:
    assert MetricsKey().is_open_to("127.0.0.1", local())
    assert MetricsKey().is_open_to("::1", local())
    assert not MetricsKey().is_open_to("192.0.2.7", local())
    assert not MetricsKey().opens("")


@pytest.mark.parametrize(
    "headers",
    [
        local(X_Forwarded_For="203.0.113.9"),
        local(Forwarded="for=203.0.113.9"),
        local(Via="1.1 proxy"),
        Headers({"Host": "films.example.com"}),
        Headers({"Host": "["}),
        Headers(),
    ],
)
def test_what_came_through_a_proxy_is_not_this_machine(headers: Headers) -> None:
    assert not MetricsKey().is_open_to("127.0.0.1", headers)


def test_behind_a_known_proxy_or_with_a_token_everybody_shows_it(tmp_path: Path) -> None:
    assert not MetricsKey(is_fronted=True).is_open_to("127.0.0.1", local())
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    key = read_key(file, is_fronted=False)
    assert not key.is_open_to("127.0.0.1", local())
    assert key.opens(TOKEN)
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "é"):
        assert not key.opens(wrong)
    assert not read_key(None, is_fronted=True).opens("")


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 20, b"a" * 16 + b"\x07"])
def test_a_token_that_is_none_is_told_by_its_option(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="metrics-token-file: "):
        read_key(file, is_fronted=False)


def test_a_token_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"metrics-token-file: .*No such file"):
        read_key(tmp_path / "none", is_fronted=False)
