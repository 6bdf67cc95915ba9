"""Item loader: sets what belongs to one item only, whatever the last one left."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from player.backend.mpv.binding.libmpv import CoreError
from player.backend.mpv.end_of_stream.duration import ends_like
from player.backend.mpv.options import NETWORK_PROTOCOLS, RECONNECT
from player.backend.mpv.position.lander import forget_landings
from player.languages import spellings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from player.backend.base import Cookie, MediaPart, Source, TrackWishes
    from player.backend.mpv.binding.libmpv import MpvCore

_FORGOTTEN: Final = ("aid", "sid", "vid", "sub-delay", "user-agent", "referrer", "http-proxy")
"""Options that an item or a key changes and the next item starts without."""

_LISTS: Final = ("audio-files", "alang", "slang")
"""Lists that a person may have begun, and that an item adds to or replaces."""

_EDGE_SEGMENTS: Final = 3
"""Segments before its end at which a live playlist is begun."""
_LOOK_BACK: Final = 24.0
"""Seconds before its end at which one is begun that others watch already."""
_PART_HEAD: Final = 0.1
"""Seconds in which sound and pictures of a part have begun."""
_FRAME: Final = 0.5
"""Seconds; the ranges of a cache begin and end at whole pictures."""


class ItemLoader:
    """Loader of one item after the other into a core, without a trace of the one before."""

    def __init__(self, core: MpvCore) -> None:
        self._core = core
        self._defaults = {name: _spelling(core.get(f"options/{name}")) for name in _FORGOTTEN}
        self._lists = {name: _strings(core.get(f"options/{name}")) for name in _LISTS}
        self._streams = _texts(core.get("options/stream-lavf-o"))
        self._headers = _strings(core.get("options/http-header-fields"))

    def prepare(self, source: Source, position: float) -> None:
        """Set everything that ``source`` needs, and nothing of an earlier one's."""
        core = self._core
        core.set("pause", True)
        core.set("speed", 1.0)
        core.set("start", "none" if _begins(source, position) else f"{position:.6f}")
        core.set("end", "none")
        for name, value in self._defaults.items():
            core.set(name, value)
        forget_landings(core)
        core.set("force-media-title", source.title)
        audio_files = [source.audio_url] if source.audio_url else []
        core.set("audio-files", [*audio_files, *self._lists["audio-files"]])
        self._set_wishes(source.wishes)
        self._set_headers(source)
        if source.route is not None:
            core.set("http-proxy", source.route.proxy)
        # Only libavformat's demuxers for what comes from the network: mpv's own playlist
        # and edit-list readers would open what an address there names.
        demuxer = "lavf" if source.is_network else ""
        for name in ("audio-demuxer", "sub-demuxer"):
            core.set(name, demuxer)
        # A list of our own leads to playlists of our own.
        core.set("demuxer", "edl" if source.parts and not source.joined_url else demuxer)
        core.set("rebase-start-time", not source.has_shared_timestamps)
        # The stream's own connection, and those that a manifest leads to.
        streams = self._streams | (RECONNECT if source.is_network else {})
        if source.cookies:
            streams["cookies"] = cookie_lines(source.cookies, source.url)
        core.set("stream-lavf-o", streams)
        allowed = {"protocol_whitelist": NETWORK_PROTOCOLS, **RECONNECT}
        joined = {"safe": "0"} if source.joined_url else {}
        options = (allowed if source.is_network else {}) | joined | _live_start(source)
        core.set("demuxer-lavf-o", options)

    def _set_wishes(self, wishes: TrackWishes) -> None:
        """Languages choose as the film opens: a switch afterwards would cost a seek."""
        for name, languages in (
            ("alang", wishes.audio_languages),
            ("slang", wishes.subtitle_languages),
        ):
            codes = [code for tag in languages or () for code in spellings(tag)]
            self._core.set(name, codes or self._lists[name])
        for name, value in (
            ("sid", "no" if wishes.no_subtitles else None),
            ("sub-delay", wishes.subtitle_delay),
            ("sub-scale", wishes.subtitle_scale),
            ("volume", wishes.volume),
            ("mute", wishes.muted),
            ("audio-delay", wishes.audio_trim),
        ):
            if value is not None:
                self._core.set(name, value)

    def open(self, source: Source) -> int:
        """Ask for ``source``; answers mpv's number of the playlist entry."""
        # An absolute path cannot be read as a protocol of mpv's.
        url = source.url if source.is_network else os.fsencode(os.path.abspath(source.url))
        if source.parts:
            url = source.joined_url or edit_list(source.parts)
        answer = self._core.command("loadfile", url, "replace")
        entry = cast("dict[str, object]", answer) if isinstance(answer, dict) else {}
        number = entry.get("playlist_entry_id")
        if not isinstance(number, int):
            raise CoreError("mpv did not number the entry")
        return number

    def buffered_until(self, source: Source) -> float | None:
        """Position up to which the media can be played without waiting, in seconds."""
        duration = self._core.number("duration")
        if not source.is_network:
            return duration
        state = _mapping(self._core.get("demuxer-cache-state"))
        end = state.get("cache-end")
        if not isinstance(end, int | float):
            return None
        is_whole = duration is None or ends_like(end, duration)
        # At the end of the media nothing more will come, however little it is.
        return max(end, duration or 0.0) if state.get("eof") is True and is_whole else float(end)

    def _set_headers(self, source: Source) -> None:
        fields = list(self._headers)
        for name, value in source.headers.items():
            if any(character < " " for character in name + value):
                continue  # would smuggle further header lines
            if name.lower() == "user-agent":
                self._core.set("user-agent", value)
            elif name.lower() == "referer":
                self._core.set("referrer", value)
            else:
                fields.append(f"{name}: {value}")
        self._core.set("http-header-fields", fields)


def edit_list(parts: Iterable[MediaPart]) -> bytes:
    """The parts one after the other as an address of mpv's, which counts its bytes."""
    return b"edl://!no_chapters;" + b";".join(map(_entry, parts))


def _entry(part: MediaPart) -> bytes:
    url = os.fsencode(part.url)
    length = "" if part.duration is None else f",length={part.duration:.6f}"
    return f"%{len(url)}%".encode() + url + length.encode()


def loaded_range(core: MpvCore) -> tuple[float, float] | None:
    """Timestamps between which everything is loaded, around where the player is."""
    state = _mapping(core.get("demuxer-cache-state"))
    here = core.number("time-pos")
    ranges = state.get("seekable-ranges")
    for entry in cast("list[object]", ranges) if isinstance(ranges, list) else []:
        match _mapping(entry):
            case {"start": int() | float() as start, "end": int() | float() as end}:
                if here is not None and start - _FRAME <= here <= end + _FRAME:
                    return float(start), float(end)
            case _:
                pass  # no range at all
    return None


def _begins(source: Source, position: float) -> bool:
    """Whether an item is opened where it begins, without a seek."""
    # A part's first picture may lie behind what libavformat takes for its beginning.
    return source.is_live or position <= (_PART_HEAD if source.parts else 0.0)


def _live_start(source: Source) -> dict[str, str]:
    """Where a live playlist is begun: who comes later finds where the others are in it."""
    if not (source.is_live and source.segment_duration and source.live_origin is not None):
        return {}
    segments = max(_EDGE_SEGMENTS, math.ceil(_LOOK_BACK / source.segment_duration))
    return {"live_start_index": str(-segments)}


def cookie_lines(cookies: Iterable[Cookie], url: str) -> str:
    """Cookies as libavformat sends them to their own hosts: it compares the ends of names, and
    a port that ``url`` names belongs to the name.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    ports = ("", f":{parts.port}") if parts.port else ("",)
    lines: list[str] = []
    for cookie in cookies:
        domain = cookie.domain.lower()
        words = (cookie.name, cookie.value, domain, cookie.path)
        if not domain or any(mark in word for word in words for mark in ";\r\n\0"):
            continue
        names = dict.fromkeys((domain, *([host] if domain.lstrip(".") == host else [])))
        lines += [
            f"{cookie.name}={cookie.value}; path={cookie.path}; domain={name}{port};"
            for name in names
            for port in ports
        ]
    return "\n".join(lines)


def reaches(core: MpvCore, position: float) -> bool:
    """Whether mpv can go to ``position`` now: anywhere, or else in what is loaded."""
    if core.get("seekable") is not False:
        return True
    ranges = _mapping(core.get("demuxer-cache-state")).get("seekable-ranges")
    for entry in cast("list[object]", ranges) if isinstance(ranges, list) else []:
        match _mapping(entry):
            case {"start": int() | float() as start, "end": int() | float() as end}:
                if start <= position <= end:
                    return True
            case _:
                pass  # no range at all
    return False


def broken_end(core: MpvCore) -> tuple[float, float] | None:
    """Where an item from the network ends before its duration, and that; None if it does not."""
    if core.get("demuxer-via-network") is not True:
        return None
    state, duration = _mapping(core.get("demuxer-cache-state")), core.number("duration")
    end = state.get("cache-end")
    if state.get("eof") is not True or duration is None or not isinstance(end, int | float):
        return None
    return None if ends_like(end, duration) else (float(end), duration)


def end_at_gap(core: MpvCore) -> None:
    """End the item where a part of its list is missing, that nobody sees a film with a hole.

    libavformat goes on with the next part by itself; what it has read before is played first.
    """
    end = _mapping(core.get("demuxer-cache-state")).get("cache-end")
    if core.get("options/end") == "none" and isinstance(end, int | float):
        core.set("end", f"{end:.6f}")


def is_filling(core: MpvCore) -> bool:
    """Whether the core reads on as fast as data comes, and holds all that it may otherwise."""
    return _mapping(core.get("demuxer-cache-state")).get("idle") is False


def is_drained(core: MpvCore) -> bool:
    """Whether an item from the network that cannot be sought in ends before it has begun."""
    if core.get("seekable") is not False:
        return False
    state = _mapping(core.get("demuxer-cache-state"))
    return state.get("eof") is True and state.get("seekable-ranges") == []


def _mapping(node: object) -> dict[str, object]:
    return cast("dict[str, object]", node) if isinstance(node, dict) else {}


def _spelling(value: object) -> str:
    """An option's value as mpv reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _texts(node: object) -> dict[str, str]:
    return {key: str(value) for key, value in _mapping(node).items()}


def _strings(node: object) -> list[str]:
    entries = cast("list[object]", node) if isinstance(node, list) else []
    return [entry for entry in entries if isinstance(entry, str)]
