"""Sound and subtitles on the real player and in a real party: what is shown, and what holds."""

from __future__ import annotations

import socket
import subprocess
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from player.backend.base import Source, Subtitle, SubtitlesFailed, TracksChanged, TrackWishes
from player.backend.mpv import MpvPlayer
from player.media.subtitle_files import find_subtitles, read_subtitle
from tests.cast import SeatProcess, ServerProcess
from tests.films import serve
from tests.integration.players import watched_player

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Line
    from tests.films import Films
    from tests.integration.players import Watched

CUE = "1\n00:00:00,000 --> 00:00:09,000\nGrüße\n"


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    return films.counter_film(10)


def two_languages(film: Path, made: Path, *languages: str) -> Path:
    """The film with sound in each language, the first by default."""
    maps = [part for _ in languages for part in ("-map", "0:a")]
    named = [
        part
        for number, language in enumerate(languages)
        for part in (f"-metadata:s:a:{number}", f"language={language}")
    ]
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-i", str(film), "-map", "0:v", *maps, "-c", "copy", *named),
            *("-disposition:a", "0", "-disposition:a:0", "default", str(made)),
        ],
        check=True,
    )
    return made


def complete(it: Watched) -> TracksChanged:
    return it.wait(TracksChanged, where=lambda told: told.is_complete)


def subtitles(told: TracksChanged) -> list[str]:
    return [track.title for track in told.tracks if track.kind == "subtitle"]


def failed_of(it: Watched) -> set[str]:
    return {event.title for event in it.told if isinstance(event, SubtitlesFailed)}


def shown_text(it: Watched) -> object:
    """What mpv would draw over the picture now."""
    assert isinstance(it.player, MpvPlayer)
    it.seek(1.0)
    return it.player._core.get("sub-text")  # pyright: ignore[reportPrivateUsage]


# The player ------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
def test_text_is_read_in_whatever_it_is_written(film: Path, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "Film.srt"
    file.write_bytes(CUE.encode(encoding))
    with watched_player() as it:
        it.load(Source(str(film), subtitles=(read_subtitle(str(file)),)))
        assert subtitles(complete(it)) == ["Film.srt"]
        it.player.select_track("subtitle", 1)
        it.wait(TracksChanged, where=lambda told: told.tracks[-1].selected)
        assert shown_text(it) == "Grüße"


def test_a_code_page_that_the_name_tells_is_believed(film: Path, tmp_path: Path) -> None:
    file = tmp_path / "Film.ru.srt"
    file.write_bytes(CUE.replace("Grüße", "Да").encode("cp1251"))
    with watched_player() as it:
        it.load(Source(str(film), subtitles=(read_subtitle(str(file)),)))
        assert complete(it).tracks[-1].language == "ru"
        it.player.select_track("subtitle", 1)
        it.wait(TracksChanged, where=lambda told: told.tracks[-1].selected)
        assert shown_text(it) == "Да"


def test_a_file_of_one_s_own_is_added_to_a_film_from_the_network(
    film: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.srt"
    file.write_text(CUE)
    with serve(film.parent) as server, watched_player() as it:
        it.load(server.url(film))
        it.player.add_subtitle(read_subtitle(str(file)))
        assert subtitles(it.wait(TracksChanged, where=lambda told: bool(subtitles(told)))) == [
            "mine.srt"
        ]


def test_a_file_that_is_gone_or_is_none_is_told_and_the_film_plays(
    film: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.srt"
    text.write_text("no subtitles at all\n")
    files = (Subtitle(str(tmp_path / "gone.srt"), title="gone.srt"), Subtitle(str(text), title="t"))
    with watched_player(("sub-files", str(tmp_path / "nowhere.srt"))) as it:
        it.load(Source(str(film), subtitles=files))
        for title in ("gone.srt", "t"):
            if title not in failed_of(it):
                it.wait(SubtitlesFailed, where=lambda told, title=title: told.title == title)
        assert failed_of(it) == {"nowhere.srt", "gone.srt", "t"}
        it.play_past(0.3)


def test_a_server_of_subtitles_that_never_answers_keeps_no_film_waiting(
    film: Path, tmp_path: Path
) -> None:
    beside = tmp_path / "film.srt"
    beside.write_text(CUE)
    with socket.create_server(("127.0.0.1", 0)) as silent, watched_player() as it:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/x.vtt"
        it.load(Source(str(film), subtitles=(Subtitle(hanging, title="x"), Subtitle(str(beside)))))
        told = it.wait(TracksChanged, where=lambda told: bool(subtitles(told)))
        assert not told.is_complete
        it.play_past(0.3)
        other = it.load(film)
        assert [track.kind for track in other.tracks] == ["video", "audio"]
        it.play_past(0.3)


def test_files_that_options_of_mpv_s_name_are_tracks(film: Path, tmp_path: Path) -> None:
    text, sound = tmp_path / "named.srt", tmp_path / "comment.mka"
    text.write_text(CUE)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(film), "-map", "0:a", "-c", "copy", str(sound)],
        check=True,
    )
    with watched_player(("sub-files", str(text)), ("audio-files", str(sound))) as it:
        for _ in range(2):
            opened = it.load(film)
            assert [track.kind for track in opened.tracks if track.is_external] == [
                "audio",
                "subtitle",
            ]


def test_languages_choose_as_the_film_opens(film: Path, tmp_path: Path) -> None:
    both = two_languages(film, tmp_path / "both.mkv", "eng", "ger")
    with watched_player() as it:
        for languages, heard in ((None, "eng"), (("de",), "ger"), (("fr", "en"), "eng")):
            opened = it.load(Source(str(both), wishes=TrackWishes(audio_languages=languages)))
            assert [t.language for t in opened.tracks if t.kind == "audio" and t.selected] == [
                heard
            ]


def test_pictures_with_an_index_are_a_track(film: Path, tmp_path: Path) -> None:
    index = tmp_path / "film.idx"
    index.write_text(
        "# VobSub index file, v7 (do not modify this line!)\nsize: 160x90\nlangidx: 0\n"
        "id: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000000\n"
    )
    index.with_suffix(".sub").write_bytes(b"\0\0\1\xba" + bytes(2044))
    (found,) = find_subtitles(tmp_path / "film.mkv").subtitles
    with watched_player() as it:
        it.load(Source(str(film), subtitles=(found,)))
        assert [t.codec for t in complete(it).tracks if t.kind == "subtitle"] == ["dvd_subtitle"]


# The party -------------------------------------------------------------------------------


def _chosen(line: Line) -> list[str]:
    return [
        track["language"] or track["title"]
        for track in line["tracks"]
        if track["selected"] and track["kind"] != "video"
    ]


async def test_what_a_person_chose_is_his_alone_and_holds_for_the_next_film(
    film: Path, tmp_path: Path
) -> None:
    one = two_languages(film, tmp_path / "one.mkv", "eng", "ger")
    two = two_languages(film, tmp_path / "two.mkv", "ger", "eng", "fre")
    (tmp_path / "one.srt").write_text(CUE)
    (tmp_path / "mine.srt").write_text(CUE)
    async with AsyncExitStack() as stack:
        server = await ServerProcess().start(tmp_path / "party.sqlite")
        stack.push_async_callback(server.end)
        host = await SeatProcess().host(server.url, str(one), str(two))
        stack.push_async_callback(host.end)
        ready = await host.wait_for("ready")
        viewer = await SeatProcess().join(ready["invite"], str(one))
        stack.push_async_callback(viewer.end)
        for seat in (host, viewer):
            await seat.wait_for("media", lambda line: _chosen(line) == ["eng", "one.srt"])
        host.ask(f'subtitles "{tmp_path}/mine.srt"')
        await host.wait_for("media", lambda line: _chosen(line) == ["eng", "mine.srt"])
        host.ask("audio")
        await host.wait_for("media", lambda line: _chosen(line) == ["ger", "mine.srt"])
        host.ask("subtitle_delay 300")
        await host.wait_for("status", lambda line: line["subtitle_delay_ms"] == 300)
        mark = host.mark
        host.ask("reopen")
        await host.wait_for("media", lambda line: _chosen(line) == ["ger", "mine.srt"], after=mark)
        host.ask("subtitle_size 20")
        status = await host.wait_for("status", lambda line: line["subtitle_scale"] == 1.2)
        assert status["subtitle_delay_ms"] == 300
        mark = host.mark
        host.ask("next")
        opened = await host.wait_for("media", lambda line: line["title"] == "two", after=mark)
        assert _chosen(opened) == ["ger"]
        status = await host.wait_for("status", lambda line: line["state"] == "paused", after=mark)
        assert (status["subtitle_delay_ms"], status["subtitle_scale"]) == (0, 1.2)
        assert "ger" not in _chosen(viewer.last("media"))
