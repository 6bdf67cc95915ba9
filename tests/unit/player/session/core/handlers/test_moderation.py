"""What a host wishes about people becomes errands; what is heard of it becomes lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from player.api.intents import Renew, Revoke
from player.api.views import InviteView, RoleView
from player.session.core.effects import Emit, ReleasePlayer, ShowText
from player.session.core.handlers.moderation import named
from player.session.core.schedule import NEWS_INTERVAL
from protocol.client.events import InviteChanged, RoleChanged
from protocol.timeline import Timeline
from protocol.wire.messages import HandOver, Invited, Member, NewInvite, Remove
from tests.doubles.core_seat import CoreSeat

if TYPE_CHECKING:
    from protocol.wire.messages import ClientMessage, Role

ANA = Member("member-a", "Ana", "host")
BEN = Member("member-b", "Ben", "viewer")
BEA = Member("member-c", "Bea", "viewer")
TWIN = Member("member-d", "ben", "viewer")
ALL = (ANA, BEA, BEN)


def asked(line: str, *members: Member) -> tuple[CoreSeat, list[ClientMessage]]:
    seat = CoreSeat("host")
    seat.at(Timeline(), *(members or ALL))
    seat.ask(line)
    return seat, seat.sent


@pytest.mark.parametrize("text", ["Ben", "ben", "member-b", "3"])
def test_a_member_is_removed_by_name_number_or_id(text: str) -> None:
    _, (errand,) = asked(f"kick {text}")
    assert isinstance(errand, Remove)
    assert errand.member_id == "member-b"


def test_the_remote_is_handed_over_within_this_term() -> None:
    _, (errand,) = asked("give bea")
    assert isinstance(errand, HandOver)
    assert (errand.member_id, errand.host_term) == ("member-c", 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Cleo", "there is no 'Cleo' here; name another, or give the number: 2 Bea, 3 Ben"),
        ("be", "2 here are called 'be'; name another, or give the number: 2 Bea, 3 Ben"),
        ("ana", "that is you; name another, or give the number: 2 Bea, 3 Ben"),
    ],
)
def test_who_cannot_be_meant_is_answered_with_who_is_here(text: str, said: str) -> None:
    seat, sent = asked(f"kick {text}")
    assert (seat.said, sent) == ([said], [])


def test_alone_there_is_nobody_to_name() -> None:
    seat, _ = asked("give Ben", ANA)
    assert seat.said == ["there is no 'Ben' here; "]


def test_a_whole_name_goes_before_its_beginnings() -> None:
    assert named("ben", (BEN, Member("member-e", "Benno", "viewer"))) == [BEN]
    assert named("ben", (BEN, TWIN)) == [BEN, TWIN]


def test_a_new_invite_keeps_who_is_here_and_a_revoked_one_does_not() -> None:
    for intent, keep in ((Renew(2.0, 5), True), (Revoke(), False)):
        _, (errand,) = asked(msgspec.json.encode(intent).decode())
        assert isinstance(errand, NewInvite)
        lifetime = None if intent.hours is None else intent.hours * 3600
        assert (errand.keep, errand.lifetime, errand.uses) == (keep, lifetime, intent.uses)


def test_a_number_behind_the_word_is_for_how_many_the_invite_is() -> None:
    _, (errand,) = asked("renew 3")
    assert isinstance(errand, NewInvite)
    assert (errand.keep, errand.uses) == (True, 3)


def test_without_a_server_it_is_said_that_nothing_was_done() -> None:
    seat = CoreSeat("host")
    seat.at(Timeline(), *ALL)
    seat.core.protocol.connection_lost()
    seat.ask("kick Ben")
    assert seat.said == ["the server is out of reach; ask again when it is back"]
    assert seat.sent == []


def test_who_gave_the_remote_away_takes_it_back() -> None:
    seat = CoreSeat("host")
    seat.connect("viewer")
    seat.at(Timeline(), *ALL)
    seat.ask("take")
    (errand,) = seat.sent
    assert isinstance(errand, HandOver)
    assert errand.member_id == "member-a"


@pytest.mark.parametrize(
    ("role", "said"), [("host", "you host already"), ("viewer", "only who has the host key")]
)
def test_who_hosts_or_has_no_key_is_told_so(role: Role, said: str) -> None:
    seat = CoreSeat(role)
    seat.ask("take")
    assert seat.said[0].startswith(said)


def test_outside_of_a_stream_there_is_nothing_to_take() -> None:
    seat = CoreSeat("host")
    seat.outside()
    seat.ask("take")
    assert seat.said == ["not in the stream yet"]


def test_an_invite_is_told_as_people_hand_it_on() -> None:
    seat = CoreSeat("host")
    seat.server(InviteChanged(Invited("token-0001", 99, "errand-1", 5)))
    server = seat.config.server
    invite = f"{server}/j/stream-01#token-0001"
    assert seat.views == [InviteView(invite, 99, 5, asked=True)]
    seat.outside()
    seat.server(InviteChanged(Invited("token-0002", 99)))
    assert len(seat.views) == 1


@pytest.mark.parametrize(
    ("role", "text"), [("host", "you host now"), ("viewer", "View Only: Ana hosts now")]
)
def test_another_role_is_told_at_once(role: Role, text: str) -> None:
    seat = CoreSeat("host")
    seat.tick()
    seat.now += NEWS_INTERVAL
    seat.effects.clear()
    seat.server(RoleChanged(role, "Ben"))
    # What its player is held at waits for an answer that does not come any more.
    assert seat.effects == [ReleasePlayer(), Emit(RoleView(role, "Ana")), ShowText(text)]
    assert seat.core.next_deadline() <= seat.now
