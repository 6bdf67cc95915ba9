"""The cases: a film, how it is reached, and what is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bench.soak.odd.films import EDITED, LENGTH, RECIPES
from bench.soak.odd.lists import LISTS
from tests.doubles.odd_web.answers import LOGIN, REFERRER

if TYPE_CHECKING:
    from collections.abc import Mapping

Script = Literal["film", "live", "outage", "queue", "growing"]
KINDS: Final = ("length", "clock", "live", "address", "network", "names", "tracks")
FILM: Final = "film.mp4"
LONG_FILM: Final = "long.mp4"


@dataclass(frozen=True)
class Case:
    """One film as people have it.

    Args:
        name: of the row.
        kind: which of `KINDS`.
        film: what to make.
        path: how the web server is asked, ``{}`` for the film; "" for a file on this machine.
        script: what is done with it.
        file: another name for the film's file.
        offset: place in the film at position 0.
        end: last place in the film.
        grain: seconds between two pictures.
        listens: there are no pictures; the place is told by the tones.
        heard: at the last seek there is sound alone.
        breaks: it ends before what it promises, and the seats are to say so.
        plays: whether a party is to play it even where mpv alone does not.
        as_alone: it begins and ends where it does in mpv alone.
        options: of each seat's libmpv.
        env: variables of the host.
        fault: what happens to the network: `down`, `silent`, `portal`, `refuses`.
        seconds: how long.
        tracks: kinds of tracks that must be told.
    """

    name: str
    kind: str
    film: str = FILM
    path: str = ""
    script: Script = "film"
    file: str = ""
    offset: float = 0.0
    end: float = LENGTH
    grain: float = 0.0
    listens: bool = False
    heard: bool = False
    breaks: bool = False
    plays: bool = False
    as_alone: bool = False
    options: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    seconds: float = 0.0
    tracks: tuple[str, ...] = ()
    login: bool = False


_SPARSE: Final[Mapping[str, float]] = {
    "slides.mp4": 5.0,
    "slides.mkv": 4.0,
    "one-picture.mp4": LENGTH,
    "1-a-second.mp4": 1.0,
    "variable.mkv": 0.12,
    "variable.mp4": 0.28,
    "silent-10.mp4": 0.1,
    "short-picture.mp4": 8.0,
    "short-picture.mkv": 8.0,
    "late-picture.mkv": 3.0,
    "late-picture.mp4": 3.0,
}
_BY_TONE: Final = ("sound.", "no-header", "piped.wav", "piped.flac", "joined.ogg", "joined.mp3")
_ALSO_BY_TONE: Final = ("joined.aac", "cover.")
_LENGTHS: Final = ("piped.", "says-", "late-subtitle", "short-", "cut.", "no-header")
_OTHERWISE: Final = ("two-languages.mkv", "long.mp4")
_FIRST_CLOCK: Final = "variable.mkv"


def _film(name: str) -> Case:
    names = list(RECIPES)
    clock = names.index(name) >= names.index(_FIRST_CLOCK)
    return Case(
        name,
        "clock" if clock and not name.startswith(_LENGTHS) else "length",
        name,
        offset=EDITED if name.startswith("edit-list") else 0.0,
        end=LENGTH,
        grain=_SPARSE.get(name, 0.0),
        listens=name.startswith((*_BY_TONE, *_ALSO_BY_TONE)),
        heard=name.startswith(("short-picture", "slides", "one-picture")),
        breaks=name.startswith("cut."),
    )


def _list(name: str) -> Case:
    folder = name.partition("/")[0]
    # libavformat loses the first segment of one, and the end of the other.
    as_alone = folder in ("dash-one-file", "dash-short-sound")
    return Case(folder, "clock", name, "/plain/{}", as_alone=as_alone)


def _address(behaviour: str, film: str = FILM, **more: object) -> Case:
    name = behaviour.replace("/", " ") + (", list" if film in LISTS else "")
    return Case(name, "address", film, f"/{behaviour}/{{}}", **more)  # pyright: ignore[reportArgumentType]


def _live(name: str, path: str) -> Case:
    return Case(f"{path.split('/')[1]} {name}", "live", f"{name}/film.m3u8", path, script="live")


def _outage(fault: str, seconds: float, film: str = LONG_FILM, path: str = "/slow/22/{}") -> Case:
    name = f"{fault} {seconds:.0f} s{', list' if film != LONG_FILM else ''}"
    return Case(name, "network", film, path, script="outage", fault=fault, seconds=seconds)


ODD_NAMES: Final[Mapping[str, str]] = {
    "latin-1 name": "caf\udce9.mp4",
    "tilde name": "~film.mp4",
    "dash name": "-film.mp4",
    "line in name": "a\nfilm.mp4",
    "signs in name": "50%25 #1?&x=[y] 'z'.mp4",
    "colon in name": "http: the film.mp4",
    "long name": "f" * 250 + ".mp4",
    "other script": "Фильм 映画 🎬.mp4",
    "no ending": "film",
}

CASES: Final[tuple[Case, ...]] = (
    *(_film(name) for name in RECIPES if name not in _OTHERWISE),
    Case("growing.ts", "length", "film.ts", script="growing"),
    *(_list(name) for name in LISTS if not name.startswith("live")),
    # Live.
    _live("live", "/live/5/{}"),
    _live("live", "/dated/5/{}"),
    _live("live-fmp4", "/live/5/{}"),
    _live("live-fmp4", "/dated/5/{}"),
    _live("live-parts", "/live/5/{}"),
    _live("live-parts", "/dated/5/{}"),
    _live("live-parts-fmp4", "/dated/5/{}"),
    _live("hls", "/untold/4/{}"),
    _live("hls-now", "/plain/{}"),
    Case("plain dash-now", "live", "dash-now/film.mpd", "/plain/{}", script="live"),
    Case("radio", "live", "sound.mp3", "/radio/8/{}", script="live", listens=True),
    # Addresses.
    *(_address(name) for name in ("plain", "agent-bound", "cookie", "space")),
    _address("agent", plays=True),
    *(_address(name) for name in ("chain/6", "once", "expiring/6", "no-ranges", "no-length")),
    *(_address(name) for name in ("chunked", "type/text+plain", "busy/2")),
    _address("type/text+html", "film.mkv"),
    _address("referer", options=(("referrer", REFERRER),)),
    _address("login", login=True),
    _address("gzip", "hls/film.m3u8"),
    _address("big/1024", "hls/film.m3u8"),
    _address("agent-bound", "hls/film.m3u8"),
    _address("page", plays=True),
    Case("long address", "address", FILM, "/plain/{}?" + "x" * 6000),
    Case("proxy away", "address", FILM, "/plain/{}", env=(("ALL_PROXY", "socks5h://127.0.0.1:9"),)),
    # Networks.
    _outage("down", 8.0),
    _outage("down", 8.0, "live/film.m3u8", "/plain/{}"),
    _outage("silent", 8.0),
    _outage("portal", 8.0),
    _outage("refuses", 8.0),
    # Names.
    *(Case(name, "names", file=file) for name, file in ODD_NAMES.items()),
    Case("no home", "names", env=(("HOME", "/proc/none"), ("XDG_RUNTIME_DIR", "/proc/none"))),
    Case("locale C", "names", file="Фильм.mp4", env=(("LC_ALL", "C"), ("PYTHONUTF8", "0"))),
    # Tracks.
    Case("subtitles beside", "tracks", file="beside.mp4", tracks=("subtitle",)),
    Case(
        "subtitles named",
        "tracks",
        options=(("sub-files", "{folder}/other.srt"),),
        tracks=("subtitle",),
    ),
    Case("choices hold", "tracks", "two-languages.mkv", script="queue"),
)
LOGIN_URL: Final = f"{LOGIN[0]}:{LOGIN[1]}@"
"""What stands before a host that wants one."""
