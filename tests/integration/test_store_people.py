"""Invites that end, members who may or may not come back: in memory and on real databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.server.core.store_calls import (
    AddInvite,
    AdmitMembers,
    Done,
    OpenedStream,
    OpenStream,
    RemoveMember,
)
from protocol.server.log.requests import AppendRequest, HostChange
from protocol.server.moment import Moment
from server_stub.storage import admin
from server_stub.storage.base import KEPT_INVITES
from tests.databases import DAY_MS, HOST, NOW, OTHER, STREAM, create

if TYPE_CHECKING:
    from server_stub.storage.base import Store
    from tests.databases import Place

BEN, CLEO, DAN = "b" * 32, "c" * 32, "d" * 32
FIRST = f"invite-{STREAM}"
HOST_KEY = f"host-{STREAM}"
UNTIL = NOW.unix_ms + DAY_MS


@pytest.fixture
def store(empty_store: Store) -> Store:
    create(empty_store)
    create(empty_store, OTHER)
    return empty_store


def role(store: Store, token: str, member_id: str, stream_id: str = STREAM) -> str | None:
    """What the token opens to this member; "removed" for one who is not let in any more."""
    (opened,) = store.perform([OpenStream(stream_id, token, NOW, member_id=member_id)])
    assert isinstance(opened, OpenedStream)
    assert (opened.record is None) == (opened.role is None)
    return "removed" if opened.is_removed else opened.role


def add(store: Store, invite: AddInvite) -> None:
    assert store.perform([invite]) == [Done()]


def test_a_new_invite_replaces_those_of_its_stream_and_no_other(store: Store) -> None:
    add(store, AddInvite(STREAM, "second", NOW, UNTIL, replaces=True))
    assert role(store, FIRST, BEN) is None
    assert role(store, "second", BEN) == "viewer"
    assert role(store, HOST_KEY, CLEO) == "host"
    assert role(store, f"invite-{OTHER}", BEN, OTHER) == "viewer"


def test_a_new_invite_leaves_who_was_admitted_to_another_stream(store: Store) -> None:
    store.perform([AdmitMembers(OTHER, f"invite-{OTHER}", (BEN,), NOW)])
    add(store, AddInvite(STREAM, "second", NOW, UNTIL, replaces=True))
    assert role(store, "wrong", BEN, OTHER) == "viewer"


def test_one_more_invite_leaves_the_others(store: Store) -> None:
    add(store, AddInvite(STREAM, "second", NOW, UNTIL))
    assert role(store, FIRST, BEN) == role(store, "second", BEN) == "viewer"


def test_an_invite_that_is_added_twice_is_one(store: Store) -> None:
    # As after a commit that was not heard of.
    invite = AddInvite(STREAM, "second", NOW, UNTIL, replaces=True, staying=(BEN,))
    add(store, invite)
    add(store, invite)
    assert role(store, "second", CLEO) == "viewer"


def test_an_invite_expires(store: Store) -> None:
    add(store, AddInvite(STREAM, "second", NOW, NOW.unix_ms + 60_000))
    late = Moment(0.0, NOW.unix_ms + 60_000)
    (opened,) = store.perform([OpenStream(STREAM, "second", late, member_id=BEN)])
    assert opened == OpenedStream()


def test_an_invite_is_for_so_many_members_and_they_may_come_back(store: Store) -> None:
    add(store, AddInvite(STREAM, "for-two", NOW, UNTIL, uses=2))
    assert role(store, "for-two", BEN) == "viewer"
    assert role(store, "for-two", BEN) == "viewer"
    assert role(store, "for-two", CLEO) == "viewer"
    assert role(store, "for-two", DAN) is None
    assert role(store, "for-two", BEN) == role(store, "for-two", CLEO) == "viewer"
    assert role(store, FIRST, DAN) == "viewer"


def test_who_stays_comes_back_without_the_new_invite(store: Store) -> None:
    add(store, AddInvite(STREAM, "second", NOW, UNTIL, replaces=True, staying=(HOST, BEN)))
    assert role(store, FIRST, BEN) == "viewer"
    assert role(store, FIRST, CLEO) is None
    add(store, AddInvite(STREAM, "third", NOW, UNTIL, replaces=True))
    assert role(store, FIRST, BEN) is None


def test_a_removed_member_is_let_in_by_no_invite(store: Store) -> None:
    assert store.perform([RemoveMember(STREAM, BEN, NOW, 1)]) == [Done()]
    assert role(store, FIRST, BEN) == "removed"
    assert role(store, "wrong", BEN) is None
    assert role(store, FIRST, CLEO) == "viewer"
    add(store, AddInvite(STREAM, "second", NOW, UNTIL, replaces=True, staying=(BEN, CLEO)))
    assert role(store, "second", BEN) == "removed"
    assert role(store, FIRST, CLEO) == "viewer"
    assert role(store, f"invite-{OTHER}", BEN, OTHER) == "viewer"


def test_a_removed_member_is_so_after_a_restart(store: Store, place: Place) -> None:
    store.perform([RemoveMember(STREAM, BEN, NOW, 1)])
    store.close()
    again = place.open()
    assert role(again, FIRST, BEN) == "removed"
    again.close()


def test_who_is_not_here_can_only_have_been_removed(store: Store) -> None:
    away = RemoveMember(STREAM, BEN, NOW, 1, is_here=False)
    (refused,) = store.perform([away])
    assert getattr(refused, "code", "") == "not_found"
    assert role(store, FIRST, BEN) == "viewer"
    (refused,) = store.perform([away])
    assert getattr(refused, "code", "") == "not_found"
    store.perform([RemoveMember(STREAM, BEN, NOW, 1)])
    assert store.perform([away]) == [Done()]


def test_a_member_who_came_by_a_counted_invite_is_removed_as_well(store: Store) -> None:
    add(store, AddInvite(STREAM, "for-one", NOW, UNTIL, uses=1))
    assert role(store, "for-one", BEN) == "viewer"
    store.perform([RemoveMember(STREAM, BEN, NOW, 1), RemoveMember(STREAM, BEN, NOW, 1)])
    assert role(store, FIRST, BEN) == "removed"
    # The one use is gone with him.
    assert role(store, "for-one", CLEO) is None


def test_who_hosts_is_let_in_by_its_secret_alone(store: Store) -> None:
    assert role(store, "wrong", HOST) == "host"
    assert role(store, FIRST, HOST) == "host"
    assert role(store, "wrong", "") is None


def test_a_host_who_has_no_invite_left_is_given_one(store: Store) -> None:
    call = OpenStream(STREAM, "wrong", NOW, "fresh", UNTIL, member_id=HOST)
    store.perform([call])
    assert role(store, "fresh", BEN) == "viewer"
    store.perform([OpenStream(STREAM, FIRST, NOW, "not-for-him", UNTIL, member_id=BEN)])
    assert role(store, "not-for-him", BEN) is None


def test_who_was_removed_comes_in_by_the_host_key_alone_even_where_he_hosts(
    store: Store,
) -> None:
    store.perform([RemoveMember(STREAM, BEN, NOW, 1)])
    store.perform([AppendRequest(STREAM, "event-0001", HOST, "Ana", HostChange(BEN, 1), NOW)])
    assert role(store, FIRST, BEN) == "removed"
    assert role(store, "wrong", BEN) is None
    assert role(store, HOST_KEY, BEN) == "host"


def test_errands_of_a_term_that_has_ended_are_refused(store: Store) -> None:
    store.perform([AppendRequest(STREAM, "event-0001", HOST, "Ana", HostChange(CLEO, 1), NOW)])
    invite = AddInvite(STREAM, "second", NOW, UNTIL, replaces=True, host_term=1)
    answers = store.perform([invite, RemoveMember(STREAM, BEN, NOW, 1)])
    assert [getattr(answer, "code", "") for answer in answers] == ["stale_host"] * 2
    assert role(store, FIRST, BEN) == "viewer"
    add(store, AddInvite(STREAM, "second", NOW, UNTIL, replaces=True, host_term=2))
    # As after a commit that was not heard of: done, whoever hosts by now.
    store.perform([AppendRequest(STREAM, "event-0002", CLEO, "Cleo", HostChange(HOST, 2), NOW)])
    add(store, AddInvite(STREAM, "second", NOW, UNTIL, replaces=True, host_term=2))
    assert role(store, FIRST, BEN) is None
    nowhere = store.perform([RemoveMember(OTHER[::-1], BEN, NOW, 1)])
    assert [getattr(answer, "code", "") for answer in nowhere] == ["unauthorized"]


def test_members_are_admitted_unless_they_or_the_invite_are_taken_back(store: Store) -> None:
    store.perform([RemoveMember(STREAM, BEN, NOW, 1)])
    for _ in range(2):
        assert store.perform([AdmitMembers(STREAM, FIRST, (BEN, CLEO), NOW)]) == [Done()]
    assert role(store, FIRST, BEN) == "removed"
    assert role(store, "wrong", CLEO) == "viewer"
    add(store, AddInvite(STREAM, "second", NOW, UNTIL, replaces=True))
    for invite in (FIRST, "none"):
        assert store.perform([AdmitMembers(STREAM, invite, (CLEO, DAN), NOW)]) == [Done()]
    assert role(store, FIRST, CLEO) is role(store, FIRST, DAN) is None


def test_a_used_up_invite_is_read_with_until_all_who_used_it_are_removed(store: Store) -> None:
    add(store, AddInvite(STREAM, "for-one", NOW, UNTIL, uses=1))
    assert role(store, "for-one", "") == role(store, "for-one", BEN) == "viewer"
    assert role(store, "for-one", "") == "viewer"
    store.perform([RemoveMember(STREAM, BEN, NOW, 1)])
    assert role(store, "for-one", "") is None


def add_invites(store: Store) -> None:
    """More than are kept."""
    add(store, AddInvite(STREAM, "short", NOW, NOW.unix_ms + 1))
    for number in range(KEPT_INVITES + 5):
        then = Moment(NOW.instant, NOW.unix_ms + 1 + number)
        call = OpenStream(STREAM, HOST_KEY, then, f"fresh-{number}", UNTIL, member_id=HOST)
        store.perform([call])


def test_a_stream_has_so_many_invites_and_no_more(store: Store) -> None:
    add_invites(store)
    assert role(store, "fresh-5", BEN) == role(store, f"fresh-{KEPT_INVITES}", BEN) == "viewer"
    assert role(store, "fresh-0", BEN) is role(store, "short", BEN) is None
    assert role(store, HOST_KEY, HOST) == "host"
    assert role(store, f"invite-{OTHER}", BEN, OTHER) == "viewer"


def test_of_invites_that_gave_way_no_row_is_left(store: Store, place: Place) -> None:
    add_invites(store)
    store.close()
    # And the keys of two streams, and the other's first invite.
    assert len(place.everything()["stream_tokens"]) == KEPT_INVITES + 3


def test_who_may_be_in_survives_a_step_down_and_up(store: Store, place: Place) -> None:
    add(store, AddInvite(STREAM, "for-one", NOW, UNTIL, uses=1))
    role(store, "for-one", CLEO)
    store.perform([RemoveMember(STREAM, BEN, NOW, 1)])
    store.close()
    before = place.everything()
    while admin.change_schema(place.address, "down").status.current >= "0005":
        pass
    admin.change_schema(place.address, "up")
    assert place.everything() == before
