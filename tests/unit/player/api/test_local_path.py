"""What a person names on his own disk, whatever bytes it is made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from player.api.local_path import (
    is_address,
    local_path,
    media_text,
    name_of,
    path_of,
    path_text,
    title_of,
)
from protocol.exceptions import MediaError, MediaRefused, ResolveError

BYTES = b"caf\xe9 100%.mp4"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def put(folder: Path, name: bytes) -> Path:
    file = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"film")
    return file


@pytest.mark.parametrize(
    "name", [b"plain.mp4", BYTES, b"a\nb\t\x1b[31m.mp4", b"\xed\xa0\x80.mp4", b"%41.mp4", b"?#.mp4"]
)
def test_any_path_is_text_that_a_line_can_carry_and_the_same_path_again(name: bytes) -> None:
    path = Path(os.fsdecode(b"/films/" + name))
    text = path_text(path)
    assert text.encode().decode() == text
    assert path_of(text) == path


def test_a_path_in_utf_8_is_written_as_it_is() -> None:
    assert path_text(Path("/films/café 100%.mp4")) == "/films/café 100%.mp4"
    assert path_text(Path(os.fsdecode(b"/films/" + BYTES))) == "file:///films/caf%E9%20100%25.mp4"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"caf\xe9.mp4", "file:caf%E9.mp4"),
        (b"~/caf\xe9.mp4", "file:~/caf%E9.mp4"),
        (b"http://films.example/caf\xe9.mp4?a=%20", "http://films.example/caf%E9.mp4?a=%20"),
        ("http://films.example/é.mp4".encode(), "http://films.example/é.mp4"),
    ],
)
def test_what_a_person_names_keeps_its_bytes(raw: bytes, text: str) -> None:
    assert media_text(raw) == text


@pytest.mark.parametrize(
    "name", [b"film.mp4", BYTES, b"~film.mp4", b"file:x.mp4", b"magnet:x", b"-a"]
)
def test_a_file_is_found_by_the_name_that_was_typed(folder: Path, name: bytes) -> None:
    film = put(folder, name)
    assert local_path(name.decode("utf-8", "surrogateescape")) == film
    assert local_path(media_text(os.fsencode(film))) == film


def test_a_file_uri_and_a_home_are_followed_where_no_file_is_called_so(folder: Path) -> None:
    film = put(folder / "home", BYTES)
    assert local_path("file:~/caf%E9%20100%25.mp4") == film
    assert local_path(f"FILE://localhost{folder}/home/caf%e9%20100%25.mp4") == film
    assert local_path(os.fsdecode(b"~/" + BYTES)) == film


def test_a_link_keeps_the_name_by_which_it_was_typed(folder: Path) -> None:
    put(folder, b"base.mp4")
    link = folder / "The Great Film (1999).mp4"
    link.symlink_to("base.mp4")
    path = local_path(link.name)
    assert path == link
    assert (title_of(path), name_of(path)) == ("The Great Film (1999)", link.name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("magnet:?xt=urn:btih:" + "a" * 300, "magnet: is not opened"),
        ("mailto:ana@films.example", "mailto: is not opened"),
        ("file://elsewhere/film.mp4", "is on another machine"),
        ("C:\\film.mp4", "there is no file"),
        ("file:///no/such.mp4", "there is no file"),
        ("~nobody-of-this-name/film.mp4", "there is no file"),
        ("broken", "there is no file"),
        ("loop", "cannot be read"),
        ("n" * 300, "cannot be read"),
        ("/n" * 3000, "cannot be read"),
        ("nul\0l", "cannot be read"),
        ("", "is a directory"),
        ("\udcff\ud800", "there is no file"),
    ],
)
def test_what_is_no_file_is_said_in_one_short_sentence(folder: Path, text: str, said: str) -> None:
    (folder / "broken").symlink_to("nothing")
    (folder / "loop").symlink_to("loop")
    with pytest.raises(MediaError, match=said) as caught:
        local_path(text)
    assert caught.value.remedy
    shown = str(caught.value)
    assert len(shown) < 400
    assert shown.encode().decode() == shown


def test_a_current_folder_that_is_gone_is_said(folder: Path) -> None:
    gone = folder / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    with pytest.raises(ResolveError, match="current folder is gone"):
        local_path("film.mp4")


@pytest.mark.parametrize(
    ("media", "is_one"),
    [
        ("https://films.example/a.mp4", True),
        ("ftp://films.example/a.mp4", True),
        ("magnet:?xt=a", False),
        ("file:///films/a.mp4", False),
        ("FILE:///films/a.mp4", False),
        ("C://films/a.mp4", False),
        ("films://", True),
        ("a film: what://ever", False),
    ],
)
def test_an_address_is_told_from_a_path(media: str, is_one: bool) -> None:
    assert is_address(media) is is_one


def test_an_address_of_another_kind_is_refused_and_no_file(folder: Path) -> None:
    with pytest.raises(MediaRefused):
        local_path("blob:https://films.example/x")


def test_a_title_is_fit_to_be_shown() -> None:
    assert title_of(Path("/a/\x1b[31mred\u202egnp.mkv")) == "[31mredgnp"
    assert title_of(Path("/a/\u202e.mkv")) == "untitled"
    assert title_of(Path(os.fsdecode(b"/a/caf\xe9.mkv"))) == "caf\ufffd"
