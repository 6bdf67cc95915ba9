"""Refusals: how the server says no: each refusal in words that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.wire.messages import (
    Refusal,
)
from protocol.wire.versions import PROTOCOL_OLDEST, PROTOCOL_VERSION

if TYPE_CHECKING:
    from protocol.exceptions import DecodeError, MediaRefused

_TAKE_OVER_FOR_OLDER_SEATS: Final = (
    "wait until that seat leaves, or take over with matinee host --return --take-over"
)
"""Seats that do not know the code show the message as it is."""


def unauthorized() -> Refusal:
    """The same for unknown, wrong, expired and revoked: nothing is told to a guesser."""
    return Refusal(
        "unauthorized",
        "this invite does not open anything here: it is wrong, used up, has expired or was taken"
        " back; ask the host for a new one",
    )


def removed() -> Refusal:
    return Refusal("forbidden", "the host has removed you from this party")


def not_here(event_id: str) -> Refusal:
    return Refusal(
        "not_found", "member_id: that member is not here just now", "member_id", event_id
    )


def not_oneself(event_id: str) -> Refusal:
    return Refusal("invalid_field", "member_id: a host cannot be removed", "member_id", event_id)


def stream_closed() -> Refusal:
    return Refusal("stream_closed", "this party is over: ask the host for a new invite")


def upgrade_required(version_min: int, version_max: int) -> Refusal:
    """``version_min`` and ``version_max`` are what the seat speaks."""
    theirs = (
        "no version" if version_max == 0 else f"protocol versions {version_min} to {version_max}"
    )
    older = version_max < PROTOCOL_OLDEST
    return Refusal(
        "upgrade_required",
        f"this seat speaks {theirs}, the server {PROTOCOL_OLDEST} to {PROTOCOL_VERSION}:"
        f" update matinee {'here' if older else 'on the server'}",
        version_min=PROTOCOL_OLDEST,
        version_max=PROTOCOL_VERSION,
    )


def host_present(name: str) -> Refusal:
    cause = f"{name} is hosting this party"
    return Refusal(
        "host_present",
        f"{cause}: {_TAKE_OVER_FOR_OLDER_SEATS}",
        cause=cause,
        remedy_code="take_over",
    )


def forbidden(host_name: str, event_id: str) -> Refusal:
    hosts = f"{host_name} is hosting" if host_name else "the host is away"
    return Refusal("forbidden", f"only the host can do that: {hosts}", event_id=event_id)


def stale_host(event_id: str) -> Refusal:
    return Refusal("stale_host", "somebody else hosts this party now", event_id=event_id)


def stale_base(event_id: str) -> Refusal:
    return Refusal(
        "stale_base", "the party had moved on before this arrived: do it again", event_id=event_id
    )


def out_of_order(event_id: str, expected: int) -> Refusal:
    return Refusal(
        "out_of_order",
        f"command {expected} is due",
        event_id=event_id,
        expected=expected,
    )


def event_id_conflict(event_id: str) -> Refusal:
    return Refusal(
        "event_id_conflict", "this id belongs to another event already", event_id=event_id
    )


def media_refused(error: MediaRefused, field: str, event_id: str = "") -> Refusal:
    return Refusal("media_refused", str(error), field=field, event_id=event_id)


def rate_limited(retry_after: float, event_id: str = "") -> Refusal:
    """``retry_after`` in seconds."""
    return Refusal(
        "rate_limited",
        f"too much at once: try again in {max(1, round(retry_after))} s",
        event_id=event_id,
        retry_after=round(retry_after, 3),
    )


def undecodable(error: DecodeError) -> Refusal:
    code = "invalid_field" if error.code == "invalid_field" else "bad_message"
    where = f"{error.field}: " if error.field else ""
    return Refusal(code, f"{where}{error.message}", field=error.field)


def invalid_field(field: str, message: str) -> Refusal:
    return Refusal("invalid_field", f"{field}: {message}", field=field)


def out_of_place(message: str) -> Refusal:
    return Refusal("bad_message", message)


def no_hello() -> Refusal:
    """A bad network may be at fault: whoever it was may come again."""
    return Refusal("try_again", "no hello came in time: try again")


def store_failed(code: str, event_id: str = "") -> Refusal:
    """``code`` is ``storage_full`` or ``try_again``."""
    if code == "storage_full":
        return Refusal(
            "storage_full",
            "the server has no room to write: free some on its disk, then try again",
            event_id=event_id,
        )
    return Refusal("try_again", "the server cannot write just now: try again", event_id=event_id)
