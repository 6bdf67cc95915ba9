"""What is told of a local file, and what is said when there is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from player.media.local_file import describe_file, open_file
from protocol.exceptions import ResolveError
from protocol.media.fingerprint import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_file_is_described_by_title_size_and_fingerprint(tmp_path: Path) -> None:
    film = tmp_path / "A Film.mkv"
    content = os.urandom(5 * Fingerprint.PIECE)
    film.write_bytes(content)
    media = describe_file(film)
    assert (media.kind, media.title, media.size) == ("file", "A Film", len(content))
    pieces = [content[at : at + length] for at, length in Fingerprint.ranges(len(content))]
    assert media.fingerprint == Fingerprint.digest(len(content), pieces)


def test_the_same_film_elsewhere_has_the_same_fingerprint_and_another_cut_has_not(
    tmp_path: Path,
) -> None:
    names = ("one.mkv", "two.mkv", "cut.mkv")
    for name, content in zip(names, (b"film", b"film", b"Film"), strict=True):
        (tmp_path / name).write_bytes(content)
    one, two, cut = (describe_file(tmp_path / name).fingerprint for name in names)
    assert one == two != cut


def test_a_source_has_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.mp4").write_bytes(b"film")
    monkeypatch.chdir(tmp_path)
    source = open_file(Path("film.mp4"))
    assert source.url == str(tmp_path / "film.mp4")
    assert (source.title, source.is_network) == ("", False)


@pytest.mark.parametrize("ask", [describe_file, open_file])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.mkv", "there is no file"),
        ("directory", "is a directory"),
        ("empty.mkv", "is empty"),
        ("empty.mkv/below.mkv", "there is no file"),
        ("pipe", "is not a file"),
        ("nul\0l.mkv", "cannot be read"),
    ],
)
def test_what_is_no_film_is_named(
    tmp_path: Path, ask: Callable[[Path], object], name: str, message: str
) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "empty.mkv").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ResolveError, match=message) as caught:
        ask(tmp_path / name)
    assert caught.value.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("ask", [describe_file, open_file])
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, ask: Callable[[Path], object]) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"film")
    film.chmod(0)
    with pytest.raises(ResolveError, match="may not be read"):
        ask(film)
