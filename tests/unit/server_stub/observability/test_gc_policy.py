"""Everything is looked through now and then, and after many have gone."""

from __future__ import annotations

import gc

from server_stub.observability.gc_policy import ENDED, YOUNG, GcPolicy, collect_the_young

INTERVAL = 600.0


def test_time_alone_makes_a_look_due_once() -> None:
    garbage = GcPolicy(100.0, INTERVAL)
    assert not garbage.is_due(100.0 + INTERVAL - 1.0, 5)
    assert garbage.is_due(100.0 + INTERVAL, 5)
    assert not garbage.is_due(101.0 + INTERVAL, 5)


def test_many_that_ended_make_a_look_due() -> None:
    garbage = GcPolicy(0.0, INTERVAL)
    for _ in range(ENDED):
        garbage.ended()
    assert not garbage.is_due(1.0, 0)
    garbage.ended()
    assert garbage.is_due(1.0, 0)
    assert not garbage.is_due(1.0, 0)


def test_the_more_there_are_the_more_may_end_first() -> None:
    garbage = GcPolicy(0.0, INTERVAL)
    for _ in range(5 * ENDED):
        garbage.ended()
    assert not garbage.is_due(1.0, 5 * ENDED)
    assert garbage.is_due(1.0, 5 * ENDED - 1)


def test_the_young_are_looked_at_once_they_are_many() -> None:
    gc.disable()
    try:
        gc.collect()
        many = [[number] for number in range(YOUNG + 100)]
        assert collect_the_young()
        assert not collect_the_young()
        assert len(many) > YOUNG
    finally:
        gc.enable()
