"""Every transition of a followed player can happen, and no other is let through."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from player.backend.base import Failed, MediaOpened, PauseChanged, StallChanged
from player.sync.phase import TRANSITIONS, Phase, check_transition
from player.sync.state import FollowerState
from protocol.timeline import Timeline
from tests.doubles.followed import DURATION, Stand

if TYPE_CHECKING:
    from collections.abc import Callable

PHASES: tuple[Phase, ...] = get_args(Phase)
PAIRS = [(before, after) for before in PHASES for after in PHASES]

# How to get there -----------------------------------------------------------------------


def idle() -> Stand:
    return Stand()


def loading() -> Stand:
    stand = Stand()
    stand.follower.load(stand.now, is_network=False)
    return stand


def resting() -> Stand:
    return Stand().opened(50.0)


def seeking() -> Stand:
    stand = Stand().playing()
    stand.follow(Timeline(300.0, stand.now + 0.35, 1.0, True))
    return stand


def running() -> Stand:
    return Stand().playing()


def stalled() -> Stand:
    stand = Stand().playing()
    stand.follower.set_tolerance(5.0)
    stall(stand)
    return stand


def ended() -> Stand:
    stand = Stand().playing(DURATION - 5)
    stand.end()
    return stand


def failed() -> Stand:
    stand = Stand().playing()
    stand.tell(Failed(stand.generation, "the file is broken"))
    return stand


def live_ended(*, waits: bool = False) -> Stand:
    """A live film is over, and the party still plays."""
    stand = Stand()
    stand.follow(Timeline(0.0, 900.0, 1.0, True))
    stand.follower.load(stand.now, is_network=True, is_live=True)
    stand.tell(MediaOpened(stand.generation, "", None, (), (), True, True))
    stand.landed(0.0)
    stand.wait(1.0)
    if waits:
        stand.tell(StallChanged(stand.generation, True, stand.now))
        stand.wait(0.7)
    stand.end()
    return stand


def waiting() -> Stand:
    """Where the picture is, the timeline will be in 8 s."""
    return resting_for(8.0)


def resting_for(seconds: float) -> Stand:
    """A start is agreed for so many seconds later."""
    stand = Stand().opened(50.0)
    stand.follow(Timeline(50.0, stand.now + seconds, 1.0, True))
    return stand


def test_who_rests_for_a_start_that_is_not_at_hand_waits() -> None:
    assert waiting().follower.view(1000.0).state == "waiting"
    assert resting_for(0.3).follower.view(1000.0).state == "playing"
    stand = resting_for(1.2)
    assert stand.follower.view(stand.now).state == "waiting"
    stand.wait(0.8)
    assert stand.follower.view(stand.now).state == "playing"


# What happens there ---------------------------------------------------------------------


def unload(stand: Stand) -> None:
    stand.follower.unload(stand.now)


def load(stand: Stand) -> None:
    stand.follower.load(stand.now, is_network=False)


def fail(stand: Stand) -> None:
    stand.tell(Failed(stand.generation, "its window was closed", lost=True))


def land(stand: Stand) -> None:
    stand.landed(300.0)


def start(stand: Stand) -> None:
    position = stand.follower.view(stand.now).position or 0.0
    stand.follow(Timeline(position, stand.now + 0.1, 1.0, True))
    stand.wait(0.15)


def start_live(stand: Stand) -> None:
    stand.wait(0.05)
    armed = stand.follower.armed
    assert armed is not None
    stand.follower.started(armed)


def pause(stand: Stand) -> None:
    stand.do(stand.follower.hold(stand.now))


def pause_live(stand: Stand) -> None:
    stand.do(stand.follower.tick(stand.now))
    stand.follow(Timeline(50.0, stand.now, 1.0, False))


def go(stand: Stand) -> None:
    stand.follow(Timeline(100.0, stand.now, 1.0, False))


def end(stand: Stand) -> None:
    stand.end()


def start_by_hand(stand: Stand) -> None:
    stand.wait(1.0)
    stand.tell(PauseChanged(stand.generation, False, stand.now))


def stall(stand: Stand) -> None:
    stand.tell(StallChanged(stand.generation, True, stand.now))
    stand.wait(0.6)


def recover(stand: Stand) -> None:
    stand.tell(StallChanged(stand.generation, False, stand.now))


def start_while_it_waits(stand: Stand) -> None:
    """The stall had brought a pause, which is over before the data is there."""
    stand.follow(Timeline(300.0, stand.now + 0.2, 1.0, True))
    stand.wait(0.3)


def seek_to_the_end(stand: Stand) -> None:
    stand.follow(Timeline(DURATION, stand.now, 1.0, False))
    stand.end()


def waiting_at_rest() -> Stand:
    """It had stalled while it ran, and was sent to where the party rests."""
    stand = stalled()
    stand.follow(Timeline(300.0, stand.now, 1.0, False))
    return stand.landed(300.0)


SCENES: dict[tuple[Phase, Phase], tuple[Callable[[], Stand], Callable[[Stand], object]]] = {
    ("idle", "idle"): (idle, unload),
    ("idle", "loading"): (idle, load),
    ("idle", "failed"): (idle, fail),
    ("loading", "idle"): (loading, unload),
    ("loading", "resting"): (loading, land),
    ("loading", "failed"): (loading, fail),
    ("resting", "idle"): (resting, unload),
    ("resting", "resting"): (resting, start_by_hand),
    ("resting", "seeking"): (resting, go),
    ("resting", "running"): (resting, start),
    ("resting", "stalled"): (waiting_at_rest, start_while_it_waits),
    ("resting", "ended"): (resting, end),
    ("resting", "failed"): (resting, fail),
    ("seeking", "idle"): (seeking, unload),
    ("seeking", "resting"): (seeking, land),
    ("seeking", "seeking"): (seeking, go),
    ("seeking", "ended"): (seeking, seek_to_the_end),
    ("seeking", "failed"): (seeking, fail),
    ("running", "idle"): (running, unload),
    ("running", "resting"): (running, pause),
    ("running", "seeking"): (running, lambda stand: stand.do(stand.follower.jump(stand.now))),
    ("running", "stalled"): (running, stall),
    ("running", "ended"): (running, end),
    ("running", "failed"): (running, fail),
    ("stalled", "idle"): (stalled, unload),
    ("stalled", "resting"): (stalled, pause),
    ("stalled", "seeking"): (stalled, lambda stand: stand.do(stand.follower.jump(stand.now))),
    ("stalled", "running"): (stalled, recover),
    ("stalled", "ended"): (stalled, end),
    ("stalled", "failed"): (stalled, fail),
    ("ended", "idle"): (ended, unload),
    ("ended", "resting"): (live_ended, pause_live),
    ("ended", "seeking"): (ended, go),
    ("ended", "running"): (live_ended, start_live),
    ("ended", "stalled"): (lambda: live_ended(waits=True), start_live),
    ("ended", "failed"): (ended, fail),
    ("failed", "idle"): (failed, unload),
    ("failed", "failed"): (failed, fail),
}


@pytest.mark.parametrize(("before", "after"), SCENES)
def test_a_transition_of_the_table_happens(before: Phase, after: Phase) -> None:
    arrange, act = SCENES[before, after]
    stand = arrange()
    assert stand.follower.phase == before
    act(stand)
    assert stand.follower.phase == after


def test_there_is_a_scene_for_each_transition_of_the_table() -> None:
    assert set(SCENES) == {
        (before, after) for before in TRANSITIONS for after in TRANSITIONS[before]
    }


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair not in SCENES])
def test_another_transition_is_refused(before: Phase, after: Phase) -> None:
    with pytest.raises(ValueError, match=f"is {before} cannot be {after}"):
        check_transition(before, after)


def test_the_state_refuses_a_phase_that_cannot_follow_and_stays_as_it_was() -> None:
    state = FollowerState("full")
    with pytest.raises(ValueError, match="is idle cannot be running"):
        state.to("running", 1000.0)
    assert state.phase == "idle"
