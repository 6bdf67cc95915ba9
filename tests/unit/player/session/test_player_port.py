"""What the core wants of the player reaches it through its thread."""

from __future__ import annotations

import pytest

from player.backend.base import EventSink, MediaOpened, Source, Subtitle, TracksChanged
from player.backend.fake import FakePlayer
from player.session.core.effects import (
    AddSubtitle,
    AdjustPlayer,
    FollowTimeline,
    HoldPlayer,
    JumpToTimeline,
    LoadSource,
    PlayerEffect,
    ReleasePlayer,
    ResizePicture,
    SelectTrack,
    SetClock,
    SetSyncEnabled,
    SetTolerance,
    ShowText,
    UnloadMedia,
)
from player.session.player_port import perform_on_player
from player.sync.follower import Follower
from player.sync.messages import FollowerView, PlayerNews
from player.sync.thread import PlayerThread
from protocol.timeline import Timeline


class Rig:
    """A player's thread on a clock by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.news: list[PlayerNews] = []
        self.thread = PlayerThread(self._make, Follower(), self.news.append, lambda: self.now)
        self.thread.open()

    def _make(self, report: EventSink) -> FakePlayer:
        self.player = FakePlayer(report, lambda: self.now)
        return self.player

    def perform(self, *effects: PlayerEffect) -> None:
        for effect in effects:
            perform_on_player(effect, self.thread)
        for _ in range(10):
            self.now += 0.1
            self.player.tick()
            self.thread.step()

    def told(self) -> TracksChanged:
        return [news for news in self.news if isinstance(news, TracksChanged)][-1]


def test_a_film_is_opened_and_played_where_the_timeline_is() -> None:
    rig = Rig()
    line = Timeline(5.0, 1000.0, 1.0, True)
    rig.perform(
        SetClock(0.0),
        SetTolerance(0.5),
        SetSyncEnabled(True),
        FollowTimeline(line),
        LoadSource(Source(url="film")),
    )
    rig.perform(JumpToTimeline())
    assert any(isinstance(news, MediaOpened) for news in rig.news)
    sample = rig.player.sample()
    assert sample is not None
    assert sample.position == pytest.approx(line.position_at(rig.now), abs=0.5)
    rig.perform(UnloadMedia())
    assert [news for news in rig.news if isinstance(news, FollowerView)][-1].state == "idle"


def test_the_seat_s_own_things_are_adjusted_and_a_hold_is_given_up() -> None:
    rig = Rig()
    rig.perform(
        AdjustPlayer("volume", -30.0),
        AdjustPlayer("mute", 0),
        AdjustPlayer("trim", 0.01),
        AdjustPlayer("subtitle_delay", 0.1),
        AdjustPlayer("subtitle_scale", 0.1),
        ShowText("View Only"),
        ResizePicture(80, 45),
        HoldPlayer(),
        ReleasePlayer(),
    )
    told = rig.told()
    assert (told.volume, told.muted, told.audio_trim) == (70.0, True, 0.01)
    assert (told.subtitle_delay, told.subtitle_scale) == (0.1, 1.1)


def test_a_file_of_subtitles_is_added_to_the_film_and_chosen() -> None:
    rig = Rig()
    rig.perform(LoadSource(Source(url="film")))
    rig.perform(AddSubtitle(Subtitle("film.srt", "en", "English")), SelectTrack("subtitle", 1))
    text = rig.told().tracks[-1]
    assert (text.title, text.language, text.selected) == ("English", "en", True)
