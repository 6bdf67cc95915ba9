"""From what the stream logs to the lines that a face shows; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, assert_never

import msgspec
from msgspec import UNSET

from player.api import views
from protocol.wire.messages import Chat
from protocol.wire.reasons import reason_code_of

if TYPE_CHECKING:
    from protocol.client.stream_state import StreamState
    from protocol.wire.messages import AnyEphemeralMessage, Event


class _Common(TypedDict):
    name: str
    you: bool
    timestamp_ms: int


def event_view(event: Event, state: StreamState, you: str) -> views.AnyView | None:
    """The line for one entry of the log; None for one of a newer kind, of which nothing is told."""
    line = event.timeline
    common = _Common(name=event.name, you=event.member_id == you, timestamp_ms=event.timestamp_ms)
    match event.event_type:
        case "play":
            return views.Played(
                position=line.position,
                rate=line.rate,
                reason=event.reason,
                reason_code=reason_code_of(event) or UNSET,
                **common,
            )
        case "pause":
            return views.Paused(
                position=line.position,
                rate=line.rate,
                reason=event.reason,
                reason_code=reason_code_of(event) or UNSET,
                **common,
            )
        case "seek":
            return views.Sought(position=line.position, rate=line.rate, **common)
        case "rate":
            return views.RateSet(position=line.position, rate=line.rate, **common)
        case "media":
            title = event.media.title if event.media else ""
            return views.MediaChanged(position=line.position, rate=line.rate, title=title, **common)
        case "settings":
            settings = event.settings or state.settings
            return views.SettingsChanged(**msgspec.structs.asdict(settings), **common)
        case "sync_request":
            return views.Resynced(before_ms=event.before_ms, after_ms=event.after_ms, **common)
        case "buffer_start":
            return views.BufferStarted(position=line.position, **common)
        case "buffer_end":
            return views.BufferEnded(position=line.position, **common)
        case "host_change":
            host = state.members.get(event.host_id)
            return views.HostChanged(
                name=host.name if host else event.name,
                you=event.host_id == you,
                timestamp_ms=event.timestamp_ms,
                by=event.name if event.member_id != event.host_id else "",
            )
        case "unknown":
            return None
        case _:
            assert_never(event.event_type)


def ephemeral_view(message: AnyEphemeralMessage, you: str) -> views.AnyView:
    """The line for what a member tells the others without a place in the log."""
    common = _Common(
        name=message.name, you=message.member_id == you, timestamp_ms=message.timestamp_ms
    )
    match message:
        case Chat(text=text):
            return views.ChatLine(text=text, **common)
        case _:
            assert_never(message)


def members_view(state: StreamState, you: str) -> views.MembersView:
    """Everybody who is listed, the host first, then by name."""
    ordered = sorted(state.members.values(), key=lambda m: (m.role != "host", m.name.lower()))
    return views.MembersView(you=you, members=tuple(ordered), others=state.others)


def waiting_view(members: tuple[str, ...], left: float, state: StreamState) -> views.Waiting:
    """Whom a start waits for, for at most ``left`` seconds."""
    known = state.members
    names = tuple(known[member].name if member in known else "somebody" for member in members)
    return views.Waiting(names=names, left=round(max(0.0, left), 1))


def host_name(state: StreamState) -> str:
    """Who hosts; "" while there is nobody."""
    return state.host.name if state.host else ""
