"""The thread that owns a player: on the real clock, and step by step on one that is turned."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

import pytest

from player.backend.base import (
    EndReached,
    Failed,
    KeyPressed,
    MediaOpened,
    PauseChanged,
    Restarted,
    Source,
)
from player.backend.fake import Costs, FakePlayer
from player.sync.follower import Follower
from player.sync.messages import Acted, Buffered, FollowerView, HasPlayer, NoPlayer
from player.sync.thread import PlayerThread
from protocol.exceptions import PlayerUnavailable
from protocol.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from player.backend.base import EventSink, Player
    from player.sync.messages import PlayerNews

_News = TypeVar("_News")
QUICK = Costs(load=0.01, seek=0.01, start=0.0)
FILM = Source(url="film")
PATIENCE = 5.0


class Threaded:
    """A thread in its real thread, on a fake player that runs on the real clock."""

    def __init__(self) -> None:
        self.news: SimpleQueue[PlayerNews] = SimpleQueue()
        self.player: FakePlayer | None = None
        self.thread = PlayerThread(self._make, Follower(), self.news.put, time.monotonic)
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick)

    def _make(self, report: EventSink) -> Player:
        self.player = FakePlayer(report, time.monotonic, costs=QUICK)
        return self.player

    def _tick(self) -> None:
        """A real player tells by itself what has become due."""
        while not self._over.wait(0.005):
            self.thread.with_player(lambda player: self._tell(player))

    def _tell(self, player: Player) -> None:
        assert isinstance(player, FakePlayer)
        player.tick()

    def wait_for(self, kind: type[_News], where: Callable[[_News], bool] = lambda _: True) -> _News:
        """The next news of this kind that ``where`` accepts."""
        until = time.monotonic() + PATIENCE
        while True:
            news = self.news.get(timeout=max(0.001, until - time.monotonic()))
            if isinstance(news, kind) and where(news):
                return news

    def __enter__(self) -> Threaded:
        self.thread.start()
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ticker.join()
        self.thread.close()


@pytest.fixture
def threaded() -> Generator[Threaded]:
    with Threaded() as threaded:
        yield threaded


def test_a_start_is_made_at_its_very_instant(threaded: Threaded) -> None:
    threaded.thread.set_clock(0.0)
    threaded.thread.load(FILM)
    threaded.wait_for(Restarted)
    at = time.monotonic() + 0.25
    threaded.thread.follow(Timeline(0.0, at, 1.0, True))
    started = threaded.wait_for(PauseChanged, lambda event: not event.paused)
    # Never early; how late it is on a busy machine is for a bench to say.
    assert 0.0 <= started.instant - at < 0.1
    threaded.wait_for(FollowerView, lambda view: view.drift is not None)


def test_a_hold_is_answered_with_the_place(threaded: Threaded) -> None:
    threaded.thread.set_clock(0.0)
    threaded.thread.set_tolerance(0.5)
    threaded.thread.load(FILM)
    threaded.wait_for(Restarted)
    threaded.thread.follow(Timeline(100.0, time.monotonic() - 1.0, 1.0, True))
    threaded.wait_for(PauseChanged, lambda event: not event.paused)
    threaded.thread.hold()
    assert threaded.wait_for(Acted).position == pytest.approx(101.3, abs=0.5)
    threaded.thread.release()
    threaded.wait_for(PauseChanged, lambda event: not event.paused)


def test_an_error_in_one_thing_does_not_end_the_thread(
    threaded: Threaded, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(player: Player) -> None:
        raise RuntimeError("broken on purpose")

    threaded.thread.with_player(broken)
    threaded.thread.load(FILM)
    threaded.wait_for(MediaOpened)
    assert "broken on purpose" in caplog.text


# Step by step ---------------------------------------------------------------------------


class Stepped:
    """A thread without a thread, on a clock that the test turns."""

    def __init__(self, error: PlayerUnavailable | None = None) -> None:
        self.now = 1000.0
        self.news: list[PlayerNews] = []
        self.players: list[FakePlayer] = []
        self.reports: list[EventSink] = []
        self.error = error
        self.follower = Follower()
        self.follower.set_clock(0.0)
        self.thread = PlayerThread(self._make, self.follower, self.news.append, lambda: self.now)
        self.thread.open()

    def _make(self, report: EventSink) -> Player:
        if self.error is not None:
            raise self.error
        self.players.append(FakePlayer(report, lambda: self.now, costs=QUICK))
        self.reports.append(report)
        return self.players[-1]

    def wait(self, seconds: float) -> None:
        """Everything happens at its own instant."""
        until = self.now + seconds
        while True:
            dues = [self.thread.next_deadline()]
            dues += [d for player in self.players if (d := player.next_deadline()) is not None]
            if min(dues) > until:
                break
            self.now = max(self.now, min(dues))
            for player in self.players:
                player.tick()
            self.thread.step()
        self.now = until

    def opened(self) -> Stepped:
        self.thread.load(FILM)
        self.wait(0.1)
        return self

    def playing(self) -> Stepped:
        self.opened()
        self.thread.follow(Timeline(0.0, self.now + 0.2, 1.0, True))
        self.wait(2.0)
        self.news.clear()
        return self

    def told(self, kind: type[_News]) -> list[_News]:
        return [news for news in self.news if isinstance(news, kind)]


def test_a_view_and_the_buffer_are_told_ten_times_a_second() -> None:
    stand = Stepped().playing()
    stand.wait(2.0)
    assert 18 <= len(stand.told(FollowerView)) <= 21
    assert 18 <= len(stand.told(Buffered)) <= 21


def test_a_start_that_was_slept_through_goes_to_where_it_can_be_in_time() -> None:
    stand = Stepped().opened()
    stand.thread.follow(Timeline(0.0, stand.now + 0.2, 1.0, True))
    stand.thread.step()
    stand.now += 3.0
    stand.thread.step()
    assert stand.follower.phase == "seeking"
    stand.wait(3.0)
    drift = stand.follower.view(stand.now).drift
    assert drift is not None
    assert abs(drift) < 0.01


def test_keys_are_passed_on_at_once() -> None:
    stand = Stepped()
    stand.reports[0](KeyPressed("toggle"))
    assert stand.told(KeyPressed) == [KeyPressed("toggle")]


def test_a_lost_player_is_made_anew_by_the_next_load() -> None:
    stand = Stepped().playing()
    stand.players[0].fail("its window was closed", lost=True)
    stand.thread.step()
    assert stand.told(Failed)[0].lost
    assert stand.follower.phase == "failed"
    stand.opened()
    assert len(stand.players) == 2
    stand.wait(2.0)
    assert stand.follower.phase == "running"


def test_what_a_lost_player_still_tells_does_not_end_the_new_one() -> None:
    stand = Stepped().playing()
    stand.players[0].fail("its window was closed", lost=True)
    stand.thread.step()
    stand.opened()
    stand.news.clear()
    stand.reports[0](Failed(2, "mpv has ended", lost=True))
    stand.reports[0](EndReached(2, 600.0, 0.0))
    stand.wait(2.0)
    assert stand.told(Failed) == []
    assert stand.follower.phase == "running"


def test_without_a_player_the_reason_is_told_and_nothing_is_open() -> None:
    stand = Stepped(PlayerUnavailable("libmpv is not installed", "install it"))
    assert isinstance(stand.news[0], NoPlayer)
    assert stand.told(HasPlayer) == []
    stand.opened()
    assert stand.follower.phase == "failed"
    stand.thread.hold()
    stand.thread.jump()
    stand.thread.unload()
    stand.wait(0.2)
    assert stand.follower.phase == "idle"


def test_a_closed_film_is_over() -> None:
    stand = Stepped().playing()
    stand.thread.unload()
    stand.wait(0.2)
    assert stand.players[0].sample() is None
    assert stand.follower.view(stand.now).state == "idle"


def test_an_unknown_clock_stops_every_correction() -> None:
    stand = Stepped().playing()
    stand.thread.set_clock(None)
    stand.thread.follow(Timeline(300.0, stand.now, 1.0, True))
    stand.wait(2.0)
    assert stand.follower.phase == "running"
    stand.thread.set_clock(0.0)
    stand.wait(2.0)
    assert stand.follower.view(stand.now).position == pytest.approx(304.0, abs=0.05)
