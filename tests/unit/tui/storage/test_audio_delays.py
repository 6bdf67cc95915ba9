"""A shift of the sound belongs to the device it was found for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.api import views
from player.api.intents import Trim
from tests.unit.tui.state.test_party_state import READY, status
from tui.storage.audio_delays import AudioDelays

if TYPE_CHECKING:
    from pathlib import Path


def film(device: str) -> views.MediaView:
    return views.MediaView(title="x", duration=1.0, kind="file", audio_device=device)


class Evening:
    """A keeper, and what it asked of the seat."""

    def __init__(self, file: Path, *, apply: bool = True) -> None:
        self.asked: list[Trim] = []
        self._keeper = AudioDelays(file, self.asked.append, apply=apply)
        self._keeper.observe(READY)

    def on(self, device: str, *trims: float) -> Evening:
        self._keeper.observe(film(device))
        for trim in trims:
            self._keeper.observe(status(trim_ms=trim))
        return self


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trims.json"


def test_what_was_set_by_hand_is_there_next_time_on_that_device_only(file: Path) -> None:
    Evening(file).on("pulse/headphones", 0.0, -10.0, -40.0)
    assert Evening(file).on("pulse/headphones", 0.0).asked == [Trim(-40.0)]
    assert Evening(file).on("pulse/hdmi", 0.0).asked == []


def test_what_was_asked_for_at_the_start_is_left_alone_but_a_hand_counts(file: Path) -> None:
    Evening(file).on("alsa", 0.0, -40.0)
    assert Evening(file, apply=False).on("alsa", 25.0).asked == []
    assert Evening(file).on("alsa", 0.0).asked == [Trim(-40.0)]
    Evening(file, apply=False).on("alsa", 25.0, 35.0)
    assert Evening(file).on("alsa", 0.0).asked == [Trim(35.0)]


def test_what_the_keeper_asked_for_itself_is_no_hand(file: Path) -> None:
    Evening(file).on("alsa", 0.0, -40.0)
    evening = Evening(file).on("alsa", 0.0, 0.0, -40.0, -40.0)
    assert evening.asked == [Trim(-40.0)]
    assert file.read_bytes() == b'{"alsa":-40.0}'


def test_a_seat_that_was_started_again_is_asked_again(file: Path) -> None:
    Evening(file).on("alsa", 0.0, -40.0)
    evening = Evening(file).on("alsa", 0.0, -40.0)
    evening._keeper.observe(READY)  # pyright: ignore[reportPrivateUsage]
    assert evening.on("alsa", 0.0).asked == [Trim(-40.0), Trim(-40.0)]


@pytest.mark.parametrize("device", ["", "null"])
def test_what_nobody_hears_is_not_kept(file: Path, device: str) -> None:
    Evening(file).on(device, 0.0, -40.0)
    assert not file.exists()


def test_a_damaged_file_counts_as_none(file: Path) -> None:
    file.write_text("[]")
    assert Evening(file).on("alsa", 0.0, -40.0).asked == []
    assert file.read_bytes() == b'{"alsa":-40.0}'


@pytest.mark.parametrize("kept", [b'{"caf\xe9": 1}', b"[" * 100_000, b"\0", b"[]"])
def test_a_file_that_makes_no_sense_is_none(tmp_path: Path, kept: bytes) -> None:
    file = tmp_path / "trims.json"
    file.write_bytes(kept)
    assert not Evening(file).on("speakers", 0.0).asked
