"""The server's clock goes on over restarts."""

from __future__ import annotations

import pytest

from server_stub.clock import Anchor, Reading, ServerClock, read_clocks, shift_after, wall_jump

ANCHOR = Anchor("boot-1", shift=100.0, instant=1100.0, elapsed=1000.0, wall=50_000.0)


def test_a_new_database_takes_the_monotonic_clock_as_it_is() -> None:
    assert shift_after(None, Reading("boot-1", 1000.0, 1000.0, 50_000.0)) == 0.0


def test_in_the_same_boot_the_clock_simply_goes_on() -> None:
    # The wall clock was set back meanwhile, which must not matter.
    assert shift_after(ANCHOR, Reading("boot-1", 1300.0, 1300.0, 40_000.0)) == 100.0


@pytest.mark.parametrize("boot_id", ["boot-2", ""])
def test_after_another_boot_the_wall_clock_tells_how_long_it_was_away(boot_id: str) -> None:
    reading = Reading(boot_id, 7.0, 7.0, 50_600.0)
    assert reading.monotonic + shift_after(ANCHOR, reading) == 1700.0


def test_a_wall_clock_that_was_set_back_does_not_turn_the_clock_back() -> None:
    reading = Reading("boot-2", 7.0, 7.0, 10_000.0)
    assert reading.monotonic + shift_after(ANCHOR, reading) == 1100.0


def test_a_monotonic_clock_that_is_behind_its_anchor_is_another_boot() -> None:
    reading = Reading("boot-1", 5.0, 5.0, 50_010.0)
    assert reading.monotonic + shift_after(ANCHOR, reading) == 1110.0


def test_without_a_name_no_boot_is_the_same() -> None:
    nameless = Anchor("", 100.0, 1100.0, 1000.0, 50_000.0)
    reading = Reading("", 1300.0, 1300.0, 50_500.0)
    assert reading.monotonic + shift_after(nameless, reading) == 1600.0


@pytest.mark.parametrize(
    ("reading", "jump"),
    [
        (Reading("boot-1", 1300.0, 1300.0, 50_300.0), 0.0),
        (Reading("boot-1", 1300.0, 9000.0, 58_000.0), 0.0),
        (Reading("boot-1", 1300.0, 1300.0, 53_900.0), 3600.0),
        (Reading("boot-1", 1300.0, 1300.0, 46_700.0), -3600.0),
        (Reading("boot-2", 5.0, 5.0, 90_000.0), 0.0),
        (Reading("boot-2", 5.0, 5.0, 49_000.0), -1000.0),
    ],
)
def test_a_jump_of_the_wall_clock_is_seen(reading: Reading, jump: float) -> None:
    assert wall_jump(ANCHOR, reading) == pytest.approx(jump)


def test_a_running_clock_agrees_with_its_own_anchor() -> None:
    clock = ServerClock(ANCHOR._replace(boot_id="another boot"))
    anchor = clock.anchor()
    assert anchor.instant <= clock.now().instant <= anchor.instant + 5
    assert shift_after(anchor, read_clocks()) == pytest.approx(anchor.shift)
    assert abs(clock.wall_jump()) < 1
    assert ServerClock(anchor).instant() == pytest.approx(clock.instant(), abs=1)
