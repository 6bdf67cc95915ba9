"""A host decides who may be in and who hosts, and the server keeps to it."""

from __future__ import annotations

import pytest

from protocol.server.core.identity import member_id_of
from protocol.server.core.store_calls import Done, StoreFailed
from protocol.wire.messages import (
    Ack,
    Bye,
    Cursor,
    Event,
    HandOver,
    Invited,
    Leave,
    ModerationRequest,
    NewInvite,
    PlayAct,
    Presence,
    Refusal,
    Remove,
    Snapshot,
    Welcome,
)
from tests.doubles.sync_server import Bench, Party


def member_of(party: Party, name: str) -> str:
    return member_id_of(party.stream_id, f"instance-of-{name.lower()}")


def renew(party: Party, peer: int, **fields: object) -> Invited:
    """The new invite that the host is given."""
    party.bench.send(peer, NewInvite("errand-invite", **fields))  # type: ignore[arg-type]
    return party.bench.last(peer, Invited)


def hand_over(party: Party, to: str, *, sender: int = 0, term: int = 1) -> None:
    errand = HandOver(party.bench.event_id(), term, member_of(party, to))
    party.bench.send(sender or party.host, errand)


# Invites --------------------------------------------------------------------------------


def test_a_revoked_invite_ends_who_came_by_it_and_lets_nobody_in() -> None:
    party = Party()
    ben = party.join("Ben")
    new = renew(party, party.host)
    assert new.event_id == "errand-invite"
    assert new.expires_ms == party.bench.now.unix_ms + 24 * 3600 * 1000
    bye = party.bench.last(ben, Bye)
    assert (bye.code, bye.reconnect) == ("unauthorized", False)
    assert party.bench.closed[ben] == (1008, "unauthorized")
    again = party.join("Ben", cursor=Cursor(1, 1))
    assert party.bench.last(again, Refusal).code == "unauthorized"
    cleo = party.join("Cleo", token=new.invite_token)
    assert party.bench.last(cleo, Welcome).role == "viewer"
    assert party.host not in party.bench.closed


def test_those_who_are_away_for_a_moment_are_out_as_well() -> None:
    party = Party()
    party.bench.disconnect(party.join("Ben"))
    renew(party, party.host)
    party.bench.advance(1.0)
    told = party.bench.last(party.host, Presence)
    assert told.left == told.removed == (member_of(party, "Ben"),)


def test_a_new_invite_may_leave_everybody_where_he_is() -> None:
    party = Party()
    ben = party.join("Ben")
    renew(party, party.host, keep=True)
    assert ben not in party.bench.closed
    back = party.join("Ben", cursor=Cursor(1, 1))
    assert party.bench.last(back, Welcome).role == "viewer"
    cleo = party.join("Cleo")
    assert party.bench.last(cleo, Refusal).code == "unauthorized"


def test_an_invite_has_a_lifetime_and_so_many_uses() -> None:
    party = Party()
    new = renew(party, party.host, lifetime=3600.0, uses=1)
    assert new.expires_ms == party.bench.now.unix_ms + 3600 * 1000
    assert new.uses == 1
    ben = party.join("Ben", token=new.invite_token)
    assert party.bench.last(ben, Welcome).role == "viewer"
    cleo = party.join("Cleo", token=new.invite_token)
    assert party.bench.last(cleo, Refusal).code == "unauthorized"
    party.bench.disconnect(ben)
    ben = party.join("Ben", token=new.invite_token)
    assert party.bench.last(ben, Welcome).role == "viewer"


def test_an_errand_that_could_not_be_kept_is_refused_under_its_id() -> None:
    party = Party()
    ben = party.join("Ben")
    party.bench.store.failing = StoreFailed("storage_full")
    member = member_of(party, "Ben")
    errands = (
        NewInvite("errand-one"),
        Remove("errand-two", member),
        HandOver("errand-3", 1, member),
    )
    for errand in errands:
        party.bench.send(party.host, errand)
        no = party.bench.last(party.host, Refusal)
        assert (no.code, no.event_id) == ("storage_full", errand.event_id)
    assert ben not in party.bench.closed


def test_a_server_that_stops_takes_no_errands() -> None:
    party = Party()
    party.bench.core.stop(party.bench.now)
    party.bench.send(party.host, NewInvite("errand-one"))
    no = party.bench.last(party.host, Refusal)
    assert (no.code, no.event_id) == ("try_again", "errand-one")


@pytest.mark.parametrize(
    "errand",
    [NewInvite("errand-one"), Remove("errand-one", "a" * 32), HandOver("errand-one", 1, "a" * 32)],
)
def test_a_viewer_s_errand_breaks_a_rule(errand: ModerationRequest) -> None:
    party = Party()
    ben = party.join("Ben")
    for _ in range(3):
        party.bench.send(ben, errand)
    no = party.bench.got(ben, Refusal)[0]
    assert (no.code, no.event_id) == ("forbidden", "errand-one")
    assert party.bench.closed[ben] == (1008, "forbidden")
    assert party.record.host_id == party.host_id


# Members --------------------------------------------------------------------------------


def test_a_removed_member_is_told_and_not_let_in_again() -> None:
    party = Party()
    ben = party.join("Ben")
    cleo = party.join("Cleo")
    party.bench.send(party.host, Remove("errand-one", member_of(party, "Ben")))
    assert party.bench.last(party.host, Ack).event_id == "errand-one"
    assert party.bench.last(ben, Bye) == Bye(
        "forbidden", "Ana has removed you from this party", reconnect=False
    )
    again = party.join("Ben", cursor=Cursor(1, 1))
    no = party.bench.last(again, Refusal)
    assert (no.code, no.message) == ("forbidden", "the host has removed you from this party")
    assert cleo not in party.bench.closed
    # Under another identity the invite opens it still: only a new invite keeps him out.
    other = party.join("Ben", instance="another-instance")
    assert party.bench.last(other, Welcome).role == "viewer"


def test_who_left_while_his_removal_was_written_is_let_in_no_more() -> None:
    party = Party()
    ben = party.join("Ben")
    party.bench.holding = True
    party.bench.send(party.host, Remove("errand-one", member_of(party, "Ben")))
    party.bench.disconnect(ben)
    party.bench.advance(11.0)
    party.bench.release()
    assert party.bench.last(party.host, Ack).event_id == "errand-one"
    again = party.join("Ben")
    assert party.bench.last(again, Refusal).code == "forbidden"


@pytest.mark.parametrize("is_written", [True, False])
def test_nobody_hands_over_to_whom_he_has_just_removed(is_written: bool) -> None:
    party = Party()
    ben = party.join("Ben")
    party.bench.holding = True
    party.bench.send(party.host, Remove("errand-one", member_of(party, "Ben")))
    hand_over(party, "Ben")
    assert party.bench.last(party.host, Refusal).code == "not_found"
    if not is_written:
        party.bench.store.failing = StoreFailed("try_again")
    party.bench.release()
    party.bench.store.failing = None
    assert (ben in party.bench.closed) == is_written
    hand_over(party, "Ben")
    assert (party.record.host_id == party.host_id) == is_written


@pytest.mark.parametrize(
    "errand", [Remove("errand-late", ""), NewInvite("errand-late")], ids=["remove", "invite"]
)
def test_what_a_host_asks_right_after_handing_over_is_stale(errand: ModerationRequest) -> None:
    party = Party()
    ben, cleo = party.join("Ben"), party.join("Cleo")
    if isinstance(errand, Remove):
        errand = Remove(errand.event_id, member_of(party, "Ben"))
    party.bench.holding = True
    hand_over(party, "Ben")
    party.bench.send(party.host, errand)
    party.bench.release()
    no = party.bench.last(party.host, Refusal)
    assert (no.code, no.event_id) == ("stale_host", "errand-late")
    assert not {ben, cleo} & set(party.bench.closed)
    assert party.record.host_id == member_of(party, "Ben")
    assert party.bench.last(party.join("Dan"), Welcome).role == "viewer"


def test_who_is_coming_in_while_the_invite_is_replaced_may_come_back() -> None:
    party = Party()
    party.bench.holding = True
    ben = party.join("Ben")
    party.bench.send(party.host, NewInvite("errand-invite", keep=True))
    party.bench.release()
    party.bench.settle()
    assert party.bench.last(ben, Welcome).role == "viewer"
    party.bench.holding = False
    back = party.join("Ben", cursor=Cursor(1, 1))
    assert party.bench.last(back, Welcome).role == "viewer"
    late = party.join("Cleo")
    assert party.bench.last(late, Refusal).code == "unauthorized"


def test_who_was_just_coming_in_stays_even_if_the_store_fails_in_between() -> None:
    party = Party()
    bench = party.bench
    bench.holding = True
    ben = party.join("Ben")
    bench.send(party.host, NewInvite("errand-keep", keep=True))
    for _ in range(2):
        bench.answer()
        bench.settle()
    assert bench.got(ben, Welcome)
    bench.store.failing = StoreFailed("try_again")
    bench.release()
    bench.advance(2.5)
    bench.store.failing = None
    bench.advance(1.0)
    bench.disconnect(ben)
    assert bench.last(party.join("Ben", cursor=Cursor(1, 1)), Welcome).role == "viewer"


def test_who_is_being_removed_gains_nothing_by_coming_again() -> None:
    party = Party()
    party.join("Ben")
    party.bench.holding = True
    party.bench.send(party.host, Remove("errand-one", member_of(party, "Ben")))
    removal = party.bench.waiting.popleft()
    again = party.join("Ben", cursor=Cursor(1, 1))
    party.bench.answer()
    party.bench.settle()
    assert party.bench.got(again, Welcome)
    hand_over(party, "Ben")
    assert party.bench.last(party.host, Refusal).code == "not_found"
    party.bench.waiting.appendleft(removal)
    party.bench.release()
    assert again in party.bench.closed
    assert party.record.host_id == party.host_id


def test_a_removal_that_fails_when_the_member_has_left_is_told_and_harms_nobody() -> None:
    party = Party()
    ben = party.join("Ben")
    party.bench.holding = True
    party.bench.send(party.host, Remove("errand-one", member_of(party, "Ben")))
    party.bench.send(ben, Leave())
    party.bench.store.failing = StoreFailed("try_again")
    party.bench.release()
    party.bench.store.failing = None
    assert party.bench.last(party.host, Refusal).code == "try_again"
    assert party.bench.last(party.join("Ben"), Welcome).role == "viewer"


def test_a_revoke_after_a_new_invite_lets_nobody_back_who_was_just_coming_in() -> None:
    party = Party()
    party.bench.holding = True
    ben = party.join("Ben")
    party.bench.send(party.host, NewInvite("errand-keep", keep=True))
    party.bench.send(party.host, NewInvite("errand-all"))
    party.bench.release()
    party.bench.settle()
    party.bench.holding = False
    assert party.bench.last(ben, Bye).code == "unauthorized"
    back = party.join("Ben", cursor=Cursor(1, 1))
    assert party.bench.last(back, Refusal).code == "unauthorized"


def test_nobody_is_removed_who_is_not_here_or_hosts() -> None:
    party = Party()
    party.bench.send(party.host, Remove("errand-one", "nobody-here"))
    assert party.bench.last(party.host, Refusal).code == "not_found"
    party.bench.send(party.host, Remove("errand-two", party.host_id))
    assert party.bench.last(party.host, Refusal).code == "invalid_field"
    party.bench.send(party.host, Remove("errand-three", "0f" * 16))
    no = party.bench.last(party.host, Refusal)
    assert (no.code, no.event_id) == ("not_found", "errand-three")


def test_a_removal_that_is_asked_for_again_is_acknowledged_again() -> None:
    party = Party()
    ben = party.join("Ben")
    who = member_of(party, "Ben")
    party.bench.holding = True
    party.bench.send(party.host, Remove("errand-one", who))
    party.bench.disconnect(party.host)
    party.bench.release()
    party.bench.holding = False
    assert party.bench.last(ben, Bye).code == "forbidden"
    again = party.join("Ana", token=party.host_key, cursor=Cursor(1, 1))
    party.bench.send(again, Remove("errand-one", who))
    ack = party.bench.last(again, Ack)
    assert (ack.event_id, ack.duplicate) == ("errand-one", True)
    assert party.bench.got(again, Refusal) == []


def test_who_takes_the_invite_back_comes_back_after_handing_over() -> None:
    party = Party()
    ben = party.join("Ben")
    hand_over(party, "Ben")
    party.bench.send(ben, NewInvite("errand-two"))
    party.bench.send(ben, HandOver("errand-three", 2, party.host_id))
    party.bench.disconnect(ben)
    back = party.join("Ben", cursor=Cursor(1, 1))
    assert party.bench.last(back, Welcome).role == "viewer"


# The host -------------------------------------------------------------------------------


def test_a_host_hands_over_and_goes_on_as_a_viewer() -> None:
    party = Party()
    ben = party.join("Ben")
    hand_over(party, "Ben")
    party.bench.advance(0.5)
    event = party.bench.last(ben, Event)
    assert (event.event_type, event.host_id, event.host_term) == (
        "host_change",
        member_of(party, "Ben"),
        2,
    )
    assert (event.member_id, event.name) == (party.host_id, "Ana")
    roles = {m.name: m.role for m in party.bench.last(ben, Presence).changed}
    assert roles == {"Ana": "viewer", "Ben": "host"}
    invited = party.bench.last(ben, Invited)
    assert invited.event_id == ""
    cleo = party.join("Cleo", token=invited.invite_token)
    assert party.bench.last(cleo, Snapshot).host_id == member_of(party, "Ben")
    party.term, party.counter = 2, 0
    party.bench.send(ben, party.command(PlayAct()))
    assert party.bench.last(cleo, Event).event_type == "play"
    assert party.host not in party.bench.closed


def test_what_the_old_host_had_asked_for_is_stale_and_no_broken_rule() -> None:
    party = Party()
    party.join("Ben")
    hand_over(party, "Ben")
    for _ in range(5):
        party.act(PlayAct())
    assert {no.code for no in party.bench.got(party.host, Refusal)} == {"stale_host"}
    assert not party.record.timeline.playing
    assert party.host not in party.bench.closed


def test_a_new_host_comes_back_as_host_by_its_own_secret() -> None:
    party = Party()
    ben = party.join("Ben")
    hand_over(party, "Ben")
    party.bench.disconnect(ben)
    back = party.join("Ben", token="lost", cursor=Cursor(1, 2))
    welcome = party.bench.last(back, Welcome)
    assert (welcome.role, welcome.host_term) == ("host", 2)


def test_an_old_host_comes_back_as_a_viewer_where_he_yields() -> None:
    party = Party()
    ben = party.join("Ben")
    hand_over(party, "Ben")
    party.bench.disconnect(party.host)
    ana = party.join("Ana", token=party.host_key, cursor=Cursor(1, 2), yields=True)
    assert party.bench.last(ana, Welcome).role == "viewer"
    assert party.record.host_id == member_of(party, "Ben")
    party.bench.disconnect(ben)
    other = party.join("Ana", token=party.host_key, instance="another-instance")
    assert party.bench.last(other, Welcome).role == "host"


def test_who_has_the_host_key_takes_the_remote_back() -> None:
    party = Party()
    ben = party.join("Ben")
    hand_over(party, "Ben")
    hand_over(party, "Ana", term=2)
    assert party.record.host_id == party.host_id
    assert party.record.host_term == 3
    assert ben not in party.bench.closed
    # Handing it to somebody else is the host's alone.
    hand_over(party, "Ben", term=3)
    cleo = party.join("Cleo")
    hand_over(party, "Cleo", term=4)
    assert party.bench.last(party.host, Refusal).code == "forbidden"
    assert cleo not in party.bench.closed


def test_a_new_host_s_clearing_out_leaves_himself_and_the_key_s_holder() -> None:
    party = Party()
    ben, cleo = party.join("Ben"), party.join("Cleo")
    hand_over(party, "Ben")
    renew(party, ben)
    assert list(party.bench.closed) == [cleo]


def test_a_take_over_leaves_a_host_who_came_by_an_invite_as_a_viewer() -> None:
    party = Party()
    ben = party.join("Ben")
    hand_over(party, "Ben")
    other = party.join("Ana", token=party.host_key, instance="other-seat", take_over=True)
    assert party.bench.last(other, Welcome).role == "host"
    assert ben not in party.bench.closed
    party.term, party.counter = 2, 0
    party.bench.send(ben, party.command(PlayAct()))
    assert party.bench.last(ben, Refusal).code == "stale_host"


def test_a_hand_over_of_a_term_that_has_ended_changes_nothing() -> None:
    party = Party()
    party.join("Ben")
    hand_over(party, "Ben", term=7)
    assert party.bench.last(party.host, Refusal).code == "stale_host"
    assert party.record.host_id == party.host_id


def test_a_hand_over_is_done_once() -> None:
    party = Party()
    ben = party.join("Ben")
    errand = HandOver("errand-one", 1, member_of(party, "Ben"))
    party.bench.holding = True
    party.bench.send(party.host, errand)
    party.bench.send(party.host, errand)
    party.bench.release()
    first, second = party.bench.got(party.host, Ack)
    assert (first.duplicate, second.duplicate) == (False, True)
    assert (first.epoch, first.seq) == (second.epoch, second.seq)
    # The host himself has nothing to do.
    party.bench.send(ben, HandOver("errand-two", 2, member_of(party, "Ben")))
    assert party.bench.last(ben, Ack).duplicate


@pytest.mark.parametrize("is_away", [True, False])
def test_nobody_becomes_host_who_is_not_here(is_away: bool) -> None:
    party = Party()
    if is_away:
        party.bench.disconnect(party.join("Ben"))
    hand_over(party, "Ben")
    assert party.bench.last(party.host, Refusal).code == "not_found"


@pytest.mark.parametrize("fails", [True, False])
def test_a_new_host_without_an_invite_hosts_all_the_same(fails: bool) -> None:
    party = Party()
    ben = party.join("Ben")
    party.bench.holding = True
    hand_over(party, "Ben")
    if not fails:
        party.bench.disconnect(ben)
    party.bench.answer()
    party.bench.settle()
    if fails:
        party.bench.store.failing = StoreFailed("try_again")
    party.bench.release()
    assert party.record.host_id == member_of(party, "Ben")
    assert party.bench.got(ben, Invited) == []


def test_an_answer_that_is_none_is_a_fault_of_the_store() -> None:
    party = Party()
    party.join("Ben")
    party.bench.holding = True
    hand_over(party, "Ben")
    ask = party.bench.waiting.popleft()
    with pytest.raises(AssertionError):
        party.bench.core.stored(ask.ticket, Done(), Bench().now)
