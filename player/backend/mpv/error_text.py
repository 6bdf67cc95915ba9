"""Error texts: mpv's error codes and log lines as one clause for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from player.http_status import is_transient_status, status_text
from protocol.clock_text import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from player.backend.base import Source
    from player.backend.mpv.binding.events import LogLine

_AO_INIT_FAILED: Final = -14
_VO_INIT_FAILED: Final = -15
_NOTHING_TO_PLAY: Final = -16
_UNKNOWN_FORMAT: Final = -17

_HTTP: Final = re.compile(r"HTTP error (\d{3})")
_DIALER: Final = re.compile(r"HTTP error \d{3} Dialer: (.+)")
"""An answer of the seat's own proxy: a clause."""
_LOGIN: Final = re.compile(r"://[^/?#\s'\"]*@")
_CODEC: Final = re.compile(r"Failed to initialize a decoder for codec '([^']+)'")
_PLAIN: Final = (
    ("No such file or directory", "there is no such file"),
    ("Is a directory", "it is a directory"),
    ("Permission denied", "this user may not read it"),
    ("Failed to resolve hostname", "the name of its server is unknown"),
    ("Connection refused", "its server refuses the connection"),
    ("Connection timed out", "its server does not answer"),
    ("Operation timed out", "its server does not answer"),
    ("Network is unreachable", "the network is unreachable"),
    ("No route to host", "its server cannot be reached"),
    ("certificate", "the certificate of its server is not trusted"),
    ("not on whitelist", "it leads to an address of a kind that is not allowed"),
    ("partial file", "the file is incomplete"),
    ("incomplete file", "the file is incomplete"),
    ("moov atom not found", "the file is incomplete: its index is missing"),
    ("Connection reset by peer", "its server broke off"),
)
"""What mpv or libavformat log, and what it means."""

_CUT: Final = re.compile(r"ends prematurely at \d+, should be (?!18446744073709551615)")
"""Without a length that was promised (2**64 - 1) that is the ordinary end."""

_TRANSIENT: Final = (
    "Will reconnect at",
    "Failed to resolve hostname",
    "Connection refused",
    "Connection reset",
    "Broken pipe",
    "timed out",
    "Network is unreachable",
    "Network unreachable",
    "No route to host",
    "TLS connection was non-properly terminated",
    "Error in the pull function",
)
"""What libavformat logs when a connection breaks off or cannot be made."""

_SKIPPED: Final = "Failed to open segment"
_SEAM: Final = re.compile(r"Invalid (?:audio PTS|video timestamp): (-?[\d.]+) -> (-?[\d.]+)")
_BACKWARD: Final = "Cannot seek backward in linear streams"
_GIVEN_UP: Final = "...treating it as fatal error"
NO_RANGES: Final = (
    "its server sends no byte ranges, and the film's index is at its end; host: use a server"
    " with byte ranges, or move the index to the front: ffmpeg -i FILM -c copy"
    " -movflags +faststart NEW.mp4"
)
ONLY_FORWARD: Final = (
    "the film's server sends no byte ranges: seeks reach only what is loaded, and who comes"
    " late stays behind; host: use a server with byte ranges"
)


def http_status_of(log: Sequence[LogLine]) -> int | None:
    """The last HTTP error that was logged."""
    answers = (line.text for line in reversed(log) if not _DIALER.search(line.text))
    found = map(_HTTP.search, answers)
    return next((int(match[1]) for match in found if match), None)


def is_transient(log: Sequence[LogLine]) -> bool:
    """Whether the way to a network source broke, so that another try may succeed."""
    status = http_status_of(log)
    if status is not None:
        return is_transient_status(status)
    signs = (_SKIPPED, *_TRANSIENT)
    return any(
        _CUT.search(line.text) or any(sign.lower() in line.text.lower() for sign in signs)
        for line in log
    )


def seam_in(line: LogLine) -> tuple[float, float] | None:
    """Timestamps in seconds, the last one and the one mpv goes on with, where they do not fit."""
    found = _SEAM.search(line.text)
    return (float(found[1]), float(found[2])) if found else None


def is_end_of_reading(line: LogLine) -> bool:
    """Whether mpv says that it reads no more of an item."""
    return line.prefix == "lavf" and line.text.startswith(_GIVEN_UP)


def is_gap(line: LogLine) -> bool:
    """Whether libavformat says that it goes on behind a part of a list that it could not open."""
    return _SKIPPED in line.text


def wants_ranges(log: Iterable[LogLine]) -> bool:
    """Whether something could not be read since the server only sends whole files."""
    return any(_BACKWARD in line.text for line in log)


def reason_for_end(error: int, log: Sequence[LogLine], source: Source) -> str:
    """Why an item could not be opened or went on to fail."""
    known = known_cause(log)
    if known:
        return known
    if error == _UNKNOWN_FORMAT:
        return "that is not a film or sound that this mpv can read"
    if error == _NOTHING_TO_PLAY:
        codecs = [match[1] for line in log if (match := _CODEC.search(line.text))]
        which = f" (codec {', '.join(dict.fromkeys(codecs))})" if codecs else ""
        return f"there are no pictures or sound that this mpv can decode{which}"
    if error == _AO_INIT_FAILED:
        return "the sound device cannot be opened"
    if error == _VO_INIT_FAILED:
        return "no window can be opened for the pictures"
    said = _last_words(log)
    where = "address" if source.is_network else "file"
    return f"the {where} cannot be opened" + (f" ({said})" if said else "")


def reason_for_break(position: float, duration: float | None, log: Sequence[LogLine]) -> str:
    """Why the media cannot go on at ``position``, before its end at ``duration``, if known."""
    at = f"the film breaks off at {clock_text(position, short=True)}"
    if duration is not None:
        at += f" of {clock_text(duration, short=True)}"
    cause = known_cause(log) or _last_words(log)
    return f"{at}: {cause}" if cause else at


def known_cause(log: Sequence[LogLine]) -> str:
    """What the log says went wrong, in our words; "" when there is no telling."""
    for line in reversed(log):
        if dialer := _DIALER.search(line.text):
            return dialer[1].strip()
        if answer := _HTTP.search(line.text):
            return status_text(int(answer[1]))
    for line in reversed(log):
        for sign, meaning in _PLAIN:
            if sign.lower() in line.text.lower():
                return meaning
        if _CUT.search(line.text):
            return "its server broke off"
    return "a part of it could not be had" if any(map(is_gap, log)) else ""


def _last_words(log: Sequence[LogLine]) -> str:
    errors = [line.text for line in log if line.level in ("error", "fatal")]
    words = _LOGIN.sub("://", errors[-1]) if errors else ""
    return " ".join(words.split())[:160].rstrip(".")
