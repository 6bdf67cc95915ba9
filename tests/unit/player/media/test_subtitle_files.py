"""Which subtitle files belong to a film, and what is read of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from player.media.subtitle_files import MAX_TEXT_BYTES, find_subtitles, read_subtitle
from protocol.exceptions import ResolveError

if TYPE_CHECKING:
    from pathlib import Path

CUE = "1\n00:00:00,500 --> 00:00:02,000\nHello\n"


def put(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(CUE)


def found(film: Path, *languages: str) -> list[tuple[str, str, str]]:
    """Name in the film's folder, language and title of each."""
    subtitles, notices = find_subtitles(film, languages)
    assert notices == ()
    return [(os.path.relpath(s.url, film.parent), s.language, s.title) for s in subtitles]


def test_files_with_the_film_s_name_are_its_subtitles(tmp_path: Path) -> None:
    put(tmp_path, "Film.mkv", "Film.srt", "Film.de.forced.ass", "Film.vtt", "film.EN.SRT")
    put(tmp_path, "Filmmusik.srt", "Other.srt", "Film.nfo", "Film.jpg", "Film (German).ssa")
    assert found(tmp_path / "Film.mkv", "de") == [
        ("Film (German).ssa", "de", "Film (German).ssa"),
        ("Film.de.forced.ass", "de", "forced"),
        ("Film.srt", "", "Film.srt"),
        ("Film.vtt", "", "Film.vtt"),
        ("film.EN.SRT", "en", "film.EN.SRT"),
    ]


def test_the_subtitles_of_another_film_with_a_longer_name_are_its_own(tmp_path: Path) -> None:
    put(tmp_path, "Film.mkv", "Film.Part2.mkv", "Film.srt", "Film.Part2.srt", "Film 3.srt")
    assert [name for name, _, _ in found(tmp_path / "Film.mkv")] == ["Film.srt"]
    assert [name for name, _, _ in found(tmp_path / "Film.Part2.mkv")] == ["Film.Part2.srt"]


def test_names_with_brackets_umlauts_and_any_bytes_are_compared_as_people_do(
    tmp_path: Path,
) -> None:
    put(tmp_path, "[Grp] Grün [1080p].mkv", "[Grp] Gru\u0308n [1080p].srt")
    odd = os.fsdecode(b"caf\xe9")
    put(tmp_path, f"{odd}.mkv", f"{odd}.srt")
    assert len(found(tmp_path / "[Grp] Grün [1080p].mkv")) == 1
    ((_, _, title),) = found(tmp_path / f"{odd}.mkv")
    title.encode()


def test_a_folder_for_subtitles_serves_the_film_beside_it(tmp_path: Path) -> None:
    put(tmp_path, "Film.mkv", "Subs/2_English.srt", "Subs/3_German.srt")
    assert found(tmp_path / "Film.mkv", "de") == [
        ("Subs/3_German.srt", "de", "3_German.srt"),
        ("Subs/2_English.srt", "en", "2_English.srt"),
    ]
    put(tmp_path, "Second.mkv", "Subs/Second/2_English.srt", "Subs/Film.fr.srt")
    assert [name for name, _, _ in found(tmp_path / "Film.mkv")] == ["Subs/Film.fr.srt"]
    assert [name for name, _, _ in found(tmp_path / "Second.mkv")] == ["Subs/Second/2_English.srt"]


def test_a_pair_of_pictures_and_index_is_opened_once_by_its_index(tmp_path: Path) -> None:
    put(tmp_path, "Film.mkv", "Film.idx", "Film.sub")
    assert [name for name, _, _ in found(tmp_path / "Film.mkv")] == ["Film.idx"]


def test_what_is_no_subtitle_file_is_left_out_and_told(tmp_path: Path) -> None:
    put(tmp_path, "Film.mkv")
    (tmp_path / "Film.srt").write_bytes(os.urandom(4096) + bytes(16))
    (tmp_path / "Film.en.srt").write_text("#EXTM3U\nhttp://elsewhere.example/x\n")
    (tmp_path / "Film.fr.srt").touch()
    with (tmp_path / "Film.de.srt").open("wb") as huge:
        huge.truncate(MAX_TEXT_BYTES + 50_000_000)
    os.mkfifo(tmp_path / "Film.it.srt")
    (tmp_path / "Film.es.srt").symlink_to("nowhere")
    subtitles, notices = find_subtitles(tmp_path / "Film.mkv")
    assert subtitles == ()
    assert sorted(notices) == [
        "Film.de.srt is left out: 67 MB is too much for subtitles",
        "Film.en.srt is no subtitle file",
        "Film.es.srt is not there",
        "Film.fr.srt is empty",
        "Film.it.srt is not a file",
        "Film.srt is no subtitle file",
    ]


def test_a_folder_that_cannot_be_read_has_no_subtitles(tmp_path: Path) -> None:
    assert find_subtitles(tmp_path / "nowhere" / "Film.mkv") == ((), ())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_is_given_to_the_player_as_it_reads(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "Film.srt"
    file.write_bytes(CUE.replace("Hello", "Grüße").encode(encoding))
    assert "Grüße" in read_subtitle(str(file)).text


def test_a_code_page_is_told_by_the_language_of_the_name(tmp_path: Path) -> None:
    russian = tmp_path / "Film.ru.srt"
    russian.write_bytes(CUE.replace("Hello", "Привет").encode("cp1251"))
    assert "Привет" in read_subtitle(str(russian)).text
    plain = tmp_path / "Film.srt"
    plain.write_bytes(CUE.replace("Hello", "Привет").encode("cp1251"))
    assert read_subtitle(str(plain)).text == "", "mpv looks closer"
    plain.write_text(CUE)
    assert read_subtitle(str(plain)).text == "", "mpv reads the file itself"


def test_a_file_is_named_as_people_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "My 'Film'.de.srt")
    monkeypatch.setenv("HOME", str(tmp_path))
    for typed in (
        str(tmp_path / "My 'Film'.de.srt"),
        f"\"{tmp_path}/My 'Film'.de.srt\"",
        "~/My 'Film'.de.srt",
        f"{tmp_path}/My\\ \\'Film\\'.de.srt",
    ):
        subtitle = read_subtitle(typed)
        assert (subtitle.title, subtitle.language) == ("My 'Film'.de.srt", "de")


@pytest.mark.parametrize("typed", ["", "/nowhere/film.srt", "\0", "/", "~nobody-is-called-so/x"])
def test_what_cannot_be_read_says_why(typed: str) -> None:
    with pytest.raises(ResolveError):
        read_subtitle(typed)
