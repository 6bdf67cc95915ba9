"""Track list, chapter list and title of mpv's as the port's values."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote, urlsplit

from player.backend.base import Chapter, Source, Track

if TYPE_CHECKING:
    from typing import Literal

_KINDS: Final[dict[object, Literal["video", "audio", "subtitle"]]] = {
    "video": "video",
    "audio": "audio",
    "sub": "subtitle",
}


def tracks_of(track_list: object) -> tuple[Track, ...]:
    """mpv's ``track-list``; cover art is no video."""
    return tuple(
        Track(
            kind=_KINDS[entry.get("type")],
            track_id=_integer(entry.get("id")),
            title=_text(entry.get("title")),
            language=_text(entry.get("lang")),
            codec=_text(entry.get("codec")),
            selected=entry.get("selected") is True,
            is_forced=entry.get("forced") is True or _is_called_forced(entry),
            is_external=entry.get("external") is True,
        )
        for entry in _maps(track_list)
        if entry.get("type") in _KINDS and entry.get("albumart") is not True
    )


def pixels_of(track_list: object) -> int:
    """Width times height of the pictures that are shown; 0 without any."""
    return sum(
        _integer(entry.get("demux-w")) * _integer(entry.get("demux-h"))
        for entry in _maps(track_list)
        if entry.get("type") == "video"
        and entry.get("selected") is True
        and entry.get("albumart") is not True
    )


def chapters_of(chapter_list: object) -> tuple[Chapter, ...]:
    """mpv's ``chapter-list``; a chapter can start slightly before 0 there."""
    return tuple(
        Chapter(_text(entry.get("title")), max(0.0, _number(entry.get("time"))))
        for entry in _maps(chapter_list)
    )


def title_of(source: Source, metadata: object) -> str:
    """The source's own title, the one inside the media, or the name of the file."""
    if source.title:
        return source.title
    tags = cast("dict[str, object]", metadata) if isinstance(metadata, dict) else {}
    tagged = next((_text(tags[key]) for key in tags if key.lower() == "title"), "")
    if tagged.strip():
        return tagged.strip()
    path = unquote(urlsplit(source.url).path) if source.is_network else source.url
    return PurePath(path).stem or source.url


def device_of(chosen: object, output: object) -> str:
    """The device that was chosen, or else the output that mpv found."""
    return str(output or "") if chosen in (None, "", "auto") else str(chosen)


def _is_called_forced(entry: dict[str, object]) -> bool:
    """Some files say it in the title only."""
    return entry.get("type") == "sub" and "forced" in _text(entry.get("title")).lower()


def _maps(node: object) -> list[dict[str, object]]:
    entries = cast("list[object]", node) if isinstance(node, list) else []
    return [cast("dict[str, object]", entry) for entry in entries if isinstance(entry, dict)]


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0
