"""Field types: how large each kind of field may be, and the closed sets of words."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from protocol.timeline import MAX_POSITION, MAX_RATE, MIN_RATE

MAX_MESSAGE_BYTES: Final = 16 * 1024

Position = Annotated[float, Meta(ge=0.0, le=MAX_POSITION)]
Rate = Annotated[float, Meta(ge=MIN_RATE, le=MAX_RATE)]
Instant = Annotated[float, Meta(ge=-1e12, le=1e12)]
Milliseconds = Annotated[float, Meta(ge=-1e10, le=1e10)]
Seconds = Annotated[float, Meta(ge=0.0, le=1e7)]
Counter = Annotated[int, Meta(ge=0, le=2**53)]
Id = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z_-]+\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=32)]
Title = Annotated[str, Meta(max_length=200)]
Url = Annotated[str, Meta(max_length=8192)]
ChatText = Annotated[str, Meta(min_length=1, max_length=500)]
ShortText = Annotated[str, Meta(max_length=200)]
Code = Annotated[str, Meta(max_length=64, pattern=r"^[0-9a-z_]*\Z")]
"""One of a set that may grow: a peer passes over those that it does not know; "" for none."""
SomeName = Annotated[str, Meta(max_length=32)]
"""A member's name; "" for the server itself."""
SomeId = Annotated[str, Meta(max_length=64)]
"""An `Id`; "" for nobody, or for the server itself."""
Secret = Annotated[str, Meta(max_length=256)]
Sentence = Annotated[str, Meta(max_length=1000)]
"""What the server tells a person; it may name an address."""
UnixMs = Annotated[int, Meta(ge=0, le=2**43)]
"""Unix milliseconds, for people to read, up to the year 2248: what a calendar can show."""
Tolerance = Annotated[int, Meta(ge=20, le=10_000)]
"""Milliseconds of drift that a glide may mend."""

Role = Literal["host", "viewer"]
SeatState = Literal["playing", "paused", "buffering", "loading", "ended", "idle", "failed"]
"""What a player reports; ``idle`` before there is media, ``failed`` with a reason."""

EventType = Literal[
    "play",
    "pause",
    "seek",
    "rate",
    "media",
    "settings",
    "sync_request",
    "buffer_start",
    "buffer_end",
    "host_change",
    "unknown",
]
"""``unknown`` stands for a type that this program does not know; nobody sends it."""

RefusalCode = Literal[
    "bad_message",
    "invalid_field",
    "upgrade_required",
    "unauthorized",
    "forbidden",
    "not_found",
    "host_present",
    "stream_closed",
    "stale_host",
    "stale_base",
    "out_of_order",
    "event_id_conflict",
    "media_refused",
    "rate_limited",
    "storage_full",
    "try_again",
    "internal",
    "unknown",
]
"""``unknown`` stands for a code that this program does not know; nobody sends it."""
ByeCode = RefusalCode | Literal["server_stopping", "replaced", "too_slow"]
MediaKind = Literal["url", "file"]
