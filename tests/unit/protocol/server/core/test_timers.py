"""Deadlines of `protocol.server.core.timers`."""

from __future__ import annotations

from protocol.server.core.timers import TimerQueue
from protocol.server.moment import Moment


def test_what_is_due_is_done_in_order_and_once() -> None:
    timers, done = TimerQueue(), list[str]()
    timers.set("late", 2.0, lambda _: done.append("late"))
    timers.set("soon", 1.0, lambda _: done.append("soon"))
    assert timers.next_deadline() == 1.0
    timers.run(Moment(0.5, 0))
    assert done == []
    timers.run(Moment(2.0, 0))
    assert done == ["soon", "late"]
    assert timers.next_deadline() is None


def test_setting_again_moves_a_deadline() -> None:
    timers, done = TimerQueue(), list[float]()
    timers.set("one", 1.0, lambda now: done.append(now.instant))
    timers.set("one", 3.0, lambda now: done.append(now.instant))
    assert timers.due_at("one") == 3.0
    timers.run(Moment(2.0, 0))
    timers.run(Moment(4.0, 0))
    assert done == [4.0]
    assert timers.due_at("one") is None


def test_a_cancelled_deadline_is_not_met() -> None:
    timers, done = TimerQueue(), list[str]()
    timers.set("one", 1.0, lambda _: done.append("one"))
    timers.cancel("one")
    timers.cancel("never set")
    timers.run(Moment(2.0, 0))
    assert done == []


def test_what_is_due_may_set_itself_anew() -> None:
    timers, done = TimerQueue(), list[float]()

    def again(now: Moment) -> None:
        done.append(now.instant)
        timers.set("tick", now.instant + 1.0, again)

    timers.set("tick", 1.0, again)
    timers.run(Moment(1.0, 0))
    assert done == [1.0]
    assert timers.next_deadline() == 2.0
