"""Why something happened: a code for programs, words for people and for older seats."""

from __future__ import annotations

from typing import get_args

import pytest

from protocol.timeline import Timeline
from protocol.wire.codec import decode_server, encode
from protocol.wire.messages import Event
from protocol.wire.reasons import (
    END_OF_FILM,
    EVERYBODY_READY,
    NO_REASON,
    NOBODY_CONNECTED,
    Reason,
    ReasonCode,
    reason_code_of,
    waiting_for,
)

REASONS = (END_OF_FILM, EVERYBODY_READY, NOBODY_CONNECTED, waiting_for("Ben"))


def event(words: str, code: str = "") -> Event:
    """A pause by the server."""
    return Event(1, 1, "event-001", "pause", "", "", 0, Timeline(), reason=words, reason_code=code)


def test_every_code_has_its_reason() -> None:
    assert {reason.code for reason in REASONS} == set(get_args(ReasonCode))


@pytest.mark.parametrize("reason", REASONS)
def test_the_code_says_why_whatever_the_words(reason: Reason) -> None:
    assert reason_code_of(event("in other words", reason.code)) == reason.code


@pytest.mark.parametrize("reason", [END_OF_FILM, EVERYBODY_READY, waiting_for("Ben")])
def test_an_older_peer_s_words_stand_for_their_code(reason: Reason) -> None:
    assert reason_code_of(event(reason.words)) == reason.code


@pytest.mark.parametrize(
    ("words", "code"), [("", ""), ("a reason of its own", ""), ("end of the film", "from_2031")]
)
def test_what_is_not_known_has_no_code(words: str, code: str) -> None:
    assert reason_code_of(event(words, code)) is None


def test_a_newer_peer_s_code_is_no_mistake() -> None:
    newer = event("because", "from_2031")
    assert decode_server(encode(newer)) == newer


def test_what_has_no_reason_says_nothing_of_one_on_the_wire() -> None:
    assert "reason" not in encode(event(NO_REASON.words, NO_REASON.code))
