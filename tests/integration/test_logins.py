"""Sites that want a login: cookies of a file or a browser, and whom they are shown to."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from player.api.logins import Login, Logins, login_at
from player.media.resolver.resolver import Resolver
from protocol.exceptions import ResolveError
from protocol.media.url_policy import UrlPolicy
from tests.integration.players import watched_player
from tui.doctor.logins import logins

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from player.backend.base import Source
    from tests.films import Films

OPEN = UrlPolicy(allow_http=True, allow_lan=True)
SECRET = "s3cr3t-of-ana"
ELSEWHERE = "127.0.0.2"


class Asked(NamedTuple):
    host: str
    path: str
    cookie: str


class Site(NamedTuple):
    """A site that shows its films to those it knows, and names of other hosts it leads to."""

    port: int
    asked: list[Asked]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def told(self, host: str) -> set[str]:
        """What of cookies this host was shown."""
        return {asked.cookie for asked in self.asked if asked.host.startswith(host)}


@contextlib.contextmanager
def login_site(folder: Path) -> Generator[Site]:
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            host, cookie = self.headers.get("Host", ""), self.headers.get("Cookie", "")
            path = self.path.partition("?")[0]
            asked.append(Asked(host, path, cookie))
            if host.startswith("127.0.0.1") and f"sid={SECRET}" not in cookie:
                self.send_error(403)
            elif path == "/moved.mp4":
                self.send_response(302)
                self.send_header("Location", f"http://{ELSEWHERE}:{port}/film.mp4")
                self.end_headers()
            else:
                self._send(path, body=body)

        def _send(self, path: str, *, body: bool) -> None:
            if path == "/watch":
                kind, content = "text/html", b"<video src='/film.mp4'></video>"
            elif path == "/list":
                kind, content = "text/html", b"<video src='/list.m3u8'></video>"
            elif path == "/list.m3u8":
                kind = "application/vnd.apple.mpegurl"
                content = (
                    "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfilm.ts\n#EXTINF:10,\n"
                    f"http://{ELSEWHERE}:{port}/film.ts\n#EXT-X-ENDLIST\n"
                ).encode()
            else:
                kind = "video/mp2t" if path.endswith(".ts") else "video/mp4"
                content = (folder / path[1:]).read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                with contextlib.suppress(OSError):
                    self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
        port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Site(port, asked)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def folder(films: Films) -> Path:
    film = films.counter_film(10)
    stream = film.with_suffix(".ts")
    if not stream.exists():
        copy = ["ffmpeg", "-v", "error", "-i", str(film), "-c", "copy", str(stream)]
        subprocess.run(copy, check=True)
    return film.parent


@pytest.fixture
def cookies(tmp_path: Path) -> Path:
    file = tmp_path / "cookies.txt"
    ends = int(time.time()) + 9999
    file.write_text(
        "# Netscape HTTP Cookie File\n"
        f"127.0.0.1\tFALSE\t/\tFALSE\t{ends}\tsid\t{SECRET}\n"
        f"elsewhere.example\tFALSE\t/\tFALSE\t{ends}\tother\tx\n"
    )
    return file


def content_of(file: Path) -> str:
    return file.read_text()


async def found(media: str, known: Logins) -> Source:
    return await Resolver(OPEN, logins=known)(media, lambda _: None)


def played(source: Source) -> None:
    with watched_player() as it:
        it.load(source)
        it.play_past(0.3)


async def test_a_page_behind_a_login_is_found_and_played_with_a_file_of_cookies(
    folder: Path, cookies: Path
) -> None:
    before = content_of(cookies)
    with login_site(folder) as site:
        source = await found(site.url("/watch"), Logins(Login(file=str(cookies))))
        assert source.url == site.url("/film.mp4")
        assert [cookie.name for cookie in source.cookies] == ["sid"], "and nobody else's"
        assert SECRET not in repr(source)
        assert "Cookie" not in source.headers
        played(source)
    assert content_of(cookies) == before, "yt-dlp would have written it anew"


async def test_a_film_that_turns_strangers_away_is_found_with_cookies(
    folder: Path, cookies: Path
) -> None:
    with login_site(folder) as site:
        played(await found(site.url("/film.mp4"), Logins(Login(file=str(cookies)))))


@pytest.mark.parametrize("path", ["/list", "/moved.mp4"])
async def test_no_other_host_is_shown_a_cookie(folder: Path, cookies: Path, path: str) -> None:
    with login_site(folder) as site:
        source = await found(site.url("/list"), Logins(Login(file=str(cookies))))
        if path == "/moved.mp4":
            source = msgspec.structs.replace(source, url=site.url(path))
        with watched_player() as it:
            it.load(source)
            it.player.seek(15.0)
            it.play_past(0.3)
        assert f"sid={SECRET}" in site.told("127.0.0.1")
        assert site.told(ELSEWHERE) == {""}


async def test_without_a_login_the_site_and_the_remedy_are_named(
    folder: Path, tmp_path: Path
) -> None:
    with login_site(folder) as site:
        with pytest.raises(ResolveError) as stranger:
            await found(site.url("/watch"), Logins())
        assert stranger.value.remedy_code == "log_in"
        assert "127.0.0.1" in stranger.value.message
        old = tmp_path / "old.txt"
        old.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\told\n")
        with pytest.raises(ResolveError) as forgotten:
            await found(site.url("/watch"), Logins(Login(file=str(old))))
        assert forgotten.value.remedy_code == "log_in_again"
        with pytest.raises(ResolveError) as unread:
            await found(site.url("/watch"), Logins(Login(file=str(tmp_path / "nowhere.txt"))))
        assert "the cookies cannot be read (No such file" in unread.value.message


async def test_a_login_for_one_site_is_read_for_that_site_only(folder: Path, cookies: Path) -> None:
    with login_site(folder) as site:
        other = Logins(sites=(("other.example", str(cookies)),))
        with pytest.raises(ResolveError):
            await found(site.url("/watch"), other)
        played(await found(site.url("/watch"), Logins(sites=(("127.0.0.1", str(cookies)),))))


def firefox_profile(home: Path) -> None:
    profile = home / ".mozilla" / "firefox" / "abcd.default"
    profile.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(profile / "cookies.sqlite")) as database:
        database.execute(
            "CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT DEFAULT '',"
            " name TEXT, value TEXT, host TEXT, path TEXT, expiry INTEGER, isSecure INTEGER)"
        )
        database.execute(
            "INSERT INTO moz_cookies (name, value, host, path, expiry, isSecure)"
            " VALUES ('sid', ?, '127.0.0.1', '/', ?, 0)",
            (SECRET, int(time.time()) + 9999),
        )
        database.commit()


async def test_the_cookies_of_a_browser_are_read_by_yt_dlp(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firefox_profile(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with login_site(folder) as site:
        played(await found(site.url("/watch"), Logins(login_at("firefox"))))


def test_doctor_tries_the_logins_and_shows_numbers_only(
    tmp_path: Path, cookies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firefox_profile(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    configured = Logins(
        Login("firefox", str(cookies)),
        (
            ("127.0.0.1", "firefox"),
            ("films.example", "firefox"),
            ("site.example", "chrome"),
            ("x.example", str(tmp_path / "nowhere.txt")),
        ),
    )
    checks = list(logins(configured))
    assert [check.grade for check in checks] == ["ok", "ok", "warn", "fail", "fail"]
    assert checks[0].text.endswith(": 2")
    assert "No such file" in checks[-1].text
    assert SECRET not in "".join(map(str, checks))
    assert list(logins(Logins())) == []
