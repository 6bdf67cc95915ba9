"""Films made on the spot, and a web server to play them from."""

from __future__ import annotations

import contextlib
import html
import mimetypes
import re
import subprocess
import threading
import zlib
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

FRAME_BITS = 16
CHUNK = 64 * 1024


class Chapter(NamedTuple):
    """Where a chapter starts, in seconds, and what it is called."""

    start: float
    title: str


@dataclass(frozen=True)
class Films:
    """Makes films below `directory`, each only once."""

    directory: Path

    def counter_film(
        self,
        seconds: int = 600,
        fps: int = 25,
        size: str = "160x90",
        *,
        audio: bool = True,
        chapters: Sequence[Chapter] = (),
        title: str = "A Film That Counts",
    ) -> Path:
        """An MP4 that shows each frame's number, and beeps each second; seeks are fast.

        The number is drawn in digits below, and above as `FRAME_BITS` bars, the lowest bit
        first, which `frame_number` reads.
        """
        key = f"{seconds}s-{fps}fps-{size}-{'av' if audio else 'v'}"
        if chapters or title != "A Film That Counts":
            key += f"-{zlib.crc32(repr((tuple(chapters), title)).encode()):x}"
        film = self.directory / key / "film.mp4"
        if film.exists():
            return film
        film.parent.mkdir(parents=True, exist_ok=True)
        metadata = film.with_name("metadata.txt")
        metadata.write_text(_metadata(title, seconds, chapters), encoding="utf-8")
        sound = ["-f", "lavfi", "-i", "sine=f=440:beep_factor=4:r=8000"] if audio else []
        _ffmpeg(
            *("-f", "lavfi", "-i", f"color=c=gray:s={size}:r={fps},{counter_filter(size)}"),
            *sound,
            *("-f", "ffmetadata", "-i", str(metadata)),
            *("-map", "0:v", "-map_metadata", "2" if audio else "1"),
            # The fast coder at 8 kHz halves what a long film costs.
            *(("-map", "1:a", "-c:a", "aac", "-aac_coder", "fast") if audio else ()),
            *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-pix_fmt", "yuv420p"),
            *("-g", str(fps), "-t", str(seconds), "-movflags", "+faststart", str(film)),
        )
        return film

    def index_last(self, film: Path) -> Path:
        """The film with its index at the end, as cameras and many programs write it."""
        other = film.with_name("index-last.mp4")
        if not other.exists():
            _ffmpeg(*("-i", str(film), "-map", "0", "-c", "copy", str(other)))
        return other

    def hls(self, film: Path) -> Path:
        """The film as an HLS playlist with segments of 4 s."""
        playlist = film.parent / "hls" / "film.m3u8"
        if not playlist.exists():
            playlist.parent.mkdir()
            _ffmpeg(
                *("-i", str(film), "-c", "copy", "-f", "hls", "-hls_time", "4"),
                *("-hls_list_size", "0", "-hls_playlist_type", "vod", str(playlist)),
            )
        return playlist

    def joined_hls(self, film: Path, times: int = 3) -> Path:
        """The same playlist so often in one, with timestamps that begin anew each time."""
        playlist = self.hls(film).with_name(f"joined-{times}.m3u8")
        head, mark, segments = self.hls(film).read_text(encoding="utf-8").partition("#EXTINF")
        once = (mark + segments).replace("#EXT-X-ENDLIST\n", "")
        joined = "#EXT-X-DISCONTINUITY\n".join([once] * times)
        playlist.write_text(f"{head}{joined}#EXT-X-ENDLIST\n", encoding="utf-8")
        return playlist

    def dash(self, film: Path) -> Path:
        """The film as a DASH manifest, its audio apart from its video."""
        manifest = film.parent / "dash" / "film.mpd"
        if not manifest.exists():
            manifest.parent.mkdir()
            _ffmpeg(
                *("-i", str(film), "-map", "0:v", "-map", "0:a", "-c", "copy", "-f", "dash"),
                *("-adaptation_sets", "id=0,streams=v id=1,streams=a", str(manifest)),
            )
        return manifest

    def dash_of_ranges(self, film: Path) -> Path:
        """The same manifest with one file for each track: its parts are ranges of bytes."""
        manifest = film.parent / "dash-ranges" / "film.mpd"
        if not manifest.exists():
            manifest.parent.mkdir()
            _ffmpeg(
                *("-i", str(film), "-map", "0:v", "-map", "0:a", "-c", "copy", "-f", "dash"),
                *("-single_file", "1", "-seg_duration", "2", str(manifest)),
            )
        return manifest

    def page(self, film: Path, title: str = "A Page with a Film") -> Path:
        """A web page around the film, such as only yt-dlp's generic extractor understands."""
        page = film.with_name("page.html")
        name, title = quote(film.name), html.escape(title)
        page.write_text(
            f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta property="og:title" content="{title}"></head><body>'
            f'<video controls><source src="{name}" type="video/mp4"></video></body></html>',
            encoding="utf-8",
        )
        return page


def frame_number(gray: bytes, width: int, height: int) -> int:
    """Read a counter film's frame number from a picture of 8-bit gray pixels, row by row."""
    row = gray[width * (height // 4) : width * (height // 4 + 1)]
    bars = (row[(2 * bit + 1) * width // (2 * FRAME_BITS)] for bit in range(FRAME_BITS))
    return sum((pixel > 127) << bit for bit, pixel in enumerate(bars))


def counter_filter(size: str) -> str:
    """ffmpeg's filters that draw each frame's number, for `frame_number` to read."""
    width, height = map(int, size.split("x"))
    bars = [
        f"drawbox=x={bit * width // FRAME_BITS}:y=0:w={width // FRAME_BITS}:h={height // 2}:t=fill"
        f":c=white:enable='mod(floor(n/{1 << bit}),2)'"
        for bit in range(FRAME_BITS)
    ]
    ground = f"drawbox=x=0:y=0:w={width}:h={height // 2}:t=fill:c=black"
    digits = (
        f"drawtext=font='DejaVu Sans Mono':text='%{{n}}':fontsize={height * 2 // 5}"
        f":x=(w-tw)/2:y={height * 11 // 20}:fontcolor=yellow"
    )
    return ",".join(["format=yuv420p", ground, *bars, digits])


def _metadata(title: str, seconds: float, chapters: Sequence[Chapter]) -> str:
    lines = [";FFMETADATA1", f"title={title}"]
    ends = [chapter.start for chapter in chapters[1:]] + [seconds]
    for chapter, end in zip(chapters, ends, strict=False):
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={round(chapter.start * 1000)}"]
        lines += [f"END={round(end * 1000)}", f"title={chapter.title}"]
    return "\n".join(lines) + "\n"


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, check=True)


class Request(NamedTuple):
    """What a client asked for."""

    path: str
    headers: Mapping[str, str]


@dataclass
class FilmServer:
    """A running web server; a test may read what was asked, and make it refuse from now on."""

    directory: Path
    port: int
    status: HTTPStatus | None = None
    """Answer every later request with this; a transfer under way is cut."""
    fail_after: int | None = None
    """After so many bytes of content in all, `status` becomes 403."""
    ranges: bool = True
    """Whether it sends parts of a file."""
    requests: list[Request] = field(default_factory=list[Request])
    sent: int = 0

    def url(self, path: Path) -> str:
        return f"http://127.0.0.1:{self.port}/{quote(path.relative_to(self.directory).as_posix())}"

    def count(self, size: int) -> None:
        self.sent += size
        if self.fail_after is not None and self.sent >= self.fail_after:
            self.status = HTTPStatus.FORBIDDEN


@contextlib.contextmanager
def serve(
    directory: Path,
    *,
    status: HTTPStatus | None = None,
    fail_after: int | None = None,
    ranges: bool = True,
    port: int = 0,
) -> Generator[FilmServer]:
    """Serve the files of `directory` on 127.0.0.1, byte ranges included unless told so."""
    with _Server(("127.0.0.1", port), _Handler) as server:
        server.films = FilmServer(directory, server.server_port, status, fail_after, ranges)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.films
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


class _Server(ThreadingHTTPServer):
    films: FilmServer

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        # Threads are joined on close, so that no test inherits another's sockets.
        self.daemon_threads = False
        self.connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Players hang up whenever they like."""

    def hang_up(self) -> None:
        for connection in self.connections.copy():
            with contextlib.suppress(OSError):
                connection.shutdown(2)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self, *, body: bool) -> None:
        films = self.server.films
        films.requests.append(Request(self.path, dict(self.headers.items())))
        path = (films.directory / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if films.status is not None:
            self.send_error(films.status)
        elif not path.is_relative_to(films.directory.resolve()) or not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            with path.open("rb") as file:
                start, end = self._send_headers(path)
                if body:
                    self._send(file, start, end)

    def _send_headers(self, path: Path) -> tuple[int, int]:
        """Answer with the headers; the bytes to send are [start, end)."""
        size = path.stat().st_size
        start, end = 0, size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted and int(wanted[1]) < size and self.server.films.ranges:
            start, end = int(wanted[1]), min(size, int(wanted[2] or size - 1) + 1)
            self.send_response(HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        else:
            self.send_response(HTTPStatus.OK)
        if self.server.films.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        self.send_header("Content-Type", content_type(path))
        self.end_headers()
        return start, end

    def _send(self, file: BinaryIO, start: int, end: int) -> None:
        file.seek(start)
        while start < end:
            if self.server.films.status is not None:
                self.close_connection = True
                return
            chunk = file.read(min(CHUNK, end - start))
            self.wfile.write(chunk)
            start += len(chunk)
            self.server.films.count(len(chunk))


def content_type(path: Path) -> str:
    known = {".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml"}
    guess = known.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return guess or "application/octet-stream"
