"""Reason codes: why something happened to the film that nobody has asked for at that moment.

Seats decide by the code alone. The words stand beside it for people, and for seats that are
older than the codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.wire.messages import Event

ReasonCode = Literal["end_of_film", "waiting_for_member", "everybody_ready", "nobody_connected"]


class Reason(NamedTuple):
    """Why something happened: ``code`` for programs, ``words`` for people."""

    code: ReasonCode | Literal[""]
    words: str
    """One clause; "" where there is nothing to say."""


NO_REASON: Final = Reason("", "")
END_OF_FILM: Final = Reason("end_of_film", "end of the film")
EVERYBODY_READY: Final = Reason("everybody_ready", "everybody is ready")
NOBODY_CONNECTED: Final = Reason("nobody_connected", "")

_WAITING: Final = "waiting for "
_CODES: Final = frozenset(get_args(ReasonCode))
_CODE_BY_WORDS: Final[Mapping[str, ReasonCode]] = {
    END_OF_FILM.words: "end_of_film",
    EVERYBODY_READY.words: "everybody_ready",
}
"""What hosts and servers say that are older than the codes."""


def waiting_for(name: str) -> Reason:
    """The party waits for the member of that name."""
    return Reason("waiting_for_member", f"{_WAITING}{name}")


def reason_code_of(event: Event) -> ReasonCode | None:
    """Why ``event`` happened; None where that is not known, or nobody knows the code here.

    This is the border to peers that are older than the codes, and to logs that they wrote: an
    event without a code has the one that its words stand for.
    """
    if event.reason_code:
        known = event.reason_code in _CODES
        return cast("ReasonCode", event.reason_code) if known else None
    if event.reason.startswith(_WAITING):
        return "waiting_for_member"
    return _CODE_BY_WORDS.get(event.reason)
