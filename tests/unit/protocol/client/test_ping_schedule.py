from __future__ import annotations

from itertools import pairwise

import pytest

from protocol.client.ping_schedule import BURST, BURST_INTERVAL, PING_TIMEOUT, PingSchedule


def sent_until(pings: PingSchedule, end: float) -> list[float]:
    """Send whatever is due until ``end``; the instants at which it was."""
    sent: list[float] = []
    while pings.next_at <= end:
        sent.append(pings.send(pings.next_at).t0)
    return sent


def test_nothing_is_due_before_a_start_and_after_a_stop() -> None:
    pings = PingSchedule()
    assert not pings.due(1e9)
    pings.start(5.0)
    assert pings.due(5.0)
    assert not pings.due(4.999)
    pings.stop()
    assert not pings.due(1e9)


def test_a_burst_of_eight_then_every_2_s_for_30_s_then_every_5_s() -> None:
    pings = PingSchedule()
    pings.start(100.0)
    sent = sent_until(pings, 160.0)
    gaps = [b - a for a, b in pairwise(sent)]
    assert gaps[: BURST - 1] == pytest.approx([BURST_INTERVAL] * (BURST - 1))
    early = [gap for instant, gap in zip(sent, gaps, strict=False) if instant < 130.0]
    assert early[BURST - 1 :] == pytest.approx([2.0] * len(early[BURST - 1 :]))
    late = [gap for instant, gap in zip(sent, gaps, strict=False) if instant >= 130.0]
    assert late == pytest.approx([5.0] * len(late))
    assert len(late) >= 5


def test_a_link_that_is_watched_is_pinged_as_often_as_at_first() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    sent_until(pings, 40.0)
    pings.watch(40.0)
    sent = sent_until(pings, 69.0)
    assert [b - a for a, b in pairwise(sent)] == pytest.approx([2.0] * (len(sent) - 1))


def test_a_burst_asked_again_and_again_is_no_flood() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    sent = 0
    for i in range(1000):
        pings.burst(i * 0.001)
        if pings.due(i * 0.001):
            pings.send(i * 0.001)
            sent += 1
    assert sent <= 1.0 / BURST_INTERVAL + 1


def test_a_pong_is_awaited_once() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    t0 = pings.send(0.0).t0
    assert pings.answered(t0)
    assert not pings.answered(t0)
    assert not pings.answered(123.0)


def test_a_burst_still_awaits_what_is_under_way_and_a_start_does_not() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    first = pings.send(0.0).t0
    pings.burst(0.5)
    second = pings.send(0.5).t0
    assert pings.answered(first)
    pings.start(1.0)
    assert not pings.answered(second)


def test_a_ping_counts_as_lost_when_its_time_is_up_and_no_more_once_answered() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    t0 = pings.send(0.0).t0
    assert pings.lost(PING_TIMEOUT) == 0
    assert pings.lost(PING_TIMEOUT + 0.001) == 1
    pings.answered(t0)
    assert pings.lost(PING_TIMEOUT + 0.001) == 0


def test_only_the_last_ten_count() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    for i in range(30):
        pings.send(float(i))
    assert pings.lost(1000.0) == 10
    for i in range(30, 40):
        pings.answered(pings.send(float(i)).t0)
    assert pings.lost(1000.0) == 0


def test_a_link_is_blocked_once_a_ping_has_waited_too_long_for_its_answer() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    t0 = pings.send(0.0).t0
    assert not pings.is_blocked(PING_TIMEOUT)
    assert pings.is_blocked(PING_TIMEOUT + 0.001)
    pings.answered(t0)
    assert not pings.is_blocked(PING_TIMEOUT + 0.001)


def test_a_ping_that_a_later_one_has_overtaken_blocks_nothing() -> None:
    pings = PingSchedule()
    pings.start(0.0)
    pings.send(0.0)
    pings.answered(pings.send(1.0).t0)
    assert not pings.is_blocked(100.0)
    pings.send(100.0)
    assert pings.is_blocked(103.0)
