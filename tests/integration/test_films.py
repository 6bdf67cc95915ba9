"""The test films and their server are what the other tests believe them to be."""

from __future__ import annotations

import json
import subprocess
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import pytest
import yt_dlp

from tests.films import Chapter, Films, frame_number, serve

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    return films.counter_film(seconds=20, chapters=[Chapter(0, "One"), Chapter(8, "Two")])


def picture(film: Path, at: float) -> bytes:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-ss", str(at), "-i", str(film)]
    command += ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def probe(film: Path) -> dict[str, list[dict[str, str]]]:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_chapters", film]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.parametrize("number", [0, 1, 250, 499])
def test_a_frame_shows_its_number(film: Path, number: int) -> None:
    assert frame_number(picture(film, number / 25), 160, 90) == number


def test_chapters_are_in_the_film(film: Path) -> None:
    assert [chapter["start_time"] for chapter in probe(film)["chapters"]] == [
        "0.000000",
        "8.000000",
    ]


def test_dash_keeps_the_audio_apart(films: Films, film: Path) -> None:
    manifest = films.dash(film)
    assert manifest.read_text().count("<AdaptationSet") == 2
    assert {stream["codec_type"] for stream in probe(manifest)["streams"]} == {"video", "audio"}


def test_hls_plays(films: Films, film: Path) -> None:
    assert len(probe(films.hls(film))["streams"]) == 2


def test_ranges_are_served(film: Path) -> None:
    whole = film.read_bytes()
    with serve(film.parent) as server, httpx.Client() as client:
        url = server.url(film)
        middle = client.get(url, headers={"Range": "bytes=100-199"})
        assert middle.status_code == HTTPStatus.PARTIAL_CONTENT
        assert middle.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
        assert middle.content == whole[100:200]
        assert client.get(url, headers={"Range": "bytes=100-"}).content == whole[100:]
        assert client.get(url).content == whole
        assert client.get(f"{url}/../../etc").status_code == HTTPStatus.NOT_FOUND
        assert server.requests[0].headers["Range"] == "bytes=100-199"


def test_the_server_can_refuse_in_the_middle(film: Path) -> None:
    with serve(film.parent, fail_after=1) as server, httpx.Client() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(server.url(film))
        assert client.get(server.url(film)).status_code == HTTPStatus.FORBIDDEN


def test_yt_dlp_finds_the_film_in_the_page(films: Films, film: Path) -> None:
    page = films.page(film)
    with serve(film.parent) as server, yt_dlp.YoutubeDL({"quiet": True}) as downloader:
        found = downloader.extract_info(server.url(page), download=False)
        assert str(found.get("title")).startswith("A Page with a Film")
        assert [form.get("url") for form in found.get("formats") or ()] == [server.url(film)]
