"""The server's clock goes on over restarts."""

from __future__ import annotations

import pytest

from server_stub.clock import (
    SETTLED,
    ClockAnchor,
    ClockReading,
    ServerClock,
    read_clocks,
    shift_after,
    wall_jump,
)

ANCHOR = ClockAnchor("boot-1", shift=100.0, instant=1100.0, elapsed=1000.0, wall=50_000.0)


def test_a_new_database_takes_the_monotonic_clock_as_it_is() -> None:
    assert shift_after(None, ClockReading("boot-1", 1000.0, 1000.0, 50_000.0)) == 0.0


def test_in_the_same_boot_the_clock_simply_goes_on() -> None:
    # The wall clock was set back meanwhile, which must not matter.
    assert shift_after(ANCHOR, ClockReading("boot-1", 1300.0, 1300.0, 40_000.0)) == 100.0


@pytest.mark.parametrize("boot_id", ["boot-2", ""])
def test_after_another_boot_the_wall_clock_tells_how_long_it_was_away(boot_id: str) -> None:
    reading = ClockReading(boot_id, 7.0, 7.0, 50_600.0)
    assert reading.monotonic + shift_after(ANCHOR, reading) == 1700.0


def test_a_wall_clock_that_was_set_back_does_not_turn_the_clock_back() -> None:
    reading = ClockReading("boot-2", 7.0, 7.0, 10_000.0)
    assert reading.monotonic + shift_after(ANCHOR, reading) == 1100.0


def test_a_monotonic_clock_that_is_behind_its_anchor_is_another_boot() -> None:
    reading = ClockReading("boot-1", 5.0, 5.0, 50_010.0)
    assert reading.monotonic + shift_after(ANCHOR, reading) == 1110.0


def test_without_a_name_no_boot_is_the_same() -> None:
    nameless = ClockAnchor("", 100.0, 1100.0, 1000.0, 50_000.0)
    reading = ClockReading("", 1300.0, 1300.0, 50_500.0)
    assert reading.monotonic + shift_after(nameless, reading) == 1600.0


@pytest.mark.parametrize(
    ("reading", "jump"),
    [
        (ClockReading("boot-1", 1300.0, 1300.0, 50_300.0), 0.0),
        (ClockReading("boot-1", 1300.0, 9000.0, 58_000.0), 0.0),
        (ClockReading("boot-1", 1300.0, 1300.0, 53_900.0), 3600.0),
        (ClockReading("boot-1", 1300.0, 1300.0, 46_700.0), -3600.0),
        (ClockReading("boot-2", 5.0, 5.0, 90_000.0), 0.0),
        (ClockReading("boot-2", 5.0, 5.0, 49_000.0), -1000.0),
    ],
)
def test_a_jump_of_the_wall_clock_is_seen(reading: ClockReading, jump: float) -> None:
    assert wall_jump(ANCHOR, reading) == pytest.approx(jump)


def test_a_running_clock_agrees_with_its_own_anchor() -> None:
    running = ServerClock(ANCHOR._replace(boot_id="another boot", wall=0.0))
    anchor = running.anchor()
    assert anchor.instant <= running.now().instant <= anchor.instant + 5
    assert shift_after(anchor, read_clocks()) == pytest.approx(anchor.shift)
    assert abs(running.wall_jump()) < 1
    assert ServerClock(anchor).instant() == pytest.approx(running.instant(), abs=1)


class Machine:
    """Clocks that a test turns."""

    def __init__(self) -> None:
        self.reading = ClockReading("boot-1", 1000.0, 1000.0, 50_000.0)

    def started(self, anchor: ClockAnchor | None = None) -> ServerClock:
        """A server's clock on this machine."""
        return ServerClock(anchor, lambda: self.reading)

    def pass_by(self, seconds: float, *, wall: float = 0.0) -> None:
        """Time goes on, and the wall clock jumps by ``wall`` besides."""
        boot_id, monotonic, elapsed, on_the_wall = self.reading
        self.reading = ClockReading(
            boot_id, monotonic + seconds, elapsed + seconds, on_the_wall + seconds + wall
        )


WEEK = 7 * 24 * 3600.0


@pytest.mark.parametrize("wall", [WEEK, -WEEK])
def test_a_jump_is_in_doubt_over_restarts_until_it_is_mended(wall: float) -> None:
    machine = Machine()
    kept = machine.started().anchor()
    machine.pass_by(60.0, wall=wall)
    for _ in range(3):
        again = machine.started(kept)
        assert again.wall_jump() == pytest.approx(wall)
        kept = again.anchor()
        assert again.wall_jump() == pytest.approx(wall)
        machine.pass_by(60.0)
    machine.pass_by(60.0, wall=-wall)
    assert machine.started(kept).wall_jump() == pytest.approx(0.0)


@pytest.mark.parametrize("wall", [WEEK, -WEEK])
@pytest.mark.parametrize("is_put_right", [True, False])
def test_a_jump_does_not_move_a_film_that_plays_on_over_a_reboot(
    wall: float, *, is_put_right: bool
) -> None:
    machine = Machine()
    first = machine.started()
    before = first.instant_at(machine.reading)
    machine.pass_by(60.0, wall=wall)
    kept = first.anchor()
    assert first.wall_jump() == pytest.approx(wall)
    now = machine.reading.wall + 60.0
    machine.reading = ClockReading("boot-2", 5.0, 5.0, now - wall if is_put_right else now)
    again = machine.started(kept)
    assert again.instant_at(machine.reading) == pytest.approx(before + 120.0)
    still = 0.0 if is_put_right else wall
    assert again.wall_jump() == pytest.approx(still)
    assert machine.started(again.anchor()).wall_jump() == pytest.approx(still)


@pytest.mark.parametrize("wall", [WEEK, -WEEK])
def test_what_is_written_while_the_clock_is_wrong_has_the_right_date(wall: float) -> None:
    machine = Machine()
    running = machine.started()
    machine.pass_by(60.0, wall=wall)
    assert running.now().unix_ms == 50_060_000
    again = machine.started(running.anchor())
    machine.pass_by(60.0)
    assert again.now().unix_ms == 50_120_000
    machine.pass_by(60.0, wall=-wall)
    assert again.now().unix_ms == 50_180_000
    machine.pass_by(60.0, wall=60.0)
    assert again.now().unix_ms == 50_300_000


def test_a_jump_that_is_declared_right_is_forgotten() -> None:
    machine = Machine()
    kept = machine.started().anchor()
    machine.pass_by(60.0, wall=WEEK)
    again = machine.started(kept)
    again.trust()
    assert again.wall_jump() == 0.0
    assert machine.started(again.anchor()).wall_jump() == 0.0


def test_a_clock_that_creeps_is_followed() -> None:
    machine = Machine()
    running = machine.started()
    for _ in range(100):
        machine.pass_by(60.0, wall=60.0)
        assert running.anchor().wall == machine.reading.wall
    assert running.wall_jump() == 0.0


def test_a_machine_that_starts_with_a_clock_behind_is_in_doubt_until_it_is_set() -> None:
    machine = Machine()
    machine.reading = ClockReading("boot-2", 5.0, 5.0, 50_000.0 - WEEK)
    booted = machine.started(ANCHOR)
    booted.anchor()
    machine.pass_by(60.0)
    assert booted.wall_jump() == pytest.approx(-WEEK)
    assert booted.now().unix_ms == 50_060_000
    machine.pass_by(SETTLED, wall=WEEK + 600.0)
    assert booted.wall_jump() == 0.0
    booted.anchor()
    machine.pass_by(10.0, wall=WEEK)
    assert booted.wall_jump() == pytest.approx(WEEK)


@pytest.mark.parametrize("wrong", [-8 * 3600.0, 8 * 3600.0])
def test_a_clock_that_is_set_soon_after_the_machine_s_start_is_right(wrong: float) -> None:
    machine = Machine()
    # It was off for a day, and starts with the wrong time, such as that of its end.
    machine.reading = ClockReading("boot-2", 5.0, 5.0, ANCHOR.wall + 86_400.0 + wrong)
    booted = machine.started(ANCHOR)
    booted.anchor()
    machine.pass_by(60.0, wall=-wrong)
    assert booted.wall_jump() == 0.0
    assert booted.now().unix_ms == round(machine.reading.wall * 1000)
    machine.pass_by(SETTLED)
    booted.anchor()
    machine.pass_by(60.0, wall=-wrong)
    assert booted.wall_jump() == pytest.approx(-wrong)


@pytest.mark.parametrize("before", [-WEEK, WEEK])
@pytest.mark.parametrize("after", [-30 * 86_400.0, 30 * 86_400.0])
def test_a_clock_in_doubt_that_jumps_again_after_a_reboot_is_still_in_doubt(
    before: float, after: float
) -> None:
    machine = Machine()
    machine.reading = machine.reading._replace(wall=5e9)
    first = machine.started()
    machine.pass_by(60.0, wall=before)
    kept = first.anchor()
    machine.reading = ClockReading("boot-2", 5.0, 5.0, machine.reading.wall + 60.0)
    again = machine.started(kept)
    again.anchor()
    machine.pass_by(60.0, wall=after)
    assert again.wall_jump() == pytest.approx(before + after)
    assert again.now().unix_ms == round((5e9 + 180.0) * 1000)
