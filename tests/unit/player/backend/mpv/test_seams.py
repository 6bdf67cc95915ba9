"""Positions of a film whose timestamps begin anew while it plays."""

from __future__ import annotations

import pytest

from player.backend.mpv.position.seams import PATIENCE, Seams


def played(seams: Seams, own: float, *, at: float, rate: float = 1.0) -> float | None:
    return seams.position(at, own, rate)


def test_an_ordinary_film_is_where_its_player_says() -> None:
    seams = Seams()
    assert [played(seams, 5.0 + step, at=100.0 + step) for step in (0.0, 0.05, 0.1)] == [
        *(5.0, 5.05, 5.1)
    ]
    assert seams.shift == 0.0


def test_a_film_that_goes_on_with_older_timestamps_goes_on_itself() -> None:
    seams = Seams()
    played(seams, 9.95, at=100.0)
    seams.tell(10.02, 0.0, 100.03)
    assert played(seams, -0.2, at=100.05) == pytest.approx(9.82)
    assert played(seams, 0.1, at=100.35) == pytest.approx(10.12)
    assert seams.shift == 10.02


def test_what_was_said_late_holds_as_well() -> None:
    seams = Seams()
    played(seams, 9.95, at=100.0)
    assert played(seams, 0.0, at=100.05) is None
    seams.tell(10.02, 0.0, 100.12)
    assert played(seams, 0.1, at=100.15) == pytest.approx(10.12)


def test_a_seam_that_nobody_tells_of_is_counted_over() -> None:
    seams = Seams()
    played(seams, 9.95, at=100.0)
    assert played(seams, 0.0, at=100.05) is None
    assert played(seams, 0.5, at=100.05 + PATIENCE) == pytest.approx(10.5)


def test_two_seams_add_up() -> None:
    seams = Seams()
    played(seams, 9.95, at=100.0)
    seams.tell(10.0, 0.0, 100.05)
    played(seams, 0.05, at=100.1)
    played(seams, 1.95, at=102.0)
    seams.tell(2.0, 0.0, 102.05)
    assert played(seams, 0.0, at=102.1) == pytest.approx(12.0)


def test_a_hole_is_no_seam() -> None:
    seams = Seams()
    played(seams, 5.0, at=100.0)
    seams.tell(5.0, 15.0, 100.03)
    assert played(seams, 15.0, at=100.05) == 15.0
    assert seams.shift == 0.0


def test_a_player_that_stood_has_crossed_no_seam() -> None:
    seams = Seams()
    played(seams, 50.0, at=100.0)
    assert played(seams, 50.1, at=160.0) == 50.1


def test_what_was_said_of_an_earlier_place_says_nothing_of_a_later_one() -> None:
    seams = Seams()
    seams.tell(7.0, 3.0, 90.0)
    played(seams, 9.95, at=100.0)
    assert played(seams, 0.0, at=100.05) is None


def test_a_seek_ends_what_was_added() -> None:
    seams = Seams()
    played(seams, 9.95, at=100.0)
    seams.tell(10.0, 0.0, 100.05)
    played(seams, 0.0, at=100.1)
    seams.leap()
    assert played(seams, 4.0, at=101.0) == 4.0
    assert seams.shift == 0.0
