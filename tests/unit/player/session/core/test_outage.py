"""When a film that the network has taken away is looked for, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from player.session.core.outage import (
    DRIBBLE,
    FIRST_DELAY,
    HUNG_AFTER,
    LONGEST_DELAY,
    NO_DATA,
    QUIET,
    QUIET_RELOAD,
    STEADY_AFTER,
    MediaOutage,
    outage_text,
)
from player.session.core.telemetry import WAITING

if TYPE_CHECKING:
    from player.sync.messages import FollowerView

STALLED = msgspec.structs.replace(WAITING, phase="stalled", is_stalled=True)
PAUSED_IN_A_STALL = msgspec.structs.replace(WAITING, phase="resting", is_stalled=True)
SEEKING = msgspec.structs.replace(WAITING, phase="seeking")
RUNNING = msgspec.structs.replace(WAITING, phase="running")
NEVER = float("inf")


def test_tries_come_ever_more_rarely_and_without_end() -> None:
    outage, now, delays = MediaOutage(), 100.0, list[float]()
    outage.lose("it broke off", now)
    for _ in range(100):
        delays.append(outage.due - now)
        now = outage.due
        outage.look(now)
        assert outage.due == NEVER
        outage.no_answer("it is away", now, is_lost=False)
    assert delays[0] == FIRST_DELAY
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY
    assert outage.cause == "it is away"


def test_a_try_that_hung_has_been_its_own_delay() -> None:
    outage = MediaOutage()
    outage.lose("it broke off", 100.0)
    outage.look(101.0)
    outage.no_answer("no answer", 101.5, is_lost=False)
    outage.look(102.0)
    outage.no_answer("no answer", 102.0 + HUNG_AFTER + 1.0, is_lost=False)
    assert outage.due == 102.0 + HUNG_AFTER + 1.0 + FIRST_DELAY


def test_a_film_that_lasts_for_a_moment_only_is_not_tried_as_quickly_again() -> None:
    outage = MediaOutage()
    outage.lose("it broke off", 100.0)
    outage.opened(101.0)
    assert outage.cause is None
    outage.lose("it broke off", 102.0)
    assert outage.due == 102.0 + 2 * FIRST_DELAY
    outage.opened(103.0)
    outage.lose("it broke off", 103.5 + STEADY_AFTER)
    assert outage.due == 103.5 + STEADY_AFTER + FIRST_DELAY


@pytest.mark.parametrize("view", [STALLED, PAUSED_IN_A_STALL, SEEKING])
def test_a_player_that_waits_in_vain_has_its_server_looked_at(view: FollowerView) -> None:
    outage = MediaOutage()
    assert not outage.watch(view, 50.0, 100.0)
    assert not outage.watch(view, 50.0 + DRIBBLE / 2, 99.9 + QUIET)
    assert outage.cause is None
    assert not outage.watch(view, 50.0, 100.0 + QUIET)
    assert (outage.cause, outage.due) == (NO_DATA, 100.0 + QUIET)


def test_a_slow_line_is_no_outage() -> None:
    outage = MediaOutage()
    for second in range(60):
        outage.watch(STALLED, 50.0 + 0.6 * second, 100.0 + second)
    assert outage.cause is None


def waiting_in_vain() -> MediaOutage:
    outage = MediaOutage()
    outage.watch(STALLED, None, 100.0)
    outage.watch(STALLED, None, 100.0 + QUIET)
    outage.look(100.0 + QUIET)
    return outage


def test_a_server_that_answers_leaves_the_player_its_connection_for_a_while() -> None:
    outage = waiting_in_vain()
    assert not outage.answered(101.0 + QUIET)
    assert outage.due == 100.0 + QUIET_RELOAD
    outage.look(100.0 + QUIET_RELOAD)
    assert outage.answered(100.0 + QUIET_RELOAD)


def test_a_server_that_is_back_after_a_silence_is_used_at_once() -> None:
    outage = waiting_in_vain()
    outage.no_answer("no answer", 100.1 + QUIET, is_lost=False)
    assert outage.is_confirmed
    outage.look(101.0 + QUIET)
    assert outage.answered(101.1 + QUIET)
    assert not outage.watch(msgspec.structs.replace(WAITING, phase="loading"), None, 200.0)
    assert outage.cause is not None


@pytest.mark.parametrize(("view", "until"), [(RUNNING, 50.0), (STALLED, 60.0)])
def test_a_player_that_has_data_again_ends_it(view: FollowerView, until: float) -> None:
    outage = waiting_in_vain()
    outage.no_answer("no answer", 100.1 + QUIET, is_lost=False)
    assert outage.watch(view, until, 106.0)
    assert (outage.cause, outage.due) == (None, NEVER)
    assert not outage.watch(RUNNING, until, 107.0)


def test_a_lost_film_is_not_back_because_its_player_is_idle() -> None:
    outage = MediaOutage()
    outage.lose("it broke off", 100.0)
    assert not outage.watch(WAITING, None, 101.0)
    assert outage.cause == "it broke off"


def test_what_is_out_of_reach_is_named() -> None:
    assert "the film: it is away" in outage_text("it is away", is_linked=True)
    assert "this machine's network" in outage_text("it is away", is_linked=False)
