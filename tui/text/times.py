"""Times as people write and read them."""

from __future__ import annotations

import re
from typing import Final

from player.api.intents import Seek, SeekBy
from protocol.clock_text import clock_text
from protocol.timeline import MAX_POSITION

EXAMPLES: Final = "1:02:03, 4:30, 270, +30, -10 or 50%"
"""What `parse_go_to` reads."""

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,3})?)")
_SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,3})?")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*%")


def span_text(seconds: float) -> str:
    """A length of time in its two largest units: ``45 s``, ``12 min``, ``1 h 05``."""
    whole = int(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole // 60 % 60:02}"


def ms_text(milliseconds: float) -> str:
    """A signed distance in time: ``+0.4 ms``, ``-240 ms``, ``-1.8 s`` with a true minus."""
    sign = "−" if milliseconds < 0 else "+"
    size = abs(milliseconds)
    if size < 99.95:
        return f"{sign}{size:.1f} ms"
    return f"{sign}{size:.0f} ms" if size < 999.5 else f"{sign}{size / 1000:,.1f} s"


def parse_go_to(text: str, duration: float | None = None) -> Seek | SeekBy:
    """What to ask for when a person types a time.

    Args:
        text: such as `EXAMPLES`.
        duration: of the film in seconds, None while unknown.

    Raises:
        ValueError: in words for the person.
    """
    text = text.strip().replace("−", "-")
    if not text:
        raise ValueError(f"type a time: {EXAMPLES}")
    if text[0] in "+-":
        offset = _seconds_of(text[1:].strip(), text)
        return SeekBy(-offset if text[0] == "-" else offset)
    if percent := _PERCENT.fullmatch(text):
        return Seek(_share_of(float(percent[1]), duration))
    position = _seconds_of(text, text)
    if duration is not None and position > duration:
        raise ValueError(f"the film ends at {clock_text(duration)}")
    return Seek(position)


def _share_of(percent: float, duration: float | None) -> float:
    if duration is None:
        raise ValueError("the film's length is not known yet, so there is no percentage of it")
    if percent > 100:
        raise ValueError("there is nothing after 100%")
    return duration * percent / 100


def _seconds_of(text: str, whole: str) -> float:
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    elif clock := _CLOCK.fullmatch(text):
        hours, minutes, rest = int(clock[1] or 0), int(clock[2]), float(clock[3])
        if rest >= 60 or (clock[1] and minutes >= 60):
            raise ValueError(f"{whole} has more than 59 minutes or seconds after a colon")
        seconds = hours * 3600 + minutes * 60 + rest
    else:
        raise ValueError(f"{whole[:20]!r} is not a time: write {EXAMPLES}")
    if seconds > MAX_POSITION:
        raise ValueError("no film is longer than a week")
    return seconds
