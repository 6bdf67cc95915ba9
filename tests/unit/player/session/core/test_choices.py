"""Whose copy of a film a seat watches."""

from __future__ import annotations

from player.session.core.choices import Choices
from protocol.wire.messages import Media
from tests.doubles.core_seat import FILM, CoreSeat


def choices(seat: CoreSeat) -> Choices:
    return Choices(seat.config)


def test_a_seat_s_own_copy_is_the_one_it_remembers_recognises_or_was_given() -> None:
    viewer = choices(CoreSeat("viewer", "mine.mkv"))
    assert viewer.own_copy(FILM) == "mine.mkv"
    assert viewer.own_copy(None) == ""
    # A copy of one film is no copy of the next one.
    assert viewer.own_copy(Media("film-0079", "file", fingerprint="cd")) == ""
    assert viewer.own_copy(FILM) == "mine.mkv"
    host = choices(CoreSeat("host", "one.mkv"))
    assert host.own_copy(FILM) == ""
    same = Media("film-0077", "file", fingerprint="ab")
    host.recognise(same, "known.mkv")
    assert host.own_copy(Media("film-0078", "file", fingerprint="ab")) == "known.mkv"
    host.remember(FILM, "kept.mkv")
    assert host.own_copy(FILM) == "kept.mkv"
