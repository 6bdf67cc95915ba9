"""How large the steps of a cleanup are."""

import pytest

from server_stub.storage.sql.retention import AIM, LEAST, MOST, in_batches, next_batch

BATCH = 4 * LEAST
QUICK, RIGHT, SLOW = AIM / 3, AIM * 0.9, AIM * 10


@pytest.mark.parametrize(
    ("took", "batch"),
    [
        ((QUICK, QUICK), BATCH + LEAST),
        ((QUICK, SLOW), BATCH),
        ((SLOW, QUICK), BATCH),
        ((RIGHT, RIGHT), BATCH),
        ((SLOW, SLOW), BATCH - LEAST),
    ],
    ids=["both quick", "held up", "was held up", "about right", "both slow"],
)
def test_only_two_steps_together_change_the_next_ones_size(
    took: tuple[float, float], batch: int
) -> None:
    assert next_batch(BATCH, took, QUICK) == batch


def test_a_slow_disk_is_measured_by_its_own_quickest_step() -> None:
    assert next_batch(BATCH, (SLOW * 1.1, SLOW * 1.1), SLOW) > BATCH
    assert next_batch(BATCH, (SLOW * 1.6, SLOW * 1.6), SLOW) < BATCH


def test_a_step_has_bounds() -> None:
    assert next_batch(LEAST, (SLOW, SLOW), QUICK) == LEAST
    assert next_batch(MOST, (QUICK, QUICK), QUICK) == MOST


def test_it_ends_with_the_first_step_that_was_not_full() -> None:
    left = [LEAST * 2 + 1]

    def delete(most: int) -> int:
        count = min(most, left[0])
        left[0] -= count
        return count

    assert sum(in_batches(delete)) == LEAST * 2 + 1
    assert left == [0]
