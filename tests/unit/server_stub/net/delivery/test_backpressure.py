"""Seats that do not read are found by how much and how long."""

from __future__ import annotations

from protocol.server.limits.config import Limits
from server_stub.net.delivery.backpressure import SlowConsumers

UNREAD = {"swift": 0, "slow": 90, "deaf": 101}
LIMITS = Limits(unread=100, behind=5.0)


def test_who_has_too_much_waiting_is_found_at_once() -> None:
    backlog = SlowConsumers[str](UNREAD.__getitem__, LIMITS)
    assert backlog.sent(["swift", "slow", "deaf"], 0.0) == ["deaf"]


def test_who_waits_too_long_is_found_later() -> None:
    backlog = SlowConsumers[str](UNREAD.__getitem__, LIMITS)
    backlog.sent(["swift", "slow"], 0.0)
    backlog.sent(["slow"], 4.0)
    assert backlog.overdue(5.0) == []
    assert backlog.overdue(5.1) == ["slow"]


def test_who_has_read_everything_starts_anew() -> None:
    unread = {"slow": 90}
    backlog = SlowConsumers[str](unread.__getitem__, LIMITS)
    backlog.sent(["slow"], 0.0)
    unread["slow"] = 0
    assert backlog.overdue(6.0) == []
    unread["slow"] = 90
    backlog.sent(["slow"], 7.0)
    assert backlog.overdue(11.0) == []
    backlog.gone("slow")
    assert backlog.overdue(30.0) == []
