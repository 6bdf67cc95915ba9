"""A seat that becomes host, or is one no longer; what a host wants done about people."""

from __future__ import annotations

import msgspec
import pytest

from protocol.client.events import CommandsDropped, InviteChanged, RequestRefused, RoleChanged
from protocol.timeline import Timeline
from protocol.wire.messages import (
    Ack,
    Command,
    Event,
    HandOver,
    Hello,
    Invited,
    ModerationRequest,
    NewInvite,
    PauseAct,
    PlayAct,
    Refusal,
    Remove,
    Snapshot,
)
from tests.unit.protocol.client.test_protocol import Wire, snapshot, welcome

ME, OTHER = "ada00001", "bob00001"
INVITED = Invited("invite-token", 1000, "errand-1")


@pytest.fixture
def wire() -> Wire:
    """A host who has joined and has the stream's state."""
    wire = Wire()
    wire.open()
    wire.hear(snapshot())
    wire.told()
    wire.sent()
    return wire


def host_change(host_id: str, term: int, seq: int = 5) -> Event:
    return Event(
        1, seq, f"event-{seq:04}", "host_change", ME, "Ada", 0, Timeline(), host_id=host_id,
        host_term=term,
    )  # fmt: skip


def comes_back(wire: Wire, role: str, term: int) -> Hello:
    """Another connection, on which the seat is this; returns its hello."""
    wire.client.connection_lost()
    wire.client.connection_made(wire.now)
    (hello,) = wire.sent_of(Hello)
    wire.hear(msgspec.structs.replace(welcome(term=term), role=role))
    return hello


def test_before_the_first_welcome_a_seat_is_nothing() -> None:
    assert Wire().client.role is None


def test_a_host_who_hands_over_is_a_viewer_and_gives_up_what_waits(wire: Wire) -> None:
    assert wire.client.role == "host"
    wire.ask(PlayAct(), "command-1")
    wire.hear(host_change(OTHER, 2))
    assert wire.told_of(RoleChanged) == [RoleChanged("viewer")]
    assert wire.client.role == "viewer"
    assert wire.client.unsent == 0


def test_commands_that_are_given_up_are_told_of(wire: Wire) -> None:
    wire.ask(PlayAct(), "command-1")
    wire.hear(host_change(OTHER, 2))
    assert wire.told_of(CommandsDropped) == [CommandsDropped(1)]


def test_who_becomes_host_begins_at_one_in_the_new_term(wire: Wire) -> None:
    wire.hear(host_change(OTHER, 2), host_change(ME, 3, seq=6))
    assert wire.told_of(RoleChanged) == [RoleChanged("viewer"), RoleChanged("host", "Ada")]
    wire.ask(PauseAct(1.0), "command-1")
    (command,) = wire.sent_of(Command)
    assert (command.host_term, command.counter) == (3, 1)


def test_who_takes_over_is_named_before_he_is_listed(wire: Wire) -> None:
    taken = host_change(OTHER, 2)
    wire.hear(msgspec.structs.replace(taken, member_id=OTHER, name="Bob"))
    assert wire.told_of(RoleChanged) == [RoleChanged("viewer", "Bob")]


def test_a_change_among_others_is_none_for_this_seat(wire: Wire) -> None:
    wire.hear(host_change(OTHER, 2), host_change("cleo0001", 3, seq=6))
    assert wire.told_of(RoleChanged) == [RoleChanged("viewer")]


def test_a_change_that_the_welcome_knew_is_old_news(wire: Wire) -> None:
    comes_back(wire, "host", 5)
    wire.told()
    wire.hear(host_change(OTHER, 3))
    assert wire.client.role == "host"
    assert wire.told_of(RoleChanged) == []


def test_a_seat_that_has_another_role_when_it_comes_back_is_told(wire: Wire) -> None:
    comes_back(wire, "viewer", 2)
    assert wire.told_of(RoleChanged) == [RoleChanged("viewer")]


def test_a_snapshot_tells_who_hosts(wire: Wire) -> None:
    wire.hear(
        Snapshot(
            stream_id="stream01", epoch=2, seq=0, timeline=Timeline(), host_id=OTHER, host_term=2
        )
    )
    assert wire.client.role == "viewer"


def test_a_snapshot_before_any_welcome_makes_nobody_host() -> None:
    wire = Wire()
    wire.client.connection_made(wire.now)
    wire.hear(snapshot())
    assert wire.client.role is None


def test_a_seat_that_is_no_host_any_more_yields_when_it_comes_back(wire: Wire) -> None:
    assert not comes_back(wire, "host", 1).yields
    wire.hear(host_change(OTHER, 2))
    assert comes_back(wire, "viewer", 2).yields


def test_a_hand_over_without_an_answer_makes_it_yield(wire: Wire) -> None:
    wire.client.moderate(HandOver("errand-1", 1, OTHER))
    assert comes_back(wire, "host", 1).yields
    assert wire.sent_of(HandOver) == [HandOver("errand-1", 1, OTHER)]


@pytest.mark.parametrize(
    ("errand", "answer"),
    [
        (NewInvite("errand-1"), INVITED),
        (Remove("errand-1", OTHER), Ack("errand-1", 1, 4)),
        (HandOver("errand-1", 1, OTHER), Ack("errand-1", 1, 5)),
        (Remove("errand-1", OTHER), Refusal("not_found", "not here", event_id="errand-1")),
    ],
)
def test_an_errand_is_sent_again_until_it_is_answered(
    wire: Wire, errand: ModerationRequest, answer: Invited | Ack | Refusal
) -> None:
    assert wire.client.moderate(errand)
    assert errand in wire.sent()
    comes_back(wire, "host", 1)
    assert errand in wire.sent()
    wire.hear(answer)
    comes_back(wire, "host", 1)
    assert errand not in wire.sent()


def test_who_hosts_no_more_has_no_errands(wire: Wire) -> None:
    wire.client.moderate(HandOver("errand-1", 1, OTHER))
    comes_back(wire, "viewer", 2)
    assert wire.sent_of(HandOver) == []


def test_an_errand_without_a_connection_is_not_taken(wire: Wire) -> None:
    wire.client.connection_lost()
    assert not wire.client.moderate(Remove("errand-1", OTHER))
    comes_back(wire, "host", 1)
    assert wire.sent_of(Remove) == []


def test_an_errand_that_no_server_could_read_is_refused_here(wire: Wire) -> None:
    assert wire.client.moderate(Remove("errand-1", "?"))
    (refused,) = wire.told_of(RequestRefused)
    assert refused.refusal.field == "member_id"
    assert wire.sent() == []


def test_a_new_invite_is_told(wire: Wire) -> None:
    wire.hear(INVITED)
    assert wire.told() == [InviteChanged(INVITED)]
