"""A path is understood as people type it and as terminals write a dropped file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tui.screen.screens.open_media import completed, parse_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    film = tmp_path / "the film's cut.mkv"
    film.touch()
    return film


def test_as_typed_quoted_escaped_and_as_an_address(film: Path) -> None:
    plain = str(film)
    escaped = plain.replace(" ", "\\ ").replace("'", "\\'")
    address = "file://" + plain.replace(" ", "%20")
    for text in (plain, f' "{plain}" ', escaped, address):
        assert parse_path(text) == str(film.resolve())
    assert parse_path("https://films.example/a.mp4") == "https://films.example/a.mp4"


@pytest.mark.parametrize(
    ("text", "why"), [("  ", "type the path"), ("/no/such", "no such file"), ("/", "a folder")]
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_path(text)


def test_a_path_is_completed_from_its_folder(film: Path) -> None:
    folder = film.parent
    (folder / ".hidden").touch()
    (folder / "videos").mkdir()
    assert completed(f"{folder}/th") == str(film)
    assert completed(f"{folder}/v") == f"{folder}/videos/"
    assert completed(f"{folder}/.h") == f"{folder}/.hidden"
    assert completed(f"{folder}/zz") is None
    assert completed("film") is None
    assert completed("/no/such/folder/x") is None
