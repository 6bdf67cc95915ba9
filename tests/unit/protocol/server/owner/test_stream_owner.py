"""What a stream's owner makes of what its edges tell, whatever of it comes late or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.media.url_policy import UrlPolicy
from protocol.server.bus.bus import Bus
from protocol.server.bus.log_writer import LogWriter
from protocol.server.bus.messages import (
    EdgeClosed,
    EdgeConnected,
    EdgeOpened,
    EphemeralPosted,
    MemberChanged,
    MemberJoined,
    ReadinessPlan,
    RosterChange,
    RosterReset,
)
from protocol.server.core.context import ServerContext
from protocol.server.core.effects import AskStore
from protocol.server.limits.config import Limits
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import AppendRequest
from protocol.server.log.server_acts import AutoPause
from protocol.server.moment import Moment
from protocol.server.owner.registry import OwnerRegistry
from protocol.timeline import Timeline
from protocol.wire.messages import Chat, Member, Presence, SendChat
from tests.doubles.sync_server import CountingMint

if TYPE_CHECKING:
    from protocol.server.bus.bus import EdgeListener, OwnerListener
    from protocol.server.bus.messages import DownMessage, LogMessage, UpMessage

STREAM = "0" * 32
RECORD = StreamRecord(stream_id=STREAM, timeline=Timeline(0.0, 90.0, 1.0, playing=True))
ANA, BO = Member("ana", "Ana", "host"), Member("bo", "Bo", "viewer")


class RecordingBus(Bus):
    """Keeps what the owner tells; nobody hears it."""

    def __init__(self) -> None:
        self.told: list[DownMessage] = []

    def connect(self, edge: EdgeListener, owner: OwnerListener) -> None: ...

    def publish(self, stream_id: str, message: LogMessage, now: Moment) -> None: ...

    def send_up(self, stream_id: str, edge_id: str, message: UpMessage, now: Moment) -> None: ...

    def send_down(self, stream_id: str, message: DownMessage, now: Moment) -> None:
        self.told.append(message)


class Owner:
    """The owners of one node, and the edges that a test makes up."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.bus = RecordingBus()
        mint = CountingMint()
        self.context = ServerContext(limits or Limits(), UrlPolicy(), mint, "clock-0001")
        self.owners = OwnerRegistry(self.context, LogWriter(self.context, self.bus), self.bus)
        self.now = Moment(100.0, 1_700_000_000_000)

    def hear(self, edge_id: str, *messages: UpMessage) -> None:
        for message in messages:
            self.owners.take_up(STREAM, edge_id, message, self.now)

    def advance(self, seconds: float) -> None:
        self.now = Moment(self.now.instant + seconds, self.now.unix_ms)
        self.context.timers.run(self.now)

    def told(self, kind: type[DownMessage]) -> list[DownMessage]:
        return [message for message in self.bus.told if isinstance(message, kind)]


@pytest.fixture
def owner() -> Owner:
    """Of a stream with Ana at edge a and Bo at edge b."""
    owner = Owner()
    for edge_id, member in (("a", ANA), ("b", BO)):
        connected = EdgeConnected(is_connected=True)
        owner.hear(edge_id, EdgeOpened(RECORD), connected, MemberJoined(member))
    owner.advance(1.0)
    owner.bus.told.clear()
    return owner


def test_a_stream_without_an_edge_has_no_owner() -> None:
    owner = Owner()
    owner.hear("a", EphemeralPosted("ana", "Ana", SendChat(text="hello?")))
    assert owner.bus.told == []


def test_an_edge_that_has_not_opened_is_not_listened_to(owner: Owner) -> None:
    owner.hear("c", EphemeralPosted("cy", "Cy", SendChat(text="hello?")))
    assert owner.bus.told == []


def test_an_edge_that_opens_twice_is_told_once(owner: Owner) -> None:
    owner.hear("c", EdgeOpened(RECORD))
    owner.hear("c", EdgeOpened(RECORD))
    assert owner.told(RosterReset) == [RosterReset((ANA, BO), 0)]
    (plan,) = owner.told(ReadinessPlan)
    assert isinstance(plan, ReadinessPlan)
    assert list(plan.reports) == ["a", "b", "c"]


def test_what_is_said_is_dated_by_the_owner(owner: Owner) -> None:
    owner.hear("b", EphemeralPosted("bo", "Bo", SendChat(text="hello")))
    assert owner.bus.told == [
        Chat(member_id="bo", name="Bo", text="hello", timestamp_ms=owner.now.unix_ms)
    ]


def test_who_was_on_an_edge_that_is_gone_has_left(owner: Owner) -> None:
    owner.hear("b", EdgeClosed())
    owner.advance(1.0)
    assert owner.told(RosterChange) == [RosterChange((), ("bo",), 0)]
    (presence,) = owner.told(Presence)
    assert isinstance(presence, Presence)
    assert (presence.left, presence.removed) == (("bo",), ())


def test_edges_that_are_gone_with_everybody_leave_the_film_to_be_paused(owner: Owner) -> None:
    owner.hear("a", EdgeClosed())
    owner.hear("b", EdgeClosed())
    owner.advance(11.0)
    (ask,) = (effect for effect in owner.context.take_effects() if isinstance(effect, AskStore))
    assert isinstance(ask.call, AppendRequest)
    assert ask.call.change == AutoPause(101.0)
    assert owner.context.timers.next_deadline() is None


def test_what_was_measured_of_who_is_not_listed_is_told_to_nobody() -> None:
    owner = Owner(Limits(members_told=1))
    owner.hear("a", EdgeOpened(RECORD), MemberJoined(ANA), MemberJoined(BO))
    owner.advance(1.0)
    owner.bus.told.clear()
    owner.hear("a", MemberChanged(BO))
    owner.advance(5.0)
    assert owner.bus.told == []
