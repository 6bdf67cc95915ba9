"""Formats of histories: past streams and their logs, as lines for people and as objects for
programs.

Whatever others wrote is cleaned once more: a file may be older than the rules, or not ours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, assert_never, get_args

import msgspec

from protocol.clock_text import clock_text
from protocol.text import NAME_CELLS, REASON_CELLS, TITLE_CELLS, cell_width, clean_text
from protocol.wire.messages import EventType
from server_stub.storage.sql.schema import at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from protocol.wire.messages import Event, Media, StreamSettings
    from server_stub.storage.admin import PastStream

SHORT_ID: Final = 8
"""Digits of a stream's id that are shown; as many are enough to name it."""
_TITLE_CELLS: Final = 40
_MEMBERS_CELLS: Final = 40
_NO_TITLE: Final = "(no title)"


# Streams --------------------------------------------------------------------------------


def stream_lines(streams: Sequence[PastStream]) -> list[str]:
    """One line a stream, latest first."""
    if not streams:
        return ["nothing was watched yet"]
    rows = [
        [
            stream.record.stream_id[:SHORT_ID],
            f"{stream.created_at.astimezone():%Y-%m-%d %H:%M}",
            clean_text(_title(stream.record.media), _TITLE_CELLS) or _NO_TITLE,
            clean_text(", ".join(_names(stream)), _MEMBERS_CELLS),
            str(stream.events),
        ]
        for stream in streams
    ]
    return _aligned([["stream", "when", "title", "members", "events"], *rows])


def stream_object(stream: PastStream) -> dict[str, object]:
    """One stream for a program; instants are ISO 8601 in UTC."""
    record = stream.record
    return {
        "event": "stream",
        "stream_id": record.stream_id,
        "created_at": stream.created_at.isoformat(),
        "last_sync_at": stream.last_sync_at.isoformat() if stream.last_sync_at else None,
        "status": record.status,
        "title": _title(record.media),
        "members": _names(stream),
        "events": stream.events,
        "position": record.timeline.position,
        "playing": record.timeline.playing,
    }


# One stream -----------------------------------------------------------------------------


def event_lines(stream: PastStream, events: Sequence[Event]) -> list[str]:
    """The log of one stream: when, who, what, at which position; then how the seats did."""
    began = f"{stream.created_at.astimezone():%Y-%m-%d %H:%M}"
    title = _title(stream.record.media) or _NO_TITLE
    rows = [["time", "who", "what", "position"]]
    waited = _waits(events)
    moved: Event | None = None
    for event in events:
        if moved is None or event.timeline != moved.timeline:
            moved = event
        rows.append(
            [
                f"{_when(event):%Y-%m-%d %H:%M:%S}",
                _name(event),
                event_words(event, waited.get(event.event_id)),
                clock_text(_position(event, moved), decimals=1),
            ]
        )
    lines = [f"{title}, {began}, {stream.record.stream_id}", "", *_aligned(rows)]
    seats = _seat_rows(events, waited)
    return [*lines, "", *_aligned(seats)] if len(seats) > 1 else lines


def event_object(event: Event) -> dict[str, object]:
    """One event as it is on the wire, its text cleaned."""
    cleaned = msgspec.structs.replace(
        event,
        name=clean_text(event.name, NAME_CELLS),
        reason=clean_text(event.reason, REASON_CELLS),
        media=None
        if event.media is None
        else msgspec.structs.replace(
            event.media,
            title=clean_text(event.media.title, TITLE_CELLS),
            file_name=clean_text(event.media.file_name, TITLE_CELLS),
        ),
    )
    return msgspec.to_builtins(cleaned)


def event_words(event: Event, waited: float | None) -> str:
    """What happened, in a few words; ``waited`` is how long a stall took, in seconds."""
    if event.event_type not in _EVENT_TYPES:
        # A newer server has written to this database as well.
        return clean_text(event.event_type, REASON_CELLS)
    reason = clean_text(event.reason, REASON_CELLS)
    match event.event_type:
        case "rate":
            what = f"rate {event.timeline.rate:g}"
        case "media":
            what = f"media {clean_text(_title(event.media), _TITLE_CELLS)}".rstrip()
        case "settings" if event.settings is not None:
            what = _settings(event.settings)
        case "sync_request":
            what = f"sync_request {_ms(event.before_ms)} -> {_ms(event.after_ms)}"
        case "buffer_end" if waited is not None:
            what = f"buffer_end after {waited:.1f} s"
        case (
            "play"
            | "pause"
            | "seek"
            | "settings"
            | "buffer_start"
            | "buffer_end"
            | "host_change"
            | "unknown"
        ):
            what = event.event_type
        case _:
            assert_never(event.event_type)
    return f"{what} ({reason})" if reason else what


_EVENT_TYPES: Final = frozenset(get_args(EventType))
_SETTINGS: Final = {"wait": "wait", "sync_enabled": "sync", "sync_tolerance_ms": "tolerance"}
"""Short names of settings; others are called what they are called on the wire."""


def _settings(settings: StreamSettings) -> str:
    said: list[str] = []
    for name, value in msgspec.structs.asdict(settings).items():
        unit = " ms" if name.endswith("_ms") else ""
        shown = ("on" if value else "off") if isinstance(value, bool) else f"{value}{unit}"
        said.append(f"{_SETTINGS.get(name, name)} {shown}")
    return "settings: " + ", ".join(said)


def _waits(events: Iterable[Event]) -> dict[str, float]:
    """Seconds that a member had buffered for, by the id of the event that ended it."""
    since: dict[str, int] = {}
    waited: dict[str, float] = {}
    for event in events:
        if event.event_type == "buffer_start":
            since.setdefault(event.member_id, event.timestamp_ms)
        elif event.event_type == "buffer_end" and event.member_id in since:
            began = since.pop(event.member_id)
            waited[event.event_id] = max(0.0, (event.timestamp_ms - began) / 1000)
    return waited


def _seat_rows(events: Iterable[Event], waited: dict[str, float]) -> list[list[str]]:
    """Who had to mend drift or to wait, and how much."""
    names: dict[str, str] = {}
    resyncs = Counter[str]()
    worst = defaultdict[str, float](float)
    waits = Counter[str]()
    seconds = defaultdict[str, float](float)
    for event in events:
        who = event.member_id
        if event.event_type == "sync_request":
            resyncs[who] += 1
            worst[who] = max(worst[who], abs(event.before_ms or 0.0))
        elif event.event_type == "buffer_start":
            waits[who] += 1
        elif event.event_type == "buffer_end":
            seconds[who] += waited.get(event.event_id, 0.0)
        else:
            continue
        names[who] = _name(event)
    return [["seat", "resyncs", "worst drift", "buffered", "seconds"]] + [
        [name, str(resyncs[i]), f"{worst[i]:.0f} ms", str(waits[i]), f"{seconds[i]:.1f}"]
        for i, name in names.items()
    ]


def _position(event: Event, moved: Event) -> float:
    """Where the film was at the event, to about a second where it was not moved by it."""
    if event is moved:
        return event.timeline.position
    elapsed = (event.timestamp_ms - moved.timestamp_ms) / 1000
    return event.timeline.position_at(event.timeline.at + elapsed)


def _title(media: Media | None) -> str:
    return "" if media is None else clean_text(media.title or media.file_name, TITLE_CELLS)


def _names(stream: PastStream) -> list[str]:
    return [clean_text(name, NAME_CELLS) for name in stream.members]


def _name(event: Event) -> str:
    return clean_text(event.name, NAME_CELLS) or "the server"


def _when(event: Event) -> datetime:
    return at(event.timestamp_ms).astimezone()


def _ms(milliseconds: float | None) -> str:
    return "?" if milliseconds is None else f"{milliseconds:+.1f} ms"


def _aligned(rows: list[list[str]]) -> list[str]:
    """Rows in columns as wide as their widest cell."""
    widths: list[Any] = [max(map(_cells, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _cells(text: str) -> int:
    return sum(map(cell_width, text))
