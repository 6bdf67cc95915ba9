"""What a person sets for himself is said once it is so."""

from __future__ import annotations

import msgspec
import pytest

from player.api import views
from player.backend.base import Track
from tests.unit.tui.state.test_party_state import MEDIA, READY, status, told
from tui.state.party_state import reduce
from tui.state.sound_changes import own_changes

ENGLISH = Track("subtitle", 1, language="en")
GERMAN = Track("audio", 2, title="Deutsch")


def said(*lines: views.AnyView) -> list[str]:
    room, heard = told(READY, MEDIA, status()), list[str]()
    for line in lines:
        after = reduce(room, line, 50.0)
        heard += own_changes(room, after)
        room = after
    return heard


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"volume": 90.0}, "volume 90 %"),
        ({"muted": True}, "sound off"),
        ({"trim_ms": -40.0}, "sound 40 ms earlier"),
        ({"trim_ms": 10.0}, "sound 10 ms later"),
    ],
)
def test_sound(changes: dict[str, object], text: str) -> None:
    assert said(status(**changes)) == [text]
    assert said(status()) == []


def test_back_to_what_it_was() -> None:
    assert said(status(muted=True), status()) == ["sound off", "sound on, volume 100 %"]
    assert said(status(trim_ms=5.0), status())[1] == "sound not shifted"


def test_tracks() -> None:
    before = msgspec.structs.replace(MEDIA, tracks=(ENGLISH, GERMAN))
    chosen = tuple(msgspec.structs.replace(t, selected=True) for t in before.tracks)
    after = msgspec.structs.replace(MEDIA, tracks=chosen)
    assert said(before, after) == ["sound: Deutsch", "subtitles: en"]
    assert said(after, before)[-2:] == ["sound: off", "subtitles: off"]


def test_a_new_seat_begins_as_it_begins() -> None:
    assert said(READY, status(volume=50.0), MEDIA, status(volume=60.0)) == []


def test_another_film_has_other_tracks() -> None:
    other = views.MediaView(title="Other", duration=1.0, kind="url", tracks=(GERMAN,))
    assert said(other) == []
