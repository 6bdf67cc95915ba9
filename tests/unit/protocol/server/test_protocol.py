"""What seated peers may do, what they are refused, and how the server ends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.client.stream_state import from_snapshot
from protocol.server.core.effects import AskStore
from protocol.server.core.store_calls import StoreFailed
from protocol.server.limits.addresses import TokenLookup
from protocol.server.limits.config import Limits
from protocol.wire.codec import encode
from protocol.wire.messages import (
    Ack,
    Act,
    Bye,
    Chat,
    ClientMessage,
    Command,
    Cursor,
    Event,
    Leave,
    LoadAct,
    Media,
    Note,
    PauseAct,
    Ping,
    PlayAct,
    Pong,
    RateAct,
    Refusal,
    Report,
    SeekAct,
    SendChat,
    Snapshot,
    StateNow,
    Welcome,
)
from protocol.wire.rate_limit import RateLimit
from tests.doubles.sync_server import REMOTE, Bench, Party, hello

BAD = '{"type":"say","text":7}'


def test_a_clock_sample_is_answered_with_the_servers_instant() -> None:
    party = Party()
    party.bench.send(party.host, Ping(12.5))
    assert party.bench.last(party.host, Pong) == Pong(12.5, 1000.0, 1000.0)


# Commands -------------------------------------------------------------------------------


def test_nobody_hears_of_a_command_before_it_is_durable() -> None:
    party = Party()
    viewer = party.join("Bo")
    party.bench.forget()
    party.bench.holding = True
    party.act(PlayAct())
    assert party.bench.sent[party.host] == party.bench.sent[viewer] == []
    party.bench.release()
    ack, event = party.bench.sent[party.host]
    assert ack == Ack("event-000001", 1, 2)
    assert isinstance(event, Event)
    assert party.bench.sent[viewer] == [event]


def test_a_repeated_command_is_acknowledged_and_told_once() -> None:
    party = Party()
    command = party.command(PlayAct())
    for _ in range(10):
        party.bench.send(party.host, command)
    acks = party.bench.got(party.host, Ack)
    assert [ack.duplicate for ack in acks] == [False, *[True] * 9]
    assert {(ack.epoch, ack.seq) for ack in acks} == {(1, 2)}
    assert len(party.bench.got(party.host, Event)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"host_term": 9}, "stale_host"),
        ({"counter": 7}, "out_of_order"),
        ({"based_on": Cursor(0, 1)}, "stale_base"),
    ],
)
def test_a_refused_command_is_answered_to_its_sender_only(
    changes: dict[str, object], code: str
) -> None:
    party = Party()
    viewer = party.join("Bo")
    party.bench.forget()
    command = party.command(PlayAct(), **changes)
    party.bench.send(party.host, command)
    refusal = party.bench.last(party.host, Refusal)
    assert (refusal.code, refusal.event_id) == (code, command.event_id)
    assert party.bench.sent[viewer] == []
    assert bool(party.bench.got(party.host, StateNow)) == (code == "stale_base")


def test_a_viewer_may_not_host_and_the_third_try_closes() -> None:
    party = Party()
    viewer = party.join("Bo")
    for _ in range(3):
        party.bench.send(viewer, party.command(PauseAct(3.0)))
    refusals = party.bench.got(viewer, Refusal)
    assert [r.code for r in refusals] == ["forbidden"] * 3
    assert "Ana is hosting" in refusals[0].message
    assert party.bench.last(viewer, Bye).reconnect is False
    assert party.bench.closed[viewer] == (1008, "forbidden")
    assert party.bench.got(party.host, Event) == []
    party.bench.send(viewer, SendChat("still here?"))
    assert len(party.bench.got(viewer, Refusal)) == 3


def test_a_viewer_is_told_when_the_host_is_away() -> None:
    party = Party()
    viewer = party.join("Bo")
    party.bench.disconnect(party.host)
    party.bench.send(viewer, party.command(PlayAct()))
    assert "the host is away" in party.bench.last(viewer, Refusal).message


def test_nothing_that_a_replaced_host_still_sends_reaches_anybody() -> None:
    party = Party()
    viewer = party.join("Bo")
    party.join("Zoe", token=party.host_key, take_over=True)
    party.bench.advance(1.0)
    party.bench.forget()
    for message in (party.command(SeekAct(9.0)), SendChat("hi"), Report("playing"), Leave()):
        party.bench.send(party.host, message)
    assert party.bench.sent[viewer] == party.bench.sent[party.host] == []
    assert party.record.seq == 2


def test_what_an_older_connection_of_a_seat_still_sends_is_dropped() -> None:
    party = Party()
    older = party.join("Bo")
    party.join("Bo")
    party.bench.send(older, Leave())
    assert party.bench.core.participants == 2


def test_a_command_that_a_take_over_overtakes_is_stale() -> None:
    party = Party()
    party.bench.holding = True
    party.join("Zoe", token=party.host_key, take_over=True)
    party.bench.answer()
    party.bench.settle()
    party.act(SeekAct(9.0))
    party.bench.release()
    assert party.bench.last(party.host, Refusal).code == "stale_host"
    assert [e.event_type for e, _ in party.bench.store.logs[party.stream_id]] == [
        "media",
        "host_change",
    ]


def test_media_that_may_not_be_opened_is_not_loaded() -> None:
    party = Party()
    command = party.command(LoadAct(Media("film-0002", "url", url="http://192.168.1.1/admin")))
    party.bench.send(party.host, command)
    refusal = party.bench.last(party.host, Refusal)
    assert (refusal.code, refusal.field, refusal.event_id) == (
        "media_refused",
        "act.media.url",
        command.event_id,
    )
    assert party.record.seq == 1


def test_new_media_is_cleaned_and_logged() -> None:
    party = Party()
    party.act(LoadAct(Media("film-0002", "url", title="\x07Next", url="https://EXAMPLE.com")))
    event = party.bench.last(party.host, Event)
    assert event.cursor == Cursor(2, 1)
    assert event.media == Media("film-0002", "url", title="Next", url="https://example.com/")
    party.act(LoadAct(Media("film-0003", "file", file_name="\u202e4pm.\x1b[2Jexe")))
    media = party.bench.last(party.host, Event).media
    assert media == Media("film-0003", "file", file_name="4pm.[2Jexe")


def test_a_note_of_any_member_is_logged_cleaned_and_told() -> None:
    party = Party()
    viewer = party.join("Bo")
    party.bench.send(viewer, Note("note-0001", "buffer_start", 9.0, reason="slow\x1b net"))
    assert party.bench.last(viewer, Ack) == Ack("note-0001", 1, 2)
    event = party.bench.last(party.host, Event)
    assert (event.event_type, event.name, event.reason) == ("buffer_start", "Bo", "slow net")


@pytest.mark.parametrize("code", ["storage_full", "try_again"])
def test_a_store_that_fails_acknowledges_nothing_and_recovers(code: str) -> None:
    party = Party()
    command = party.command(PlayAct())
    party.bench.store.failing = StoreFailed("storage_full" if code[0] == "s" else "try_again")
    party.bench.send(party.host, command)
    assert party.bench.last(party.host, Refusal).code == code
    assert party.bench.got(party.host, Ack) == []
    party.bench.store.failing = None
    party.bench.send(party.host, command)
    assert party.bench.got(party.host, Ack)


def test_an_event_reaches_whoever_came_while_the_store_was_busy() -> None:
    party = Party()
    party.bench.holding = True
    viewer = party.join("Bo")
    party.act(SeekAct(5.0))
    party.bench.send(party.host, Leave())
    party.bench.release()
    assert party.bench.last(viewer, Event).seq == 2
    assert party.bench.last(viewer, Snapshot).seq == 1


def test_an_answer_of_the_wrong_kind_is_a_fault_of_the_store() -> None:
    party = Party()
    party.bench.holding = True
    party.act(PlayAct())
    ask = party.bench.waiting.popleft()
    assert isinstance(ask, AskStore)
    with pytest.raises(AssertionError, match="unreachable"):
        party.bench.core.stored(ask.ticket, party.record, party.bench.now)


# Bounds ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "limits"),
    [
        (SendChat("hi"), Limits(rates={SendChat: RateLimit(0.5, 1)})),
        (Ping(1.0), Limits(rates={Ping: RateLimit(0.5, 1)})),
        (Note("note-0001", "buffer_start", 1.0), Limits(rates={Note: RateLimit(0.5, 1)})),
    ],
)
def test_over_a_rate_one_is_told_when_to_come_again(message: ClientMessage, limits: Limits) -> None:
    party = Party(Bench(limits))
    viewer = party.join("Bo")
    party.bench.send(viewer, message)
    assert party.bench.got(viewer, Refusal) == []
    party.bench.send(viewer, message)
    refusal = party.bench.last(viewer, Refusal)
    assert (refusal.code, refusal.retry_after) == ("rate_limited", 2.0)
    assert refusal.event_id == (message.event_id if isinstance(message, Note) else "")
    party.bench.advance(2.0)
    party.bench.send(viewer, message)
    assert len(party.bench.got(viewer, Refusal)) == 1


def test_who_is_over_a_rate_is_not_read_for_a_moment_and_nobody_else_waits() -> None:
    party = Party(Bench(Limits(rates={SendChat: RateLimit(1, 2)}, rest=0.05)))
    viewer = party.join("Bo")
    core = party.bench.core
    for _ in range(2):
        party.bench.send(viewer, SendChat("hi"))
        assert core.rest(viewer, party.bench.now) == 0.0
    party.bench.send(viewer, SendChat("hi"))
    assert core.rest(viewer, party.bench.now) == pytest.approx(0.05)
    assert core.rest(party.host, party.bench.now) == 0.0
    party.bench.advance(0.04)
    assert core.rest(viewer, party.bench.now) == pytest.approx(0.01)
    party.bench.advance(0.02)
    assert core.rest(viewer, party.bench.now) == 0.0
    party.bench.disconnect(viewer)
    assert core.rest(viewer, party.bench.now) == 0.0


def test_reports_that_a_link_has_held_back_are_dropped_and_not_held_against_the_seat() -> None:
    party = Party(Bench(Limits(rates={Report: RateLimit(0.5, 1)})))
    viewer = party.join("Bo")
    for _ in range(100):
        party.bench.send(viewer, Report("playing"))
        party.bench.advance(0.1)
    assert party.bench.got(viewer, Refusal) == []
    assert viewer not in party.bench.closed


def test_one_burst_over_a_rate_does_not_close_and_a_flood_does() -> None:
    party = Party(Bench(Limits(rates={Command: RateLimit(10, 20)})))
    for _ in range(40):
        party.act(SeekAct(1.0))
    assert party.host not in party.bench.closed
    for _ in range(30):
        party.bench.advance(0.1)
        for _ in range(3):
            party.act(SeekAct(1.0))
    assert party.bench.closed[party.host] == (1008, "rate_limited")
    assert party.bench.last(party.host, Bye).reconnect is True


def test_too_much_text_is_refused_unread() -> None:
    party = Party(Bench(Limits(characters=RateLimit(100, 1000))))
    viewer = party.join("Bo")
    party.bench.send_text(viewer, " " * 2000)
    party.bench.send_text(viewer, "{")
    assert party.bench.last(viewer, Refusal).code == "rate_limited"


def test_the_third_bad_message_closes_and_costs_nobody_else() -> None:
    party = Party()
    viewer = party.join("Bo")
    party.bench.forget()
    for text in (BAD, "[]", '{"type":"dance"}'):
        party.bench.send_text(viewer, text)
    assert [r.code for r in party.bench.got(viewer, Refusal)] == [
        "invalid_field",
        "bad_message",
        "bad_message",
    ]
    assert party.bench.got(viewer, Refusal)[0].field == "text"
    assert party.bench.closed[viewer] == (1008, "bad_message")
    assert party.bench.sent[party.host] == []


def test_frames_that_are_no_text_are_bad_messages() -> None:
    party = Party()
    viewer = party.join("Bo")
    for _ in range(5):
        party.bench.core.malformed(viewer, party.bench.now)
        party.bench.settle()
    assert len(party.bench.got(viewer, Refusal)) == 3
    assert party.bench.closed[viewer] == (1008, "bad_message")
    party.bench.core.malformed(99, party.bench.now)


def test_an_unknown_peer_says_nothing() -> None:
    bench = Bench()
    bench.core.receive(7, BAD, bench.now)
    bench.core.disconnect(7, bench.now)
    assert bench.core.effects() == []


# Connections ----------------------------------------------------------------------------


def test_connections_of_an_address_are_bounded() -> None:
    bench = Bench(Limits(open_at_once=1))
    assert bench.core.admit(REMOTE, bench.now) == 0.0
    assert bench.core.admit(REMOTE, bench.now) == 1.0
    bench.core.addresses.closed(REMOTE)
    assert bench.core.admit(REMOTE, bench.now) == 0.0


def test_so_many_may_wait_to_be_let_in() -> None:
    bench = Bench(Limits(unauthenticated=2))
    Party(bench)
    waiting = bench.connect()
    assert bench.core.admit("127.0.0.1", bench.now) == 0.0
    bench.connect()
    assert bench.core.admit("127.0.0.1", bench.now) == 1.0
    bench.disconnect(waiting)
    assert bench.core.admit("127.0.0.1", bench.now) == 0.0


def test_who_says_nothing_while_others_wait_is_turned_away_sooner() -> None:
    bench = Bench(Limits(unauthenticated=2, hurried_hello=1.0))
    Party(bench)
    silent = bench.connect()
    bench.advance(0.9)
    bench.connect()
    bench.core.make_places(bench.now)
    assert bench.core.places() == 0
    bench.advance(0.1)
    bench.core.make_places(bench.now)
    bench.settle()
    assert bench.core.places() == 1
    assert bench.last(silent, Refusal).message.startswith("no hello came in time")
    assert list(bench.closed) == [silent]


def test_tokens_shown_elsewhere_count_as_well() -> None:
    bench = Bench(Limits(failures=RateLimit(1, 1)))
    assert bench.core.addresses.blocked(REMOTE, bench.instant) == 0.0
    bench.core.addresses.failed(REMOTE, bench.instant)
    assert bench.core.addresses.blocked(REMOTE, bench.instant) == 1.0
    bench.advance(1.0)
    told: list[float] = []
    looks = [TokenLookup(REMOTE, token, lambda wait: told.append(wait) is None) for token in "abc"]
    for look in looks:
        bench.core.addresses.show(look, bench.instant)
    bench.core.addresses.give_up(looks[1], bench.instant)
    assert told == [0.0]
    bench.core.addresses.looked_up(looks[0], bench.instant, was_right=False)
    assert told == [0.0, 1.0]


def test_reads_without_a_websocket_are_bounded() -> None:
    bench = Bench(Limits(reads=RateLimit(1, 1)))
    assert [bench.core.addresses.read(REMOTE, bench.instant) for _ in range(2)] == [0.0, 1.0]


def test_guesses_that_are_sent_at_once_are_no_more_than_those_one_by_one() -> None:
    bench = Bench(Limits(failures=RateLimit(1, 2)))
    party = Party(bench)
    bench.holding = True
    guests = [party.join(f"G{n}", token=f"guess-{n}") for n in range(5)]
    assert len(bench.waiting) == 2
    bench.disconnect(guests[2])
    bench.release()
    codes = [[no.code for no in bench.got(guest, Refusal)] for guest in guests]
    assert codes == [["unauthorized"]] * 2 + [[]] + [["rate_limited"]] * 2


def test_a_whole_school_with_right_tokens_comes_in_at_once() -> None:
    bench = Bench(Limits(failures=RateLimit(0.001, 2)))
    party = Party(bench)
    bench.holding = True
    pupils = [party.join(f"P{n}") for n in range(50)]
    bench.release()
    assert all(bench.got(pupil, Welcome) for pupil in pupils)
    assert bench.core.addresses.blocked(REMOTE, bench.instant) == 0.0


@pytest.mark.parametrize("leaves", [False, True])
def test_to_connect_anew_lets_nobody_say_or_note_more(leaves: bool) -> None:
    bench = Bench(Limits(rates={SendChat: RateLimit(1, 2), Note: RateLimit(1, 2)}))
    party = Party(bench)
    bench.forget()
    for _ in range(4):
        peer = party.join("Bo")
        bench.send(peer, SendChat("hello"))
        bench.send(peer, Note(bench.event_id(), "buffer_start", 1.0))
        if leaves:
            bench.send(peer, Leave())
        bench.disconnect(peer)
    assert (len(bench.got(party.host, Chat)), len(bench.got(party.host, Event))) == (2, 2)


# The end --------------------------------------------------------------------------------


def test_a_server_that_stops_finishes_what_is_asked_and_says_goodbye() -> None:
    party = Party()
    newcomer = party.bench.connect()
    gone = party.join("Cy", token="wrong")
    party.bench.forget()
    party.bench.holding = True
    party.act(PlayAct())
    party.bench.core.stop(party.bench.now)
    assert party.bench.core.asking == 1
    assert party.bench.core.admit("127.0.0.1", party.bench.now) > 0.0
    party.act(PauseAct(1.0))
    assert party.bench.last(party.host, Refusal).code == "try_again"
    party.bench.release()
    assert party.bench.core.asking == 0
    party.bench.core.farewell()
    party.bench.settle()
    assert party.bench.got(party.host, Ack)
    for peer in (party.host, newcomer):
        bye = party.bench.last(peer, Bye)
        assert (bye.code, bye.reconnect) == ("server_stopping", True)
        assert party.bench.closed[peer] == (1001, "server_stopping")
    assert party.bench.sent[gone] == []


# Everything at once ---------------------------------------------------------------------

acts = st.one_of(
    st.just(PlayAct()),
    st.floats(0, 5000).map(PauseAct),
    st.floats(0, 5000).map(SeekAct),
    st.floats(0.25, 4.0).map(RateAct),
    st.sampled_from(["film-0001", "film-0002"]).map(lambda name: LoadAct(Media(name, "file"))),
)


@given(st.lists(st.tuples(acts, st.integers(1, 3), st.sampled_from(["go", "drop", "note"]))))
def test_every_viewer_is_where_the_log_leads(schedule: list[tuple[Act, int, str]]) -> None:
    limits = Limits(rates={Command: RateLimit(1000, 1000), Note: RateLimit(1000, 1000)})
    party = Party(Bench(limits))
    steady, flighty = party.join("Bo"), party.join("Cy")
    seen = from_snapshot(party.bench.last(flighty, Snapshot))
    for act, times, what in schedule:
        command: Command = party.command(act)
        for _ in range(times):
            party.bench.send_text(party.host, encode(command))
        if what == "note":
            note = Note(party.bench.event_id(), "sync_request", 1.0)
            party.bench.send(steady, note)
        if what == "drop":
            for message in party.bench.sent[flighty]:
                seen = seen.apply(message)[1] if isinstance(message, Event) else seen
            party.bench.disconnect(flighty)
            party.act(PlayAct())
            flighty = party.join("Cy", cursor=seen.cursor)
            if party.bench.got(flighty, Snapshot):
                seen = from_snapshot(party.bench.last(flighty, Snapshot))
        party.bench.advance(0.5)
    for peer in (steady, flighty):
        state = from_snapshot(party.bench.got(peer, Snapshot)[0]) if peer == steady else seen
        for event in party.bench.got(peer, Event):
            applied, state = state.apply(event)
            assert applied != "gap"
        record = party.record
        assert (state.cursor, state.timeline) == (record.cursor, record.timeline)
        assert (state.media, state.host_term) == (record.media, record.host_term)
    log = [event for event, _ in party.bench.store.logs[party.stream_id]]
    assert len({event.event_id for event in log}) == len(log)
    for before, after in pairwise(log):
        same = after.epoch == before.epoch and after.seq == before.seq + 1
        assert same or (after.epoch == before.epoch + 1 and after.seq == 1)


def test_hello_reports_and_leaves_keep_no_state_behind() -> None:
    bench = Bench()
    for _ in range(3):
        party = Party(bench)
        for name in ("Bo", "Cy"):
            peer = party.join(name)
            bench.send(peer, Report("playing", rtt_ms=20.0))
            bench.send(peer, Leave())
            bench.disconnect(peer)
        bench.send(party.host, hello("Ana"))
        bench.disconnect(party.host)
        bench.advance(30.0)
    assert bench.core.live_streams == ()
    assert bench.core.next_deadline() is None
    assert bench.core.asking == 0
