"""Closed sets: what a seat takes a value for that a newer server has added to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast, get_args

from protocol.wire.messages import ByeCode, EventType, MediaKind, RefusalCode, Role, SeatState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _ClosedSet(NamedTuple):
    field: str
    known: frozenset[str]
    neutral: str
    """What promises least of what is known."""


_EVENT_TYPE: Final = _ClosedSet("event_type", frozenset(get_args(EventType)), "unknown")
_REFUSAL: Final = _ClosedSet("code", frozenset(get_args(RefusalCode)), "unknown")
_BYE: Final = _ClosedSet(
    "code", frozenset(word for part in get_args(ByeCode) for word in get_args(part)), "unknown"
)
# Rights are for who surely has them; a player that does who knows what is nobody's to wait for;
# and what is no address for certain is not opened as one.
_ROLE: Final = _ClosedSet("role", frozenset(get_args(Role)), "viewer")
_STATE: Final = _ClosedSet("state", frozenset(get_args(SeatState)), "idle")
_KIND: Final = _ClosedSet("kind", frozenset(get_args(MediaKind)), "file")

_IN_MESSAGES: Final[Mapping[str, _ClosedSet]] = {
    "event": _EVENT_TYPE,
    "refused": _REFUSAL,
    "bye": _BYE,
    "welcome": _ROLE,
}


def take_as_known(message: dict[str, Any]) -> bool:
    """Put the neutral value of its set wherever ``message`` has one that no set here has.

    Returns:
        Whether there were any.
    """
    was_any = False
    for part, closed_set in _parts(message):
        value = part.get(closed_set.field)
        if isinstance(value, str) and value not in closed_set.known:
            part[closed_set.field] = closed_set.neutral
            was_any = True
    return was_any


def _parts(message: dict[str, Any]) -> Iterator[tuple[dict[str, Any], _ClosedSet]]:
    """Every object in a message that has a field of a closed set."""
    kind = message.get("type")
    if isinstance(kind, str) and kind in _IN_MESSAGES:
        yield message, _IN_MESSAGES[kind]
    media = message.get("media")
    if isinstance(media, dict):
        yield cast("dict[str, Any]", media), _KIND
    for name in ("members", "changed"):
        listed = message.get(name)
        for member in cast("list[object]", listed) if isinstance(listed, list) else ():
            if isinstance(member, dict):
                yield cast("dict[str, Any]", member), _ROLE
                yield cast("dict[str, Any]", member), _STATE
