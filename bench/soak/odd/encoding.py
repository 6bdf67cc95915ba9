"""ffmpeg, and the options that most odd films share."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

H264: Final = "-c:v copy"
AAC: Final = "-c:a aac -b:a 32k"
FFMPEG: Final = (
    *("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
    *("-threads", "1", "-filter_threads", "1"),
)


def ffmpeg(before: str, source: Path, options: str, film: Path) -> None:
    """Run it: options before the source, those after it, where to write."""
    command = [*FFMPEG, *shlex.split(before), str(source), *shlex.split(options), str(film)]
    subprocess.run(command, check=True)


BROADCASTS: Final = {
    "dash-now/film.mpd": "-f dash -seg_duration 2 -window_size 5 -extra_window_size 10",
    "hls-now/film.m3u8": "-f hls -hls_time 2 -hls_list_size 5 -hls_delete_threshold 10"
    " -hls_flags delete_segments+program_date_time",
}
"""Lists that are written while they are watched: name and options."""


@contextlib.contextmanager
def broadcast(source: Path, film: Path, options: str) -> Generator[None]:
    """Write the source at its own pace, over and over; returns when there is a list."""
    film.parent.mkdir(parents=True, exist_ok=True)
    words = shlex.split(f"-re -stream_loop -1 -i {source} {H264} {AAC} {options} {film}")
    with subprocess.Popen([*FFMPEG, *words]) as process:
        try:
            until = time.monotonic() + 15.0
            while time.monotonic() < until and not film.exists():
                time.sleep(0.1)
            # So that its window is full.
            time.sleep(8.0)
            yield
        finally:
            process.kill()
