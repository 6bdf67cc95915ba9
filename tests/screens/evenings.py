"""Evenings to be shown: what the seat said so far, at a fixed time."""

from __future__ import annotations

import math
from typing import Final, Literal

from player.api import views
from player.backend.base import Chapter
from protocol.wire.messages import Member, Role

NOW: Final = 1000.0
"""CLOCK_MONOTONIC of all evenings."""
EVENING: Final = 1_767_301_320_000
"""2026-01-01 21:02 UTC in milliseconds."""
_MINUTE: Final = 60_000

Kind = Literal["host", "viewer", "reconnecting", "over", "waiting", "error"]

CHAPTERS: Final = (
    Chapter("The Search", 0.0),
    Chapter("The Snow", 310.0),
    Chapter("The Gatekeeper", 705.0),
    Chapter("The Dragon", 1390.0),
    Chapter("The City", 1900.0),
    Chapter("The Cave", 2450.0),
)


def evening(kind: Kind) -> list[views.AnyView]:
    """All lines of an evening up to now."""
    role: Role = "host" if kind in ("host", "waiting") else "viewer"
    lines: list[views.AnyView] = [
        _ready(role),
        views.MediaView(title="Sintel (2010)", duration=2712.0, kind="url", chapters=CHAPTERS),
        members(role),
        *happened(),
        *(_status(role, drift) for drift in _drifts()),
    ]
    if kind == "reconnecting":
        lines.append(
            views.Reconnecting(
                reason="connection refused", attempt=2, retry_in=4.0, timestamp_ms=EVENING
            )
        )
    if kind == "over":
        lines.append(
            views.Reconnecting(
                reason="the server was stopped",
                reason_code="server_stopping",
                attempt=1,
                retry_in=4.0,
                timestamp_ms=EVENING,
            )
        )
    if kind == "waiting":
        lines.append(views.Waiting(names=("Dmitri",), left=6.2))
    if kind == "error":
        lines.append(
            views.ErrorLine(
                code="stream_closed",
                message="the host has closed the party",
                remedy="ask Ana for a new invite",
                fatal=True,
                timestamp_ms=EVENING + 6 * _MINUTE,
            )
        )
    return lines


def _ready(role: Role) -> views.Ready:
    return views.Ready(
        role=role,
        stream_id="3fa85f64stream",
        member_id="member-ana" if role == "host" else "member-ben",
        name="Ana" if role == "host" else "Ben",
        host="Ana",
        server="https://party.example",
        invite="https://party.example/j/3fa85f64stream#kR3vN8qTz0m2c7Hs5xWb1A"
        if role == "host"
        else None,
    )


def members(role: Role = "host") -> views.MembersView:
    """Four people, one of whom lags."""
    you = "member-ana" if role == "host" else "member-ben"
    return views.MembersView(
        you=you,
        members=(
            Member("member-ana", "Ana", "host", "playing", 0.1, 24.0, 31.0),
            Member("member-ben", "Ben", "viewer", "playing", 0.4, 24.0, 31.0),
            Member("member-chloe", "Chloé", "viewer", "playing", -2.1, 61.0, 12.0),
            Member("member-dmitri", "Dmitri", "viewer", "buffering", -1240.0, 210.0, 0.0),
        ),
    )


def happened() -> list[views.AnyView]:
    """Six minutes of a party."""
    return [
        views.Played(name="Ana", timestamp_ms=EVENING),
        views.Resynced(name="Ben", timestamp_ms=EVENING + _MINUTE, before_ms=-1800.0, after_ms=0.4),
        views.Corrected(drift_ms=-1800.0, timestamp_ms=EVENING + 2 * _MINUTE),
        views.ChatLine(name="Chloé", text="the owl!!", timestamp_ms=EVENING + 3 * _MINUTE),
        views.BufferStarted(name="Dmitri", timestamp_ms=EVENING + 4 * _MINUTE, position=740.0),
        views.Sought(name="Ana", timestamp_ms=EVENING + 4 * _MINUTE, position=751.0),
        views.ChatLine(
            name="Ben",
            text="worth the rewind, and then some: look at the left edge of the picture",
            timestamp_ms=EVENING + 5 * _MINUTE,
        ),
    ]


def _drifts() -> list[float]:
    wave = [2.2 * math.sin(at / 3.0) + 1.1 * math.sin(at / 1.3) for at in range(50)]
    return [-38.0, -24.0, -15.0, -9.0, *wave, 0.4]


def _status(role: Role, drift: float) -> views.Status:
    return views.Status(
        role=role,
        state="playing",
        position=767.2,
        target=767.2,
        drift_ms=drift,
        rate=1.0,
        rtt_ms=24.0,
        jitter_ms=3.0,
        clock_error_ms=12.0,
        quality="good",
        members=4,
        playing=True,
        at=NOW,
        buffered_until=798.2,
    )
