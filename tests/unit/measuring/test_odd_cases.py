"""What the soak of odd films measures with."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bench.soak.odd.alone import Alone
from bench.soak.odd.cases import CASES, KINDS
from bench.soak.odd.encoding import BROADCASTS
from bench.soak.odd.films import RECIPES
from bench.soak.odd.lists import LISTS
from bench.soak.odd.reader import Place, PlayerReader, gap, place_gap, read_png
from bench.soak.odd.row import HEAD, Row
from bench.traces import Point
from tests.films import FRAME_BITS

if TYPE_CHECKING:
    from bench.mpv_socket import MpvSocket

WIDTH, HEIGHT = 160, 90


def png(number: int, row_filter: int = 0) -> bytes:
    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data))

    bars = b"".join(
        (b"\xff" if number >> (x * FRAME_BITS // WIDTH) & 1 else b"\x00") * 3 for x in range(WIDTH)
    )
    row = bytes((row_filter,)) + bars
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    body = zlib.compress(row * HEIGHT, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")


def reader(
    sound: list[Point] | None = None,
    picture: list[Point] | None = None,
    places: list[Place] | None = None,
) -> PlayerReader:
    made = PlayerReader(cast("MpvSocket", None), Path("none.png"))
    made.sound, made.picture, made.places = sound or [], picture or [], places or []
    return made


def playing(start: float, *, seam: float = 1e9, step: float = 0.0) -> list[Point]:
    """Positions over 1.2 s; from ``seam`` on they begin anew."""
    found: list[Point] = []
    for i in range(40):
        position = start + i * 0.03
        position = position - seam if position >= seam else position
        found.append(Point(i * 0.03, position // step * step if step else position))
    return found


@pytest.mark.parametrize("number", [0, 1, 449, 65535])
def test_the_number_in_a_picture_is_read(number: int) -> None:
    assert read_png(png(number)) == number


@pytest.mark.parametrize("data", [b"", b"no picture at all", png(3, row_filter=1), png(3)[:60]])
def test_what_is_no_plain_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="picture"):
        read_png(data)


def test_the_gap_is_that_of_the_sound() -> None:
    assert gap(reader(playing(3.0)), reader(playing(3.025))) == pytest.approx(0.025)


def test_without_sound_the_gap_is_that_of_the_pictures() -> None:
    first = reader(picture=playing(3.0, step=0.04))
    second = reader(picture=playing(3.1, step=0.04))
    assert gap(first, second) == pytest.approx(0.1, abs=0.02)


def test_a_seam_within_the_window_is_no_gap() -> None:
    first = reader(playing(3.0, seam=3.6))
    second = reader(playing(3.01, seam=3.6))
    assert gap(first, second) == pytest.approx(0.01)


def test_players_that_rest_have_no_gap_and_do_not_move() -> None:
    rests = reader([Point(i * 0.03, 3.0) for i in range(40)])
    assert gap(rests, rests) is None
    assert not rests.moves
    assert reader(playing(3.0)).moves
    shown = [Place(i * 0.3, 4.0 + i * 0.3) for i in range(4)]
    assert reader(places=shown).moves


def test_what_is_shown_tells_how_far_two_are_apart_whatever_they_say() -> None:
    first = [Place(1.0 + i, 4.0 + i) for i in range(4)]
    second = [Place(1.1 + i, 3.1 + i) for i in range(4)]
    assert place_gap(reader(places=first), reader(places=second)) == pytest.approx(-1.0)
    assert place_gap(reader(), reader()) is None


def test_every_case_has_a_name_of_its_own_a_kind_and_a_film() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert {case.kind for case in CASES} == set(KINDS)
    assert all(case.film in {**RECIPES, **LISTS, **BROADCASTS} for case in CASES)
    assert len(CASES) >= 40


def test_a_row_fits_the_head_and_what_is_too_far_apart_is_wrong() -> None:
    row = Row(CASES[0], Alone(opens=True, plays=True, length=18.0, landings=(9.0, None)))
    row.apart("play", 0.039)
    row.apart("seek", None)
    assert not row.wrong
    row.apart("back", -0.041)
    assert row.wrong == ["back: -41 ms apart"]
    assert len(row.cells()) == len(HEAD)
