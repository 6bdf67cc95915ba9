"""Nobody is waited for without end, and what is long past is forgotten."""

from __future__ import annotations

import pytest

from protocol.server.owner.wait_budget import MEMORY, MOST, WaitBudget


def test_who_was_never_waited_for_has_all_of_it() -> None:
    assert WaitBudget().left("ben", 5.0) == MOST


def test_waits_add_up_and_end() -> None:
    patience = WaitBudget()
    for number in range(7):
        patience.spend("ben", 10.0, 100.0 + number)
    assert patience.left("ben", 107.0) == 0.0
    assert patience.left("cy", 107.0) == MOST


def test_who_has_left_is_forgotten_as_well() -> None:
    patience = WaitBudget()
    patience.spend("ben", 10.0, 100.0)
    patience.spend("cy", 10.0, 200.0)
    patience.spend("dee", 10.0, 100.0 + MEMORY)
    assert len(patience) == 2
    patience.spend("dee", 10.0, 200.0 + MEMORY)
    assert len(patience) == 1


def test_a_wait_is_forgotten_after_a_while() -> None:
    patience = WaitBudget()
    patience.spend("ben", 10.0, 100.0)
    patience.spend("ben", 5.0, 200.0)
    assert patience.left("ben", 100.0 + MEMORY - 1.0) == pytest.approx(MOST - 15.0)
    assert patience.left("ben", 100.0 + MEMORY) == pytest.approx(MOST - 5.0)
    assert patience.left("ben", 200.0 + MEMORY) == MOST
    assert patience.left("ben", 200.0 + MEMORY) == MOST
