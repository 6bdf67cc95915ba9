"""Films whose pictures and sound do not run from end to end, made on the spot."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SOUND = "sine=f=440:r=48000"
_CODE = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-c:a", "aac", "-b:a", "32k")


def _pictures(rate: str) -> str:
    return f"testsrc=s=160x90:r={rate}"


@dataclass(frozen=True)
class TimedFilms:
    """Makes such films below ``directory``, each only once."""

    directory: Path

    def sparse(self, rate: str = "1/10", *, sound: bool = True, seconds: int = 40) -> Path:
        """So few pictures a second."""
        kind = rate.replace("/", "in")
        inputs = ["-f", "lavfi", "-i", _pictures(rate)]
        inputs += ["-f", "lavfi", "-i", _SOUND] if sound else []
        name = f"sparse-{kind}-{'av' if sound else 'v'}-{seconds}.mp4"
        return self._make(name, *inputs, "-t", str(seconds), *_CODE)

    def gaps(self, *, sound: bool = True) -> Path:
        """24 pictures a second for 3 s, then one that stands for 5 s, and so on; 30 s."""
        inputs = ["-f", "lavfi", "-i", _pictures("24")]
        inputs += ["-f", "lavfi", "-i", _SOUND] if sound else []
        chosen = ("-vf", "select='lt(mod(t,8),3)'", "-fps_mode", "vfr")
        return self._make(
            f"gaps-{'av' if sound else 'v'}.mkv", *inputs, "-t", "30", *chosen, *_CODE
        )

    def apart(self, name: str, pictures: tuple[int, int], sound: tuple[int, int]) -> Path:
        """Pictures and sound, each from so many seconds until so many."""

        def track(source: str, span: tuple[int, int]) -> list[str]:
            begins, ends = span
            shift = ["-itsoffset", str(begins)] if begins else []
            return [*shift, "-f", "lavfi", "-t", str(ends - begins), "-i", source]

        return self._make(name, *track(_pictures("24"), pictures), *track(_SOUND, sound), *_CODE)

    def recording(self, seconds: int = 20, group: int = 240, *, name: str = "") -> Path:
        """A transport stream with a whole picture each ``group``, at 24 a second."""
        inputs = ("-f", "lavfi", "-i", _pictures("24"), "-f", "lavfi", "-i", _SOUND)
        name = name or f"recording-{seconds}-{group}.ts"
        return self._make(name, *inputs, "-t", str(seconds), *_CODE, "-g", str(group))

    def sound(self, name: str = "sound.m4a", seconds: int = 30) -> Path:
        """Sound alone."""
        return self._make(name, "-f", "lavfi", "-i", _SOUND, "-t", str(seconds))

    def _make(self, name: str, *arguments: str) -> Path:
        film = self.directory / name
        if not film.exists():
            command = ("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y")
            subprocess.run([*command, "-threads", "1", *arguments, str(film)], check=True)
        return film
