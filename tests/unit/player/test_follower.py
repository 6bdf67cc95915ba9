"""What a follower tells its player, rule by rule; the server's clock is the local one here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from player.follower import Follower
from player.orders import (
    Acted,
    Finished,
    InStep,
    Jumped,
    PauseNow,
    PlayAtRate,
    PlayerCommand,
    SeekTo,
    Stalled,
    Told,
    Widened,
)
from player.port import (
    EndReached,
    Failed,
    Opened,
    PauseChanged,
    Restarted,
    Sample,
    StallChanged,
)
from protocol.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from player.steering import CorrectionMode

DURATION = 600.0
SEEK_TAKES = 0.1


@dataclass
class Stand:
    """A follower whose player does what it is told, on a clock that only the test moves."""

    correction: CorrectionMode = "full"
    now: float = 1000.0
    latency: float = 0.0
    """Seconds from a start until the player moves."""
    said: list[PlayerCommand] = field(default_factory=list[PlayerCommand])
    told: list[Told] = field(default_factory=list[Told])
    known_clock: bool = True
    behind: float = 0.0
    """Added to where the player would be by its own."""

    def __post_init__(self) -> None:
        self.follower = Follower(self.correction)
        if self.known_clock:
            self.follower.set_clock(0.0)
        self._moves_at = (0.0, 0.0)
        self._rate = 1.0
        self._runs = False

    def do(self, commands: Sequence[PlayerCommand]) -> list[PlayerCommand]:
        """Note commands, as a player takes them."""
        for command in commands:
            self.said.append(command)
            self._moves_at = (self.now, self.position)
            if isinstance(command, PlayAtRate):
                self._rate = command.rate
            else:
                self._runs = False
            if isinstance(command, PauseNow):
                self.do(self.follower.rested(self.position, self.now))
        self.told += self.follower.take_told()
        return list(commands)

    @property
    def position(self) -> float:
        since, position = self._moves_at
        if self._runs:
            position += max(0.0, self.now - since) * self._rate
        return position

    def opened(self, position: float = 0.0, *, is_network: bool = False) -> Stand:
        self.follower.load(self.now, is_network=is_network)
        self.tell(Opened(self.generation, "", DURATION, (), (), True, True))
        return self.landed(position)

    def landed(self, position: float) -> Stand:
        """The load or seek is done."""
        self._moves_at = (self.now, position)
        self.tell(Restarted(self.generation, position, self.now))
        return self

    @property
    def generation(self) -> int:
        return self.follower.generation

    def tell(self, event: object) -> list[PlayerCommand]:
        assert isinstance(
            event, Opened | Restarted | PauseChanged | StallChanged | EndReached | Failed
        )
        return self.do(self.follower.player_event(event, self.now))

    def follow(self, timeline: Timeline) -> list[PlayerCommand]:
        return self.do(self.follower.follow(timeline, self.now))

    def wait(self, seconds: float) -> list[PlayerCommand]:
        """Tick by tick, with starts and samples; answers what was said meanwhile."""
        before = len(self.said)
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(self.now + 0.05, until)
            armed = self.follower.armed
            if armed is not None and armed <= self.now:
                self._moves_at = (armed + self.latency, self._moves_at[1])
                self._runs = True
                self.follower.started(armed)
            if self.follower.wants_sample(self.now):
                self.follower.sampled(Sample(self.now, self.now, self.position - self.behind))
            self.do(self.follower.tick(self.now))
        return self.said[before:]

    def playing(self, position: float = 50.0) -> Stand:
        """It has been playing in step for a while."""
        self.opened(position)
        self.follow(Timeline(position, self.now + 0.2, 1.0, True))
        self.wait(3.0)
        self.said.clear()
        self.told.clear()
        return self

    def heard(self, kind: type[Told]) -> list[Told]:
        return [told for told in self.told if isinstance(told, kind)]

    @property
    def target(self) -> float:
        return self.follower.view(self.now).target


def seeks(commands: Sequence[PlayerCommand]) -> list[float]:
    return [command.position for command in commands if isinstance(command, SeekTo)]


def told_near(stand: Stand, kind: type[Acted | Stalled | InStep | Jumped]) -> float | None:
    """What the only thing of this kind that was told says about a place or a drift."""
    (told,) = stand.heard(kind)
    assert not isinstance(told, Widened | Finished)
    return told.drift if isinstance(told, InStep | Jumped) else told.position


def rates(commands: Sequence[PlayerCommand]) -> list[float]:
    return [command.rate for command in commands if isinstance(command, PlayAtRate)]


# Starting -------------------------------------------------------------------------------


def test_a_start_is_planned_for_its_very_instant() -> None:
    stand = Stand().opened(50.0)
    assert stand.follow(Timeline(50.0, 1000.2, 1.0, True)) == [PlayAtRate(1.0)]
    assert stand.follower.armed == pytest.approx(1000.2)
    stand.wait(0.3)
    assert stand.follower.phase == "running"
    assert stand.follower.armed is None


def test_a_seat_that_has_landed_a_picture_too_far_starts_that_much_later() -> None:
    stand = Stand().opened(50.04)
    stand.follow(Timeline(50.0, 1000.2, 2.0, True))
    assert stand.follower.armed == pytest.approx(1000.22)


def test_a_late_device_is_started_early_once_that_is_known() -> None:
    stand = Stand(latency=0.1).opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.wait(3.0)
    stand.follow(Timeline(stand.position, stand.now, 1.0, False))
    place = stand.follower.view(stand.now).position
    assert place is not None
    stand.follow(Timeline(place, stand.now + 0.5, 1.0, True))
    assert stand.follower.armed == pytest.approx(stand.now + 0.4, abs=0.002)


def test_news_that_came_late_are_not_taken_for_a_late_device() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 999.95, 1.0, True))
    stand.wait(2.0)
    stand.follow(Timeline(60.0, stand.now, 1.0, False))
    stand.landed(60.0)
    stand.follow(Timeline(60.0, stand.now + 0.5, 1.0, True))
    assert stand.follower.armed == pytest.approx(stand.now + 0.5)


def test_a_start_that_is_missed_goes_to_where_it_can_be_in_time() -> None:
    stand = Stand().opened(50.0)
    assert seeks(stand.follow(Timeline(50.0, 999.0, 1.0, True))) == [pytest.approx(51.3)]


def test_seeks_that_always_come_late_end_in_a_start() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 990.0, 1.0, True))
    for _ in range(10):
        if stand.follower.phase != "seeking":
            break
        stand.now += 2.0
        stand.landed(50.0)
    assert len(seeks(stand.said)) == 3
    stand.wait(0.1)
    assert stand.follower.phase == "running"


def test_a_player_that_starts_early_by_its_latency_is_not_sent_back() -> None:
    stand = Stand(latency=0.1).playing()
    stand.follow(Timeline(70.0, stand.now, 1.0, False))
    stand.landed(70.0)
    stand.follow(Timeline(70.0, stand.now + 0.3, 1.0, True))
    assert seeks(stand.wait(2.0)) == []


# Pausing --------------------------------------------------------------------------------


def test_a_pause_stops_and_then_goes_to_the_exact_place() -> None:
    stand = Stand().playing()
    assert stand.follow(Timeline(52.0, stand.now, 1.0, False)) == [PauseNow()]
    assert stand.said == [PauseNow(), SeekTo(52.0)]


def test_a_pause_needs_no_clock() -> None:
    stand = Stand().playing()
    stand.follower.set_clock(None)
    stand.follow(Timeline(52.0, 7.0, 1.0, False))
    assert stand.said == [PauseNow(), SeekTo(52.0)]


def test_the_nearest_picture_to_a_pause_is_good_enough() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(52.0, stand.now, 1.0, False))
    stand.now += SEEK_TAKES
    stand.landed(52.04)
    assert stand.wait(5.0) == []


def test_a_hold_stops_at_once_and_tells_where() -> None:
    stand = Stand().playing()
    stand.do(stand.follower.hold(stand.now))
    assert stand.said == [PauseNow()]
    assert told_near(stand, Acted) == pytest.approx(stand.position)
    assert stand.wait(1.0) == []


def test_a_hold_outlasts_a_timeline_that_was_on_its_way() -> None:
    stand = Stand().playing()
    stand.do(stand.follower.hold(stand.now))
    stand.follow(Timeline(300.0, stand.now + 0.3, 1.0, True))
    assert stand.wait(1.0) == []
    assert stand.follower.phase == "resting"


def test_a_hold_that_came_to_nothing_is_made_up_for() -> None:
    stand = Stand().playing()
    stand.do(stand.follower.hold(stand.now))
    stand.now += 2.0
    commands = stand.do(stand.follower.release(stand.now))
    assert seeks(commands) == [pytest.approx(stand.target + 0.3)]


def test_a_hold_without_a_player_tells_where_the_party_is() -> None:
    stand = Stand().playing()
    stand.tell(Failed(stand.generation, "its window was closed", lost=True))
    stand.now += 5.0
    stand.do(stand.follower.hold(stand.now))
    assert told_near(stand, Acted) == pytest.approx(stand.target)


# While a seek is under way --------------------------------------------------------------


def test_a_newer_place_is_sought_at_once_and_the_older_answer_ignored() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    sent = stand.now
    stand.now += 0.2
    assert len(seeks(stand.follow(Timeline(400.0, stand.now + 0.35, 1.0, True)))) == 1
    assert stand.tell(Restarted(stand.generation, 300.0, sent + 0.1)) == []
    assert stand.follower.phase == "seeking"
    stand.landed(400.0)
    assert stand.follower.phase == "resting"


def test_a_change_that_leads_to_the_same_place_waits_for_the_seek() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    stand.now += 0.2
    assert stand.follow(Timeline(300.1, stand.now, 1.0, False)) == []
    stand.now += SEEK_TAKES
    stand.landed(300.0)
    assert stand.said[-1] == SeekTo(300.1)


def test_a_pause_during_a_seek_is_where_the_seek_goes() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    stand.do(stand.follower.hold(stand.now))
    assert stand.told[-1] == Acted(True, 300.0)
    stand.landed(300.0)
    assert stand.wait(1.0) == []


def test_a_seek_that_is_never_answered_is_made_again() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    assert seeks(stand.wait(11.9)) == []
    assert len(seeks(stand.wait(0.3))) == 1


def test_a_slow_seek_is_allowed_for_the_next_time() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now, 1.0, False))
    stand.now += 0.8
    stand.landed(300.0)
    stand.follow(Timeline(300.0, stand.now - 5.0, 1.0, True))
    assert seeks(stand.said)[-1] == pytest.approx(305.0 + 0.8 + 0.05)


# Keeping in step ------------------------------------------------------------------------


def test_a_small_drift_is_glided() -> None:
    stand = Stand().playing()
    stand.behind = 0.1
    said = stand.wait(1.0)
    assert seeks(said) == []
    assert rates(said)[0] == pytest.approx(1.02)


def test_a_drift_beyond_tolerance_is_jumped_once() -> None:
    stand = Stand().playing()
    stand.behind = 1.0
    assert len(seeks(stand.wait(1.0))) == 1
    assert told_near(stand, Jumped) == pytest.approx(-1.0, abs=0.6)


def test_soft_correction_only_glides_and_off_does_nothing() -> None:
    modes: tuple[tuple[CorrectionMode, bool], ...] = (("soft", True), ("off", False))
    for correction, glides in modes:
        stand = Stand(correction).playing()
        stand.behind = 5.0
        said = stand.wait(12.0)
        assert seeks(said) == []
        assert bool(rates(said)) == glides


def test_what_the_host_does_is_followed_without_correction_as_well() -> None:
    stand = Stand("off").playing()
    assert seeks(stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))) == [300.0]


def test_jumps_that_do_not_help_become_rarer_and_that_is_told() -> None:
    stand = Stand().playing()
    stand.behind = 2.0
    for _ in range(60):
        stand.wait(1.0)
        if stand.follower.phase == "seeking":
            stand.landed(stand.target)
    assert len(stand.heard(Jumped)) <= 4
    assert stand.heard(Widened)[0] == Widened(1.0)


def test_a_drift_that_may_not_be_jumped_yet_is_glided() -> None:
    stand = Stand().playing()
    stand.behind = 2.0
    stand.wait(1.0)
    stand.now += SEEK_TAKES
    stand.landed(stand.target + 0.2)
    assert 1.04 in rates(stand.wait(2.5))


def test_the_resync_key_jumps_however_small_the_drift_is() -> None:
    stand = Stand().playing()
    assert len(seeks(stand.do(stand.follower.jump(stand.now)))) == 1
    stand.now += SEEK_TAKES
    stand.landed(stand.target + 0.2)
    stand.wait(2.0)
    assert told_near(stand, InStep) == pytest.approx(0.0, abs=0.002)


def test_the_resync_key_goes_nowhere_while_nobody_knows_where() -> None:
    stand = Stand().playing()
    stand.follower.set_clock(None)
    assert stand.do(stand.follower.jump(stand.now)) == []


def test_nothing_is_corrected_while_the_clock_is_unknown() -> None:
    stand = Stand().playing()
    stand.follower.set_clock(None)
    stand.behind = 3.0
    assert stand.wait(5.0) == []


def test_a_vague_read_is_not_used() -> None:
    stand = Stand().playing()
    before = stand.follower.view(stand.now).drift
    stand.follower.sampled(Sample(stand.now - 0.01, stand.now, 0.0))
    assert stand.follower.view(stand.now).drift == before


# The rate -------------------------------------------------------------------------------


def test_a_new_rate_is_written_ahead_of_its_time() -> None:
    stand = Stand().playing()
    at = stand.now + 0.6
    stand.follow(Timeline(stand.target + 0.6, at, 1.5, True))
    assert rates(stand.wait(0.1)) == []
    assert rates(stand.wait(0.15)) == [1.5]
    assert seeks(stand.wait(0.3)) == []


def test_a_rate_that_was_missed_is_made_up_for() -> None:
    stand = Stand().playing()
    stand.follow(Timeline(stand.target + 0.2, stand.now, 1.5, True))
    assert rates(stand.wait(0.1)) == [1.5]


def test_a_rate_that_changes_while_paused_holds_from_the_next_start() -> None:
    stand = Stand().opened(50.0)
    assert stand.follow(Timeline(50.0, stand.now, 2.0, False)) == []
    assert stand.follow(Timeline(50.0, stand.now + 0.2, 2.0, True)) == [PlayAtRate(2.0)]


def test_a_rate_that_changes_before_the_start_leaves_the_start_alone() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.follow(Timeline(50.2, 1000.4, 2.0, True))
    assert stand.follower.armed == pytest.approx(1000.2)
    assert seeks(stand.wait(1.0)) == []
    assert rates(stand.said) == [1.0, 2.0]


# Stalls ---------------------------------------------------------------------------------


def stalled(stand: Stand, seconds: float) -> list[PlayerCommand]:
    """The player waits for so long."""
    stand.tell(StallChanged(stand.generation, True, stand.now))
    stand.behind = 0.0
    began, place = stand.now, stand.position
    while stand.now < began + seconds - 1e-9:
        stand.behind = stand.now + 0.05 - began
        stand.wait(0.05)
    assert stand.position - stand.behind == pytest.approx(place, abs=0.06)
    return stand.tell(StallChanged(stand.generation, False, stand.now))


def test_a_stall_is_told_after_half_a_second_with_the_place_where_it_began() -> None:
    stand = Stand().playing()
    place = stand.position
    stalled(stand, 1.0)
    began, ended = (told for told in stand.told if isinstance(told, Stalled))
    assert (began.stalled, ended.stalled) == (True, False)
    assert began.position == pytest.approx(place, abs=0.01)


def test_nothing_is_tried_during_a_stall_and_after_it_the_seat_jumps_at_once() -> None:
    stand = Stand().playing()
    assert len(seeks(stalled(stand, 2.0))) == 1
    assert seeks(stand.said) == [pytest.approx(stand.target + 0.3, abs=0.01)]
    assert rates(stand.said) == []


def test_a_short_stall_is_glided() -> None:
    stand = Stand().playing()
    assert stalled(stand, 0.3) == []
    assert stand.heard(Stalled) == []


def test_the_pause_that_a_stall_brings_is_not_its_end() -> None:
    stand = Stand().playing()
    stand.tell(StallChanged(stand.generation, True, stand.now))
    place = stand.position
    stand.wait(0.6)
    stand.follow(Timeline(place, stand.now, 1.0, False))
    stand.wait(3.0)
    assert [told.stalled for told in stand.told if isinstance(told, Stalled)] == [True]
    stand.tell(StallChanged(stand.generation, False, stand.now))
    assert [told.stalled for told in stand.told if isinstance(told, Stalled)] == [True, False]


def test_a_player_that_is_not_meant_to_run_does_not_stall() -> None:
    stand = Stand().opened(50.0)
    stand.tell(StallChanged(stand.generation, True, stand.now))
    stand.wait(3.0)
    assert stand.told == []


# The end --------------------------------------------------------------------------------


def test_the_end_is_told_once_and_rests() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.now += 3.0
    stand.tell(EndReached(stand.generation))
    assert stand.told == [Finished(DURATION)]
    assert stand.wait(5.0) == []


def test_going_back_from_the_end_seeks() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.tell(EndReached(stand.generation))
    assert seeks(stand.follow(Timeline(100.0, stand.now + 0.35, 1.0, True))) == [100.0]


def test_an_end_that_was_told_before_a_seek_back_means_nothing() -> None:
    stand = Stand().playing(DURATION - 5)
    stand.follow(Timeline(100.0, stand.now + 0.35, 1.0, True))
    stand.tell(EndReached(stand.generation))
    assert stand.follower.phase == "seeking"
    assert stand.told == []


def test_who_comes_after_the_end_goes_there_once() -> None:
    stand = Stand()
    stand.follow(Timeline(0.0, 0.0, 1.0, True))
    stand.opened(0.0)
    assert seeks(stand.said) == [DURATION]
    stand.now += SEEK_TAKES
    stand.landed(DURATION - 0.04)
    assert stand.wait(5.0) == []
    assert stand.told == [Finished(DURATION)]


# People at the player -------------------------------------------------------------------


def test_our_own_pause_and_start_are_no_acts() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.wait(0.25)
    stand.tell(PauseChanged(stand.generation, False, stand.now))
    stand.wait(2.0)
    stand.follow(Timeline(stand.position, stand.now, 1.0, False))
    stand.tell(PauseChanged(stand.generation, True, stand.now))
    stand.wait(2.0)
    assert stand.heard(Acted) == []


def test_a_person_s_pause_is_told_with_its_place_and_undone_by_release() -> None:
    stand = Stand().playing()
    place = stand.position
    stand.tell(PauseChanged(stand.generation, True, stand.now))
    assert told_near(stand, Acted) == pytest.approx(place, abs=0.01)
    stand.wait(0.5)
    assert len(seeks(stand.do(stand.follower.release(stand.now)))) == 1


def test_a_person_s_pause_right_after_our_start_is_noticed_a_moment_later() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1000.2, 1.0, True))
    stand.wait(0.25)
    stand.tell(PauseChanged(stand.generation, True, stand.now))
    assert stand.told == []
    stand.wait(0.4)
    assert len(stand.heard(Acted)) == 1


def test_a_person_s_start_is_stopped_and_told() -> None:
    stand = Stand().opened(50.0)
    stand.wait(1.0)
    assert stand.tell(PauseChanged(stand.generation, False, stand.now)) == [PauseNow()]
    assert stand.told == [Acted(False, 50.0)]


def test_a_start_ahead_of_the_planned_one_is_only_stopped() -> None:
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, 1002.0, 1.0, True))
    stand.wait(1.0)
    assert stand.tell(PauseChanged(stand.generation, False, stand.now)) == [PauseNow()]
    assert stand.told == []
    assert stand.follower.armed == pytest.approx(1002.0)


# Films ----------------------------------------------------------------------------------


def test_what_an_earlier_film_s_player_tells_is_ignored() -> None:
    stand = Stand().playing()
    old = stand.generation
    stand.follower.load(stand.now, is_network=False)
    for event in (
        EndReached(old),
        Failed(old, "late"),
        Restarted(old, 9.0, stand.now),
        PauseChanged(old, True, stand.now),
    ):
        assert stand.tell(event) == []
    assert stand.follower.phase == "loading"
    assert stand.told == []


def test_a_film_opens_where_the_timeline_will_be() -> None:
    stand = Stand()
    stand.follow(Timeline(0.0, 900.0, 1.0, True))
    assert stand.follower.load(stand.now, is_network=True) == pytest.approx(100.0 + 1.5 + 0.05)


def test_a_live_film_is_never_sought_in_nor_compared() -> None:
    stand = Stand()
    stand.follow(Timeline(0.0, 900.0, 1.0, True))
    assert stand.follower.load(stand.now, is_network=True, is_live=True) == 0.0
    stand.tell(Opened(stand.generation, "", None, (), (), True, True))
    stand.landed(12345.0)
    said = stand.wait(10.0)
    assert stand.follower.phase == "running"
    assert seeks(said) == []
    assert rates(said) == []
    assert stand.follower.view(stand.now).drift is None
    stand.follow(Timeline(50.0, stand.now, 1.0, False))
    assert stand.said[-1] == PauseNow()


def test_a_broken_film_is_left_alone_until_it_is_opened_again() -> None:
    stand = Stand().playing()
    stand.tell(Failed(stand.generation, "the file is broken"))
    assert stand.follower.view(stand.now).state == "failed"
    assert stand.wait(3.0) == []
    stand.opened(stand.target + 0.2)
    stand.wait(2.0)
    assert stand.follower.view(stand.now).state == "playing"
