"""Odd films, each made of one that shows every frame's number and has a tone for every second."""

from __future__ import annotations

import shlex
import struct
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.soak.odd.encoding import AAC, FFMPEG, H264, ffmpeg
from bench.soak.odd.lists import LISTS
from tests.films import counter_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FPS: Final = 25
LENGTH: Final = 18.0
LONG: Final = 60.0
SEAM: Final = 6.48
"""Where films in two parts have their seam: at a key frame."""
EDITED: Final = 2.6
"""What an edit list leaves out at the beginning."""
CUT: Final = 0.8
"""Share of its bytes that a film has which breaks off."""
LOWEST: Final = 200
"""Hz: the tone of the first second."""
RISE: Final = 40
"""Hz from one second to the next."""
KEYS: Final = 0.24
"""Seconds from one key frame to the next."""
RATE: Final = 22050
"""Samples a second."""

PARTS: Final = (f"-t {SEAM}", f"-ss {SEAM}")


class Recipe(NamedTuple):
    """How a film is made: ffmpeg's options, or a function that writes it."""

    options: str = ""
    write: Callable[[Path, Path], None] | None = None
    """Takes the source and where to write."""
    seconds: float = LENGTH


def _joined(options: str) -> Recipe:
    """Two recordings, the second appended to the first byte by byte."""

    def write(source: Path, film: Path) -> None:
        with film.open("wb") as whole:
            for number, part in enumerate(PARTS):
                name = film.with_stem(f"{film.stem}-{number}")
                ffmpeg(f"{part} -i", source, options, name)
                whole.write(name.read_bytes())

    return Recipe(write=write)


def _piped(kind: str, options: str) -> Recipe:
    """As a recorder writes it that cannot go back: no length, no index."""

    def write(source: Path, film: Path) -> None:
        # A length among a stream's tags would be written after all.
        untold = "-map_metadata -1 -map_metadata:s:v -1 -map_metadata:s:a -1"
        words = shlex.split(f"{untold} {options}")
        command = [*FFMPEG, "-i", str(source), *words, "-f", kind, "-"]
        piped = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        film.write_bytes(piped.stdout)

    return Recipe(write=write)


def _cut(options: str, share: float) -> Recipe:
    """Only the first part of its bytes."""

    def write(source: Path, film: Path) -> None:
        ffmpeg("-i", source, options, film)
        whole = film.read_bytes()
        film.write_bytes(whole[: round(len(whole) * share)])

    return Recipe(write=write)


def _claims(seconds: float) -> Recipe:
    """A Matroska file whose header names another length."""

    def write(source: Path, film: Path) -> None:
        ffmpeg("-i", source, f"{H264} {AAC}", film)
        whole = bytearray(film.read_bytes())
        at = whole.index(b"\x44\x89\x88")
        whole[at + 3 : at + 11] = struct.pack(">d", seconds * 1000)
        film.write_bytes(whole)

    return Recipe(write=write)


def _from_between_key_frames(source: Path, film: Path) -> None:
    ffmpeg(f"-ss {EDITED} -i", source, f"{H264} {AAC}", film)


def _with_late_subtitle(source: Path, film: Path) -> None:
    text = film.with_suffix(".srt")
    cues = ("00:00:01,000 --> 00:00:02,000", "00:05:00,000 --> 00:05:02,000")
    lines = (f"{i}\n{cue}\nhello\n" for i, cue in enumerate(cues, 1))
    text.write_text("\n".join(lines), encoding="utf-8")
    ffmpeg("-i", source, f"-i {text} -map 0 -map 1 {H264} {AAC} -c:s srt", film)
    text.unlink()


def _with_cover(source: Path, film: Path) -> None:
    cover = film.with_suffix(".jpg")
    ffmpeg("-i", source, "-frames:v 1 -pix_fmt yuvj420p", cover)
    sound = "-c:a libmp3lame -b:a 64k" if film.suffix == ".mp3" else AAC
    ffmpeg(
        "-i",
        source,
        f"-i {cover} -map 0:a -map 1:v {sound} -c:v copy -disposition:v:0 attached_pic",
        film,
    )


def _video(chain: str, more: str = "") -> str:
    return f"-vf {chain} -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p {more}"


RECIPES: Final[Mapping[str, Recipe]] = {
    "film.mp4": Recipe(f"{H264} {AAC} -movflags faststart"),
    "long.mp4": Recipe(f"{H264} {AAC} -movflags faststart", seconds=LONG),
    "index-last.mp4": Recipe(f"{H264} {AAC}"),
    "fragments.mp4": Recipe(f"{H264} {AAC} -movflags frag_keyframe+empty_moov+default_base_moof"),
    "short-fragments.mp4": Recipe(f"{H264} {AAC} -frag_duration 500000 -movflags empty_moov"),
    "edit-list.mp4": Recipe(write=_from_between_key_frames),
    "b-frames.mp4": Recipe(
        f"-c:v libx264 -preset veryfast -bf 3 -g 50 -pix_fmt yuv420p {AAC} -movflags faststart"
    ),
    "film.mov": Recipe("-c:v mjpeg -q:v 4 -pix_fmt yuvj420p -c:a pcm_s16le"),
    "film.mkv": Recipe(f"{H264} -c:a flac"),
    "film.webm": Recipe(
        "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 200k -c:a libopus -ar 48000"
    ),
    "vp8.webm": Recipe("-c:v libvpx -deadline realtime -cpu-used 8 -b:v 300k -c:a libvorbis"),
    "film.ts": Recipe(f"{H264} {AAC}"),
    "film.m2ts": Recipe(f"{H264} {AAC} -f mpegts -mpegts_m2ts_mode 1"),
    "mpeg2.ts": Recipe("-c:v mpeg2video -q:v 4 -bf 2 -g 15 -c:a mp2 -b:a 64k"),
    "film.mpg": Recipe("-c:v mpeg2video -q:v 4 -bf 2 -g 15 -c:a mp2 -b:a 64k -f vob"),
    "film.flv": Recipe(f"{H264} {AAC}"),
    "old.flv": Recipe("-c:v flv -q:v 4 -c:a libmp3lame -b:a 64k"),
    "film.avi": Recipe("-c:v mpeg4 -q:v 4 -bf 0 -c:a libmp3lame -b:a 64k"),
    "film.ogv": Recipe("-c:v libtheora -q:v 8 -c:a libvorbis"),
    "film.wmv": Recipe("-c:v msmpeg4 -q:v 4 -c:a wmav2 -b:a 64k -f asf"),
    "sound.ogg": Recipe("-vn -c:a libvorbis"),
    "sound.opus": Recipe("-vn -c:a libopus -ar 48000"),
    "sound.mp3": Recipe("-vn -c:a libmp3lame -b:a 64k"),
    "no-header.mp3": Recipe("-vn -c:a libmp3lame -q:a 6 -write_xing 0 -id3v2_version 0"),
    "sound.aac": Recipe(f"-vn {AAC}"),
    "sound.m4a": Recipe(f"-vn {AAC}"),
    "sound.flac": Recipe("-vn -c:a flac"),
    "sound.wav": Recipe("-vn -c:a pcm_s16le"),
    # Lengths that are untold, or wrong.
    "piped.mkv": _piped("matroska", f"{H264} {AAC}"),
    "piped.webm": _piped(
        "webm", "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 300k -c:a libvorbis"
    ),
    "piped.flv": _piped("flv", f"{H264} {AAC}"),
    "piped.wav": _piped("wav", "-vn -c:a pcm_s16le"),
    "piped.flac": _piped("flac", "-vn -c:a flac"),
    "says-5s.mkv": _claims(5.0),
    "says-60s.mkv": _claims(60.0),
    "late-subtitle.mkv": Recipe(write=_with_late_subtitle),
    "short-sound.mp4": Recipe(f"-af atrim=end=10 {H264} {AAC}"),
    "short-picture.mp4": Recipe(f"{_video('trim=end=10')} {AAC}"),
    "short-picture.mkv": Recipe(f"{_video('trim=end=10')} {AAC}"),
    "cut.mp4": _cut(f"{H264} {AAC} -movflags faststart", CUT),
    "cut.mkv": _cut(f"{H264} {AAC}", CUT),
    "cut.avi": _cut("-c:v mpeg4 -q:v 4 -c:a libmp3lame", CUT),
    # Clocks.
    "variable.mkv": Recipe(
        _video("select='not(mod(n\\,3))+lt(mod(n\\,50)\\,20)'", f"-vsync vfr {AAC}")
    ),
    "variable.mp4": Recipe(
        _video("select='not(mod(n\\,7))+lt(mod(n\\,75)\\,30)'", f"-vsync vfr {AAC}")
    ),
    "slides.mp4": Recipe(_video("select='not(mod(n\\,125))'", f"-vsync vfr {AAC}")),
    "slides.mkv": Recipe(_video("select='not(mod(n\\,100))'", f"-vsync vfr {AAC}")),
    "one-picture.mp4": Recipe(_video("select='eq(n\\,0)'", f"-vsync vfr {AAC}")),
    "23.976.mkv": Recipe(_video("fps=24000/1001", AAC)),
    "60.mp4": Recipe(_video("fps=60", AAC)),
    "1-a-second.mp4": Recipe(_video("select='not(mod(n\\,25))'", f"-vsync vfr {AAC}")),
    "silent-10.mp4": Recipe(_video("fps=10", "-an")),
    "late-sound.mkv": Recipe(f"-af atrim=start=3 {H264} {AAC}"),
    "late-sound.ts": Recipe(f"-af atrim=start=3 {H264} {AAC}"),
    "late-picture.mkv": Recipe(f"{_video('trim=start=3')} {AAC}"),
    "late-picture.mp4": Recipe(f"{_video('trim=start=3')} {AAC}"),
    "far.ts": Recipe(f"{H264} {AAC} -output_ts_offset 10000"),
    "far.mkv": Recipe(f"{H264} {AAC} -output_ts_offset 1000"),
    "wrap.ts": Recipe(f"{H264} {AAC} -output_ts_offset 95436"),
    "open.ts": Recipe(f"-c:v libx264 -preset veryfast -bf 3 -g 50 -x264opts open_gop=1 {AAC}"),
    "joined.ts": _joined(f"{H264} {AAC}"),
    "joined.ogg": _joined("-vn -c:a libvorbis"),
    "joined.mp3": _joined("-vn -c:a libmp3lame -b:a 64k"),
    "joined.aac": _joined(f"-vn {AAC}"),
    "cover.mp3": Recipe(write=_with_cover),
    "cover.m4a": Recipe(write=_with_cover),
    # Tracks.
    "two-languages.mkv": Recipe(
        f"-map 0:v -map 0:a -map 0:a {H264} {AAC}"
        " -metadata:s:a:0 language=eng -metadata:s:a:1 language=fre"
    ),
}


def make(name: str, folder: Path, sources: Path) -> Path:
    """Write the film of that name into ``folder``, unless it is there; returns its path.

    Args:
        name: of a recipe, or of a list (`bench.soak.odd.lists`).
        folder: where.
        sources: a folder for what films are made of.
    """
    film = folder / name
    if film.exists():
        return film
    film.parent.mkdir(parents=True, exist_ok=True)
    if name in LISTS:
        LISTS[name](source(sources, LISTS[name].seconds), film)
        return film
    recipe = RECIPES[name]
    if recipe.write is not None:
        recipe.write(source(sources, recipe.seconds), film)
    else:
        ffmpeg("-i", source(sources, recipe.seconds), recipe.options, film)
    return film


def source(folder: Path, seconds: float) -> Path:
    """What all others are made of; made once."""
    film = folder / f"source-{seconds:.0f}.mkv"
    if not film.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = film.with_stem(f"{film.stem}-making")
        picture = f"color=c=gray:s=160x90:r={FPS},{counter_filter('160x90')}"
        sound = f"aevalsrc=exprs=0.25*sin(2*PI*t*({LOWEST}+{RISE}*floor(t))):s={RATE}"
        command = [
            *(*FFMPEG, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound),
            *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-pix_fmt", "yuv420p"),
            *("-bf", "0", "-force_key_frames", f"expr:gte(t,n_forced*{KEYS})"),
            *("-c:a", "pcm_s16le", "-t", str(seconds), str(made)),
        ]
        subprocess.run(command, check=True)
        made.rename(film)
    return film
