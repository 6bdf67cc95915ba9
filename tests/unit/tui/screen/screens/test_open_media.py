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
    film.write_bytes(b"film")
    return film


def test_as_typed_quoted_escaped_and_as_an_address(film: Path) -> None:
    plain = str(film)
    escaped = plain.replace(" ", "\\ ").replace("'", "\\'")
    address = "file://" + plain.replace(" ", "%20")
    for text in (plain, f' "{plain}" ', escaped, address):
        assert parse_path(text) == str(film)
    assert parse_path("https://films.example/a.mp4") == "https://films.example/a.mp4"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("  ", "type the path"),
        ("/no/such", "no file"),
        ("/", "a folder"),
        ("magnet:?xt=a", "not opened"),
    ],
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


def test_a_link_is_called_by_its_own_name(film: Path) -> None:
    link = film.parent / "The Great Film.mkv"
    link.symlink_to(film)
    assert parse_path(str(link)) == str(link)


def test_a_name_that_no_terminal_can_show_is_completed_and_found_by_what_is_shown(
    tmp_path: Path,
) -> None:
    film = tmp_path / "caf\udce9.mkv"
    film.write_bytes(b"film")
    shown = completed(f"{tmp_path}/ca")
    assert shown == f"{tmp_path}/caf\ufffd.mkv"
    assert parse_path(shown or "") == f"file://{tmp_path}/caf%E9.mkv"
