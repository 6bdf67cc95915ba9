"""DASH manifests: parser of a media presentation description (ISO/IEC 23009-1).

Pure. Durations are seconds.
"""

from __future__ import annotations

import copy
import re
from typing import Final
from xml.etree import ElementTree

import msgspec

from player.media.manifests.addresses import absolute
from protocol.exceptions import MediaRefused, ResolveError

MAX_PERIODS: Final = 100
_DURATION: Final = re.compile(
    r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?"
)


class DashPart(msgspec.Struct, frozen=True):
    """Period of a presentation, as a presentation of its own."""

    text: str
    duration: float
    """Seconds."""


class DashManifest(msgspec.Struct, frozen=True):
    """Media presentation description."""

    is_live: bool
    parts: tuple[DashPart, ...] = ()
    """Each period, when there are several of known length."""


def is_dash(text: str) -> bool:
    """Whether ``text`` begins as a media presentation description does."""
    return "<MPD" in text[:4096]


def parse_dash(text: str, url: str) -> DashManifest:
    """Media presentation description behind ``url``.

    Raises:
        MediaRefused: it defines entities, or leads to what is no address.
        ResolveError: it cannot be read.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MediaRefused("the list defines entities, which no film needs")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        raise ResolveError("the list of segments cannot be read", "try again in a moment") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != "MPD":
        raise ResolveError("there is no list of segments")
    if root.get("type") == "dynamic":
        return DashManifest(is_live=True)
    return DashManifest(is_live=False, parts=_parts(root, url))


def _parts(root: ElementTree.Element, url: str) -> tuple[DashPart, ...]:
    periods = root.findall("Period")
    if not 1 < len(periods) <= MAX_PERIODS:
        return ()
    durations = _durations(periods, parse_duration(root.get("mediaPresentationDuration", "")))
    if durations is None:
        return ()
    base = root.find("BaseURL")
    base_url = absolute(url, base.text or "") if base is not None else url
    return tuple(
        DashPart(_written(root, period, base_url, duration), duration)
        for period, duration in zip(periods, durations, strict=True)
    )


def _durations(periods: list[ElementTree.Element], total: float | None) -> list[float] | None:
    """Seconds of each period; None where one cannot be told."""
    durations: list[float] = []
    start = 0.0
    for at, period in enumerate(periods):
        start = parse_duration(period.get("start", "")) or start
        duration = parse_duration(period.get("duration", ""))
        if duration is None:
            after = periods[at + 1].get("start", "") if at + 1 < len(periods) else ""
            end = parse_duration(after) if after else total if at + 1 == len(periods) else None
            duration = end - start if end is not None else None
        if duration is None or duration <= 0:
            return None
        durations.append(duration)
        start += duration
    return durations


def _written(
    root: ElementTree.Element, period: ElementTree.Element, base_url: str, duration: float
) -> str:
    """A presentation of ``period`` alone."""
    attributes = {name: value for name, value in root.attrib.items() if "}" not in name}
    attributes |= {
        "xmlns": "urn:mpeg:dash:schema:mpd:2011",
        "type": "static",
        "mediaPresentationDuration": f"PT{duration:.3f}S",
    }
    part = ElementTree.Element("MPD", attributes)
    ElementTree.SubElement(part, "BaseURL").text = base_url
    alone = copy.deepcopy(period)
    alone.attrib.pop("start", None)
    for element in alone.iter():
        for name in [name for name in element.attrib if "}" in name]:
            del element.attrib[name]
    part.append(alone)
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(part, encoding="unicode")


def parse_duration(text: str) -> float | None:
    """Seconds of an XML duration; None when it is none, or counts in months."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(group or 0) for group in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
