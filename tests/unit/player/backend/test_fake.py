"""The fake player keeps time as a real one does, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field

from player.backend.base import (
    DurationChanged,
    EndReached,
    Failed,
    KeyPressed,
    MediaOpened,
    PauseChanged,
    PlayerEvent,
    Restarted,
    Source,
    StallChanged,
    TracksChanged,
)
from player.backend.fake import Costs, FakeFilm, FakePlayer

COSTS = Costs(load=0.5, seek=0.25, start=0.125)
FILM = Source(url="film")


@dataclass
class Stand:
    """A player on a clock that only the test moves."""

    costs: Costs = COSTS
    film: FakeFilm = field(default_factory=FakeFilm)
    now: float = 100.0
    told: list[PlayerEvent] = field(default_factory=list[PlayerEvent])

    def __post_init__(self) -> None:
        self.player = FakePlayer(
            self.told.append, lambda: self.now, films={"film": self.film}, costs=self.costs
        )

    def wait(self, seconds: float) -> list[PlayerEvent]:
        """Let time pass; answers what was told meanwhile."""
        self.told.clear()
        self.now += seconds
        self.player.tick()
        return list(self.told)

    def opened(self, position: float = 0.0) -> Stand:
        self.player.load(FILM, position, 1)
        self.wait(self.costs.load)
        return self

    @property
    def position(self) -> float | None:
        sample = self.player.sample()
        return sample.position if sample else None


def test_a_load_takes_its_time_and_tells_opened_once_then_restarted() -> None:
    stand = Stand()
    stand.player.load(FILM, 10.0, 7)
    assert stand.wait(0.4) == []
    assert stand.position is None
    opened, restarted = stand.wait(0.1)
    assert isinstance(opened, MediaOpened)
    assert (opened.generation, opened.title, opened.duration) == (7, "A fake film", 600.0)
    assert restarted == Restarted(7, 10.0, 100.5)
    assert stand.position == 10.0
    assert stand.wait(5.0) == []


def test_it_moves_only_after_the_start_latency() -> None:
    stand = Stand().opened()
    stand.player.set_paused(False)
    stand.wait(0.125)
    assert stand.position == 0.0
    stand.wait(1.0)
    assert stand.position == 1.0


def test_a_pause_freezes_the_position_and_is_told_once() -> None:
    stand = Stand().opened()
    stand.player.set_paused(False)
    stand.wait(2.125)
    stand.player.set_paused(True)
    stand.player.set_paused(True)
    assert stand.told == [PauseChanged(1, True, stand.now)]
    stand.wait(3.0)
    assert stand.position == 2.0
    assert stand.player.resting_position() == 2.0


def test_a_rate_counts_from_where_it_was_set() -> None:
    stand = Stand().opened()
    stand.player.set_paused(False)
    stand.wait(1.125)
    stand.player.set_rate(2.0)
    stand.wait(1.0)
    assert stand.position == 3.0


def test_a_wrong_clock_drifts_by_its_error() -> None:
    stand = Stand(costs=Costs(load=0.5, start=0.0, rate_error_ppm=100.0)).opened()
    stand.player.set_paused(False)
    stand.wait(100.0)
    assert stand.position is not None
    assert abs(stand.position - 100.01) < 1e-9


def test_a_seek_lands_on_the_first_frame_at_or_after_its_target() -> None:
    stand = Stand().opened()
    stand.player.seek(20.01)
    assert stand.position is None
    assert stand.wait(0.25) == [Restarted(1, 20.04, stand.now)]
    stand.player.seek(20.04)
    assert stand.wait(0.25) == [Restarted(1, 20.04, stand.now)]


def test_a_later_seek_makes_an_earlier_one_void() -> None:
    stand = Stand().opened()
    stand.player.seek(20.0)
    stand.wait(0.125)
    stand.player.seek(40.0)
    due = stand.now + 0.25
    assert stand.wait(0.1875) == []
    assert stand.wait(0.125) == [Restarted(1, 40.0, due)]


def test_a_seek_while_playing_goes_on_playing() -> None:
    stand = Stand().opened()
    stand.player.set_paused(False)
    stand.wait(1.0)
    stand.player.seek(50.0)
    stand.wait(1.25)
    assert stand.position == 51.0


def test_the_end_is_told_at_its_instant_and_the_last_frame_stays() -> None:
    stand = Stand(film=FakeFilm(duration=10.0)).opened(8.0)
    stand.player.set_paused(False)
    assert stand.player.next_deadline() == stand.now + 2.125
    at = stand.now + 2.125
    assert stand.wait(60.0)[-1] == EndReached(1, 10.0, at)
    assert stand.position == 10.0
    stand.player.seek(4.0)
    stand.wait(1.25)
    assert stand.position == 5.0


def test_a_seek_behind_the_end_ends_and_tells_how_long_the_film_is() -> None:
    stand = Stand(film=FakeFilm(duration=10.0, stated=None)).opened(8.0)
    stand.player.seek(20.0)
    stand.wait(1.0)
    assert [type(event) for event in stand.told[-3:]] == [Restarted, DurationChanged, EndReached]
    assert stand.position == 10.0


def test_a_stall_holds_the_position_and_ends_even_when_a_seek_came_between() -> None:
    stand = Stand().opened()
    stand.player.set_paused(False)
    stand.wait(1.125)
    stand.player.stall(2.0)
    assert stand.told[-1] == StallChanged(1, True, stand.now)
    assert stand.player.buffered_until() == 1.0
    stand.wait(1.0)
    assert stand.position == 1.0
    stand.player.seek(30.0)
    due = stand.now + 1.0
    assert stand.wait(1.0)[-1] == StallChanged(1, False, due)
    stand.wait(1.0)
    assert stand.position == 31.0


def test_many_ticks_and_one_tick_lead_to_the_same_events() -> None:
    def run(steps: int) -> list[PlayerEvent]:
        stand = Stand(film=FakeFilm(duration=3.0)).opened()
        stand.player.set_paused(False)
        stand.player.seek(1.0)
        told: list[PlayerEvent] = []
        for _ in range(steps):
            told += stand.wait(8.0 / steps)
        return told

    assert run(1) == run(64)


def test_a_film_that_is_not_there_or_broken_fails_with_its_reason() -> None:
    stand = Stand(film=FakeFilm(failure="the file is incomplete"))
    stand.player.load(Source(url="nowhere"), 0.0, 1)
    assert stand.wait(1.0) == [Failed(1, "there is no such file")]
    stand.player.load(FILM, 0.0, 2)
    assert stand.wait(1.0) == [Failed(2, "the file is incomplete")]


def test_a_lost_player_answers_every_load_with_lost() -> None:
    stand = Stand().opened()
    stand.player.fail("its window was closed", lost=True)
    stand.player.load(FILM, 0.0, 2)
    assert [event.lost for event in stand.told if isinstance(event, Failed)] == [True, True]


def test_stopping_makes_a_load_void() -> None:
    stand = Stand()
    stand.player.load(FILM, 0.0, 1)
    stand.player.stop()
    assert stand.wait(2.0) == []
    assert stand.player.buffered_until() is None


def test_the_seats_own_things_are_told() -> None:
    stand = Stand().opened()
    stand.told.clear()
    stand.player.adjust("volume", -30)
    stand.player.adjust("mute", 0)
    stand.player.adjust("trim", 0.01)
    last = stand.told[-1]
    assert isinstance(last, TracksChanged)
    assert (last.volume, last.muted, last.audio_trim) == (70.0, True, 0.01)
    stand.player.press("toggle")
    assert stand.told[-1] == KeyPressed("toggle")
    stand.player.show_text("${pause}")
    assert stand.player.texts == ["${pause}"]


def test_a_closed_player_tells_nothing() -> None:
    stand = Stand().opened()
    stand.player.seek(5.0)
    stand.player.close()
    assert stand.wait(5.0) == []
    assert stand.position is None


def test_a_live_film_has_no_end() -> None:
    stand = Stand(film=FakeFilm(duration=None, fps=0.0, has_audio=True)).opened()
    stand.player.set_paused(False)
    assert stand.player.next_deadline() is None
    stand.wait(1000.125)
    assert stand.position == 1000.0
    assert stand.player.buffered_until() == 1010.0
