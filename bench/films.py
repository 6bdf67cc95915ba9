"""Films whose sound is worth listening to: small pictures, sound as plain samples."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

SOUND_RATE: Final = 48000
TONE: Final = 440.0
TONE_LEVEL: Final = 0.25
"""Of full scale."""


def tone_film(folder: Path, seconds: float) -> Path:
    """A pure tone, in which every gap and every step shows."""
    wave = f"aevalsrc=exprs={TONE_LEVEL}*sin({TONE}*2*PI*t):s={SOUND_RATE}"
    return _film(folder / "tone.mkv", wave, seconds)


def noise_film(folder: Path, seconds: float) -> Path:
    """Noise that is nowhere like itself, so that any stretch of it tells its place.

    Without high tones: a stretch stays alike while one player is a little faster.
    """
    wave = f"anoisesrc=r={SOUND_RATE}:a=0.8:c=white:seed=7,lowpass=f=1000,lowpass=f=1000"
    return _film(folder / "noise.mkv", wave, seconds)


def _film(film: Path, wave: str, seconds: float) -> Path:
    command = [
        *("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
        *("-f", "lavfi", "-i", "color=c=gray:s=160x90:r=25", "-f", "lavfi", "-i", wave),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-pix_fmt", "yuv420p"),
        *("-g", "25", "-c:a", "pcm_s16le", "-ac", "2", "-t", f"{seconds:.0f}", str(film)),
    ]
    subprocess.run(command, check=True)
    return film
