"""What a search once found goes through the same checks each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.exceptions import DecodeError
from tests.fuzz.corpus import read_corpus
from tests.fuzz.targets import TARGETS, party_heard, seat_said

if TYPE_CHECKING:
    from protocol.wire.messages import ClientMessage


@pytest.mark.parametrize("target", TARGETS)
def test_no_kept_input_breaks_a_promise(target: str) -> None:
    inputs = read_corpus(target)
    assert inputs
    for text in inputs:
        TARGETS[target](text)


def test_an_exception_that_is_no_decode_error_is_noticed() -> None:
    def raise_key_error(text: str) -> ClientMessage:
        raise KeyError(text)

    with pytest.raises(KeyError):
        seat_said("{}", raise_key_error)


def test_a_relayed_frame_that_does_not_decode_is_noticed() -> None:
    good = 'v{"type":"say","text":"hi"}'
    party_heard(good)

    def decode_nothing(_: str) -> ClientMessage:
        raise DecodeError("bad_message", "", "no")

    with pytest.raises(AssertionError, match="relayed"):
        party_heard(good, decode_nothing)
