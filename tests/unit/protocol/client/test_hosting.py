"""Whether a seat hosts: what it means to be at first, and what it is since."""

from __future__ import annotations

import pytest

from protocol.client.events import ClientEvent, CommandsDropped, RoleChanged
from protocol.client.hosting import Hosting
from protocol.client.outbox import CommandQueue
from protocol.wire.messages import Cursor, PlayAct, Role, Welcome
from protocol.wire.versions import PROTOCOL_VERSION

ME, OTHER = "member-a", "member-b"


def welcome(role: Role, term: int = 1) -> Welcome:
    return Welcome(PROTOCOL_VERSION, "clock-01", "stream-01", ME, role, term)


def unheard(event: ClientEvent) -> None:
    """What was told is of no interest."""


@pytest.mark.parametrize("yields", [False, True])
def test_before_the_first_welcome_a_seat_has_no_role_and_yields_as_it_was_asked_to(
    *, yields: bool
) -> None:
    hosting = Hosting(CommandQueue(), unheard, yields=yields)
    assert hosting.role is None
    assert hosting.yields is yields


@pytest.mark.parametrize("yields", [False, True])
def test_once_welcomed_a_viewer_yields_and_a_host_does_not_whatever_was_asked(
    *, yields: bool
) -> None:
    hosting = Hosting(CommandQueue(), unheard, yields=yields)
    hosting.welcomed(welcome("viewer"))
    assert (hosting.role, hosting.yields) == ("viewer", True)
    hosting.welcomed(welcome("host"))
    assert (hosting.role, hosting.yields) == ("host", False)


def test_a_later_term_of_another_makes_a_viewer_and_drops_what_waits() -> None:
    told: list[ClientEvent] = []
    commands = CommandQueue()
    hosting = Hosting(commands, told.append, yields=False)
    hosting.welcomed(welcome("host"))
    commands.put(PlayAct(), "event-01", Cursor(1, 1))
    hosting.hosted_by(OTHER, 1)
    assert told == []
    hosting.hosted_by(OTHER, 2, "Ben")
    assert told == [CommandsDropped(1), RoleChanged("viewer", "Ben")]
    assert (hosting.role, hosting.yields) == ("viewer", True)


def test_who_hosts_says_nothing_of_a_seat_that_was_not_welcomed_yet() -> None:
    told: list[ClientEvent] = []
    hosting = Hosting(CommandQueue(), told.append, yields=True)
    hosting.hosted_by(ME, 5)
    assert (hosting.role, hosting.yields, told) == (None, True, [])
