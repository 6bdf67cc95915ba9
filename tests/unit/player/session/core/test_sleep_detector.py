"""A sleep of the machine, or a stop of the process, is noticed before anything is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from player.api.intents import Mute
from player.media.messages import SearchProgress
from player.session.core.effects import FollowTimeline, SetClock
from player.session.core.handlers.server_events import LinkDown
from player.session.core.schedule import LONGEST_BEAT
from player.sync.messages import Buffered
from protocol.client.events import StateChanged
from protocol.timeline import Timeline
from protocol.wire.codec import encode
from protocol.wire.messages import Pong
from tests.doubles.core_seat import CoreSeat

if TYPE_CHECKING:
    from collections.abc import Callable

NOTICED = "1800 s went by unnoticed (sleep?): measuring anew"


@pytest.mark.parametrize("which", ["slept", "stopped"])
def test_a_sleep_or_a_stop_is_noticed_once(which: str) -> None:
    seat = CoreSeat()
    seat.tick()
    seat.pings = 0
    for missed in (1.0, 1800.0, 0.0):
        seat.asleep += missed if which == "slept" else 0.0
        seat.tick(LONGEST_BEAT + (missed if which == "stopped" else 0.0))
        seat.tick(LONGEST_BEAT)
    noticed = 1800 if which == "slept" else 1800.25
    assert seat.said == [f"{noticed:.0f} s went by unnoticed (sleep?): measuring anew"]
    assert seat.pings


HAPPENINGS: dict[str, Callable[[CoreSeat], None]] = {
    "server": lambda seat: seat.server(StateChanged()),
    "player": lambda seat: seat.player(Buffered(1.0)),
    "loader": lambda seat: seat.loader(SearchProgress("half of it")),
    "intent": lambda seat: seat.core.intent(Mute(), seat.clocks),
    "line": lambda seat: seat.ask("mute"),
    "link": lambda seat: seat.core.link_down(LinkDown("it broke", 1, 0.5), seat.clocks),
    "tick": lambda seat: seat.tick(),
}


@pytest.mark.parametrize("happens", HAPPENINGS.values(), ids=HAPPENINGS)
def test_a_sleep_is_noticed_by_whatever_comes_first(happens: Callable[[CoreSeat], None]) -> None:
    seat = CoreSeat()
    seat.tick(LONGEST_BEAT)
    know_the_clock(seat)
    seat.asleep += 1800.0
    happens(seat)
    assert seat.core.protocol.clock(seat.now) is None


def test_what_the_server_says_after_a_sleep_is_not_followed_by_the_clock_before_it() -> None:
    seat = CoreSeat()
    seat.tick(LONGEST_BEAT)
    know_the_clock(seat)
    seat.effects.clear()
    seat.asleep += 1800.0
    seat.at(Timeline(10.0, 2000.0, 1.0, True))
    seat.server(StateChanged())
    told = [effect for effect in seat.effects if isinstance(effect, SetClock | FollowTimeline)]
    assert told[0] == SetClock(None)
    assert FollowTimeline(Timeline(10.0, 2000.0, 1.0, True)) in told[1:]
    assert all(effect == SetClock(None) for effect in told if isinstance(effect, SetClock))
    assert seat.said[0] == NOTICED


def test_a_stop_without_sleep_leaves_the_follower_its_clock_for_as_long_as_nobody_answers() -> None:
    seat = CoreSeat()
    seat.tick(LONGEST_BEAT)
    know_the_clock(seat)
    seat.core.link_down(LinkDown("it broke", 1, 0.5), seat.clocks)
    seat.effects.clear()
    seat.tick(30.0)
    assert seat.said[-1].startswith("30 s went by")
    assert not [effect for effect in seat.effects if effect == SetClock(None)]
    seat.asleep += 1800.0
    seat.tick(LONGEST_BEAT)
    assert SetClock(None) in seat.effects


def know_the_clock(seat: CoreSeat) -> None:
    """The server answers a ping."""
    protocol = seat.core.protocol
    protocol.measure_clock(seat.now)
    protocol.handle_timeout(seat.now)
    at = seat.now
    seat.now += 0.01
    protocol.receive(encode(Pong(at, at + 500.0, at + 500.0)), seat.now)
    assert protocol.clock(seat.now) is not None
    seat.server(*protocol.events_received())
