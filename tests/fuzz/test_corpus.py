"""What a search once found goes through the same checks each time."""

from __future__ import annotations

import pytest

from tests.fuzz import targets
from tests.fuzz.corpus import read_corpus
from tests.fuzz.targets import TARGETS, party_heard, seat_said


@pytest.mark.parametrize("target", TARGETS)
def test_no_kept_input_breaks_a_promise(target: str) -> None:
    inputs = read_corpus(target)
    assert inputs
    for text in inputs:
        TARGETS[target](text)


def test_an_exception_that_is_no_decode_error_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_key_error(text: str) -> None:
        raise KeyError(text)

    monkeypatch.setattr(targets, "decode_client", raise_key_error)
    with pytest.raises(KeyError):
        seat_said("{}")


def test_a_relayed_frame_that_does_not_decode_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    good = 'v{"type":"say","text":"hi"}'
    party_heard(good)

    def decode_nothing(text: str) -> None:
        raise targets.DecodeError("bad_message", "", "no")

    monkeypatch.setattr(targets, "decode_client", decode_nothing)
    with pytest.raises(AssertionError, match="relayed"):
        party_heard(good)
