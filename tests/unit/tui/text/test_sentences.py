"""What happened, as a sentence."""

from __future__ import annotations

import pytest

from player.api import views
from tui.text.sentences import error_text, sentence_of

RESYNCED = views.Resynced(name="B", before_ms=-1800.0, after_ms=0.4)


@pytest.mark.parametrize(
    ("view", "name", "text"),
    [
        (views.Played(name="Ana"), "Ana", "started the film"),
        (views.Played(name="Ana", position=61.0), "Ana", "plays on from 0:01:01"),
        (views.Paused(name="Ana", position=61.0), "Ana", "paused at 0:01:01"),
        (views.Sought(name="Ana", position=751.0), "Ana", "went to 0:12:31"),
        (views.RateSet(name="Ana", rate=1.25), "Ana", "set the speed to 1.25×"),
        (views.MediaChanged(name="Ana", title="Sintel"), "Ana", "changed the film: Sintel"),
        (views.HostChanged(name="Ben"), "Ben", "hosts now"),
        (views.HostChanged(name="Ben", by="Ana"), "Ben", "hosts now: Ana handed over"),
        (views.Joined(name="Ben"), "Ben", "came"),
        (views.Left(name="Ben"), "Ben", "left"),
        (views.Left(name="Ben", removed=True), "Ben", "was removed by the host"),
        (views.ChatLine(name="Ben", text="hi"), "Ben", "hi"),
        (views.BufferStarted(name="Ben"), "Ben", "buffering"),
        (views.BufferEnded(name="Ben"), "Ben", "has data again"),
        (views.Paused(), "", "the film stops at 0:00:00"),
        (views.Paused(reason="waiting for Ben"), "", "waiting for Ben: the film stops at 0:00:00"),
        (views.Paused(name="Ana", reason_code="end_of_film"), "", "the film has ended"),
        (views.Paused(name="Ana", reason="end of the film"), "Ana",
         "paused at 0:00:00 (end of the film)"),
        (views.Paused(name="Ana", reason="waiting for Ana"), "Ana",
         "paused at 0:00:00 (waiting for Ana)"),
        (views.Played(reason="everybody is ready"), "", "everybody is ready: the film starts"),
        (views.Played(position=61.0, reason="everybody is ready"), "",
         "everybody is ready: the film plays on from 0:01:01"),
        (views.SettingsChanged(name="Ana", wait=True), "Ana",
         "decided: the party waits when somebody stalls"),
        (views.SettingsChanged(name="Ana", sync_enabled=False), "Ana",
         "decided: the film goes on when somebody stalls; nobody is kept in step"),
        (RESYNCED, "B", "resynced: was −1.8 s, now +0.4 ms"),
        (views.Resynced(name="Ben"), "Ben", "resynced"),
        (views.Corrected(drift_ms=-9.0, reason="x"), "", "jumped back into step: was −9.0 ms (x)"),
        (views.Recovered(events=1), "", "connected again: recovered 1 event"),
        (views.Recovered(events=0, away=2.0), "", "connected again after 2 s: nothing was missed"),
        (views.Recovered(by="snapshot"), "", "connected again: caught up with the whole state"),
        (views.Reconnecting(reason="late"), "", "the server is out of reach: late; trying again"),
        (views.ViewOnly(host="Ana"), "", "View Only: Ana is hosting"),
        (views.Notice(message="no display"), "", "no display"),
    ],
)  # fmt: skip
def test_each_thing_that_happens_has_its_sentence(
    view: views.AnyView, name: str, text: str
) -> None:
    sentence = sentence_of(view)
    assert sentence is not None
    assert (sentence.name, sentence.text) == (name, text)


def test_a_start_that_nobody_noticed_waiting_says_nothing() -> None:
    assert sentence_of(views.Played()) is None


def test_states_are_no_sentences() -> None:
    assert sentence_of(views.Progress(message="x")) is None
    assert sentence_of(views.Ended()) is None


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (views.ErrorLine(message="no such stream", remedy="ask"), "No such stream. Ask."),
        (views.ErrorLine(message="Done."), "Done."),
        (views.ErrorLine(code="internal"), "Internal."),
        (views.ErrorLine(), "Something went wrong."),
    ],
)  # fmt: skip
def test_an_error_is_cause_and_remedy(error: views.ErrorLine, text: str) -> None:
    assert error_text(error) == text
