"""ffmpeg, and the options that most odd films share."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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
