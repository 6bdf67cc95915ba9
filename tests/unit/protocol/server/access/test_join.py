"""How a connection becomes a seat, and what it is told when it does not."""

from __future__ import annotations

import gc

import pytest

from protocol.media.url_policy import UrlPolicy
from protocol.server.access.peers import Peer
from protocol.server.core.store_calls import StoreFailed
from protocol.server.limits.config import Limits
from protocol.server.limits.connection import ConnectionLimiter
from protocol.wire.codec import encode
from protocol.wire.messages import (
    Bye,
    Chat,
    CreateStream,
    Cursor,
    Event,
    Hello,
    Leave,
    Media,
    Member,
    PauseAct,
    Ping,
    PlayAct,
    Pong,
    Presence,
    Refusal,
    SendChat,
    Snapshot,
    StateNow,
    Welcome,
)
from protocol.wire.rate_limit import RateLimit
from protocol.wire.versions import PROTOCOL_VERSION, VersionFilter
from tests.doubles.sync_server import FILM, Bench, Party, hello


def refusal(bench: Bench, peer: int) -> Refusal:
    """The one thing that a peer was told before it was closed."""
    (only,) = bench.sent[peer]
    assert isinstance(only, Refusal)
    assert bench.closed[peer] == (1008, only.code)
    return only


# A new stream ---------------------------------------------------------------------------


def test_a_new_stream_welcomes_its_host_with_its_keys() -> None:
    party = Party()
    welcome, snapshot, state = party.bench.sent[party.host]
    assert isinstance(welcome, Welcome)
    assert (welcome.role, welcome.host_term, welcome.counter) == ("host", 1, 0)
    assert welcome.clock_id == "clock-0001"
    assert welcome.invite_token == party.invite
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.reason, snapshot.cursor) == ("first_join", Cursor(1, 1))
    assert snapshot.media == FILM
    assert snapshot.host_id == welcome.member_id
    me = Member(welcome.member_id, "Ana", "host")
    assert snapshot.members == (me,)
    assert state == StateNow(1, 1, snapshot.timeline)


def test_a_new_stream_opens_paused_at_its_beginning() -> None:
    timeline = Party().record.timeline
    assert (timeline.position, timeline.playing) == (0.0, False)


def test_a_new_stream_may_start_at_once() -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send(peer, hello("Ana", create=CreateStream(playing=True, sync_tolerance_ms=250)))
    snapshot = bench.last(peer, Snapshot)
    assert snapshot.timeline.playing
    assert snapshot.timeline.at == bench.instant + 1.5
    assert snapshot.sync_tolerance_ms == 250
    assert snapshot.cursor == Cursor(1, 0)


def test_the_media_of_a_new_stream_stands_first_in_its_log() -> None:
    party = Party()
    ((event, _),) = party.bench.store.logs[party.stream_id]
    assert (event.seq, event.event_type, event.media) == (1, "media", FILM)
    assert event.member_id == party.host_id


def test_a_hello_without_a_stream_must_create_one() -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send(peer, hello("Ana"))
    assert refusal(bench, peer).field == "create"


@pytest.mark.parametrize(
    "media",
    [
        Media("film-0001", "url", url="file:///etc/passwd"),
        Media("film-0001", "url", url=""),
        Media("film-0001", "file", url="/home/ana/film.mkv"),
    ],
)
def test_media_that_may_not_be_opened_makes_no_stream(media: Media) -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send(peer, hello("Ana", create=CreateStream(media=media)))
    assert refusal(bench, peer).code == "media_refused"
    assert bench.store.records == {}


def test_media_is_passed_on_cleaned_and_written_anew() -> None:
    media = Media("film-0001", "url", title="A\x1b[31m \u202eB", url="http://LAN.example.com")
    party = Party(Bench(rules=UrlPolicy(allow_http=True)), media)
    assert party.record.media == Media(
        "film-0001", "url", title="A[31m B", url="http://lan.example.com/"
    )


def test_an_address_makes_so_many_streams() -> None:
    bench = Bench(Limits(creations=RateLimit(1 / 60, 1)))
    Party(bench)
    peer = bench.connect()
    bench.send(peer, hello("Ana", create=CreateStream()))
    no = refusal(bench, peer)
    assert (no.code, no.retry_after) == ("rate_limited", 60.0)


def test_without_a_store_there_is_no_new_stream() -> None:
    bench = Bench()
    bench.store.failing = StoreFailed("storage_full")
    peer = bench.connect()
    bench.send(peer, hello("Ana", create=CreateStream()))
    assert refusal(bench, peer).code == "storage_full"


# Hello ----------------------------------------------------------------------------------


def test_a_hello_must_come_in_time() -> None:
    bench = Bench()
    peer = bench.connect()
    bench.advance(4.9)
    assert bench.sent[peer] == []
    bench.advance(0.2)
    assert refusal(bench, peer).code == "try_again"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (encode(Hello(7, 9, "Ana", "instance-1")), "update matinee on the server"),
        (encode(Hello(0, 0, "Ana", "instance-1")), "no version"),
        ('{"type":"hello","version_min":7,"version_max":8,"who":"Ana"}', "versions 7 to 8"),
        ('{"type":"hello","name":"Ana","instance_id":"instance-1"}', "no version"),
        (encode(Hello(0, 0, "A", "instance-1")).replace('max":0', 'max":-5'), "here"),
    ],
)
def test_another_version_is_told_both_ranges(text: str, words: str) -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send_text(peer, text)
    no = refusal(bench, peer)
    assert (no.code, no.version_min, no.version_max) == ("upgrade_required", 1, PROTOCOL_VERSION)
    assert words in no.message


def test_a_range_of_versions_is_negotiated() -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send(peer, Hello(0, 7, "Ana", "instance-1", create=CreateStream()))
    assert bench.last(peer, Welcome).version == PROTOCOL_VERSION
    older = bench.connect()
    bench.send(older, Hello(1, 1, "Ben", "instance-2", create=CreateStream()))
    assert bench.last(older, Welcome).version == 1


def test_an_older_peer_is_told_of_news_only_what_it_can_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Chat, "since", 2)
    newer = VersionFilter({"pause": 2})
    party = Party(Bench(version_filter=newer))
    bench = party.bench
    old, new = (
        bench.connect(party.stream_id, party.invite, f"192.0.2.{number}") for number in (1, 2)
    )
    bench.send(old, Hello(1, 1, "Ben", "instance-2"))
    bench.send(new, Hello(1, 2, "Cleo", "instance-3"))
    bench.forget()
    party.act(PauseAct(4.0, "end of the film", "end_of_film"))
    (known,), (harmless,) = bench.got(new, Event), bench.got(old, Event)
    assert (known.event_type, harmless.event_type) == ("pause", "play")
    assert (harmless.cursor, harmless.timeline) == (known.cursor, known.timeline)
    assert (harmless.member_id, harmless.name) == ("", "")
    assert (harmless.reason, harmless.reason_code) == ("", "")
    bench.send(new, SendChat("hello"))
    assert bench.got(new, Chat)
    assert not bench.got(old, Chat)
    bench.disconnect(old)
    party.act(PlayAct())
    assert [event.event_type for event in bench.got(new, Event)] == ["pause", "play"]


@pytest.mark.parametrize("text", ["{", "[]", '{"type":"hello","version_min":1,"version_max":1}'])
def test_a_seat_that_cannot_say_hello_is_closed(text: str) -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send_text(peer, text)
    assert refusal(bench, peer).code in ("bad_message", "invalid_field")


def test_a_name_must_have_something_to_show() -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send(peer, hello("\u202e \u3164", create=CreateStream(), instance="instance-1"))
    assert refusal(bench, peer).field == "name"


def test_names_are_cleaned() -> None:
    party = Party()
    viewer = party.join("Bo\x07\u202e  b", instance="instance-2")
    assert party.bench.last(viewer, Snapshot).members[-1].name == "Bo b"


def test_before_hello_there_is_only_the_clock() -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send(peer, Ping(3.5))
    assert bench.sent[peer] == [Pong(3.5, bench.instant, bench.instant)]
    bench.send(peer, SendChat("hi"))
    assert bench.last(peer, Refusal).code == "bad_message"
    bench.send(peer, hello("Ana", create=CreateStream()))
    assert bench.got(peer, Welcome)


def test_whoever_leaves_before_hello_just_leaves() -> None:
    bench = Bench()
    peer = bench.connect()
    bench.send(peer, Leave())
    assert bench.closed[peer] == (1000, "")
    bench.advance(10.0)
    assert bench.sent[peer] == []


def test_hello_is_said_once() -> None:
    party = Party()
    party.bench.send(party.host, hello("Ana"))
    assert party.bench.last(party.host, Refusal).code == "bad_message"


# A stream that exists -------------------------------------------------------------------


def test_an_invite_seats_a_viewer() -> None:
    party = Party()
    viewer = party.join("Bo")
    welcome, snapshot, _ = party.bench.sent[viewer]
    assert isinstance(welcome, Welcome)
    assert (welcome.role, welcome.counter, welcome.created) == ("viewer", 0, None)
    assert welcome.invite_token == ""
    assert isinstance(snapshot, Snapshot)
    assert [m.name for m in snapshot.members] == ["Ana", "Bo"]


@pytest.mark.parametrize(
    ("stream_id", "token"),
    [("f" * 32, ""), ("not-a-stream", ""), ("", "wrong"), ("", ""), ("", "invite")],
)
def test_what_opens_nothing_is_answered_alike(stream_id: str, token: str) -> None:
    party = Party()
    peer = party.bench.connect(stream_id or party.stream_id, token)
    party.bench.send(peer, hello("Eve"))
    no = refusal(party.bench, peer)
    assert no.code == "unauthorized"
    assert no.message.startswith("this invite does not open anything here")


def test_guessing_is_paused_even_with_the_right_token() -> None:
    party = Party(Bench(Limits(failures=RateLimit(10 / 60, 3))))
    for _ in range(3):
        assert refusal(party.bench, party.join("Eve", token="wrong")).code == "unauthorized"
    no = refusal(party.bench, party.join("Eve"))
    assert (no.code, no.retry_after) == ("rate_limited", 6.0)
    party.bench.advance(6.1)
    assert party.bench.got(party.join("Bo"), Welcome)


def test_a_closed_stream_says_that_it_is_over() -> None:
    party = Party()
    closed = party.bench.store.records[party.stream_id]
    party.bench.store.records[party.stream_id] = type(closed)(
        stream_id=party.stream_id, status="closed"
    )
    assert refusal(party.bench, party.join("Bo")).code == "stream_closed"


def test_a_store_that_fails_is_told_and_may_be_tried_again() -> None:
    party = Party()
    party.bench.store.failing = StoreFailed("try_again")
    assert refusal(party.bench, party.join("Bo")).code == "try_again"


def test_a_seat_that_is_gone_before_the_store_answers_is_not_seated() -> None:
    party = Party()
    party.bench.holding = True
    viewer = party.join("Bo")
    newcomer = party.bench.connect()
    party.bench.send(newcomer, hello("Cy", create=CreateStream()))
    party.bench.disconnect(viewer)
    party.bench.disconnect(newcomer)
    party.bench.release()
    assert party.bench.core.participants == 1
    assert party.bench.core.live_streams == (party.stream_id,)


def test_a_seat_that_leaves_while_it_is_in_line_is_not_looked_up() -> None:
    party = Party(Bench(Limits(failures=RateLimit(1, 1))))
    party.bench.holding = True
    party.join("Ben")
    leaving = party.join("Cleo", token="another")
    party.bench.send(leaving, Leave())
    last = party.join("Dee")
    assert len(party.bench.waiting) == 1
    party.bench.release()
    party.bench.settle()
    assert party.bench.got(leaving, Welcome) == []
    assert party.bench.got(leaving, Refusal) == []
    assert party.bench.got(last, Welcome)


def alive(kind: type) -> int:
    """How many there are of these."""
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


def test_of_seats_that_are_gone_nothing_is_kept() -> None:
    party = Party(Bench(Limits(failures=RateLimit(1, 1))))
    bench = party.bench
    bench.disconnect(bench.connect())
    peers, limits = alive(Peer), alive(ConnectionLimiter)
    bench.holding = True
    party.join("Ben", token="guess")
    # In line behind that one, which the store does not answer.
    for number in range(20):
        bench.disconnect(party.join("Ben", token=f"guess-{number}"))
    assert alive(Peer) == peers + 1
    bench.release()
    for number in range(40):
        bench.advance(1.0)
        viewer = party.join("Cleo", instance=f"instance-{number:04d}")
        bench.send(viewer, Leave())
        bench.disconnect(viewer)
    assert alive(ConnectionLimiter) < limits + 15


def test_the_same_seat_is_the_same_member_whatever_happened() -> None:
    party = Party()
    first = party.join("Bo")
    party.bench.disconnect(first)
    second = party.join("Bo")
    ids = {party.bench.last(peer, Welcome).member_id for peer in (first, second)}
    assert len(ids) == 1


def test_a_seat_that_connects_anew_ends_its_older_connection() -> None:
    party = Party()
    first = party.join("Bo")
    second = party.join("Bo")
    bye = party.bench.last(first, Bye)
    assert (bye.code, bye.reconnect) == ("replaced", False)
    assert party.bench.closed[first] == (1008, "replaced")
    party.bench.disconnect(first)
    party.bench.advance(30.0)
    assert party.bench.core.participants == 2
    assert not party.bench.got(second, Bye)


# Hosts ----------------------------------------------------------------------------------


def test_a_host_that_reconnects_keeps_its_term_and_learns_its_counter() -> None:
    party = Party()
    party.act(PlayAct())
    party.bench.disconnect(party.host)
    host = party.join("Ana", token=party.host_key, cursor=party.record.cursor)
    welcome = party.bench.last(host, Welcome)
    assert (welcome.role, welcome.host_term, welcome.counter) == ("host", 1, 1)
    assert welcome.invite_token == ""
    assert party.bench.core.participants == 1


def test_a_host_without_memory_gets_an_invite_that_opens() -> None:
    party = Party()
    party.bench.disconnect(party.host)
    host = party.join("Ana", token=party.host_key)
    invite = party.bench.last(host, Welcome).invite_token
    assert invite not in ("", party.invite)
    assert party.bench.got(party.join("Bo", token=invite), Welcome)


def test_a_second_host_is_told_who_hosts() -> None:
    party = Party()
    peer = party.join("Zoe", token=party.host_key)
    no = refusal(party.bench, peer)
    assert no.code == "host_present"
    assert (no.cause, no.remedy_code) == ("Ana is hosting this party", "take_over")
    # An older seat shows the message, and nothing else.
    assert no.message.startswith(f"{no.cause}: ")
    assert no.message.endswith("matinee host --return --take-over")
    assert party.record.host_term == 1


def test_a_take_over_begins_a_term_and_ends_the_old_host() -> None:
    party = Party()
    viewer = party.join("Bo")
    zoe = party.join("Zoe", token=party.host_key, take_over=True)
    welcome = party.bench.last(zoe, Welcome)
    assert (welcome.role, welcome.host_term, welcome.counter) == ("host", 2, 0)
    assert party.bench.last(zoe, Snapshot).cursor == Cursor(1, 2)
    event = party.bench.last(viewer, Event)
    assert (event.event_type, event.host_id, event.host_term) == (
        "host_change",
        welcome.member_id,
        2,
    )
    assert party.bench.last(party.host, Bye).code == "replaced"
    assert party.bench.closed[party.host] == (1008, "replaced")
    party.bench.advance(1.0)
    assert party.host_id in party.bench.last(viewer, Presence).left


def test_when_nobody_hosts_the_host_key_is_enough() -> None:
    party = Party()
    viewer = party.join("Bo")
    party.bench.disconnect(party.host)
    zoe = party.join("Zoe", token=party.host_key)
    assert party.bench.last(zoe, Welcome).host_term == 2
    party.bench.advance(1.0)
    assert party.host_id in party.bench.last(viewer, Presence).left


def test_an_empty_stream_is_hosted_by_whoever_has_its_key() -> None:
    party = Party()
    party.bench.send(party.host, Leave())
    assert party.bench.core.live_streams == ()
    zoe = party.join("Zoe", token=party.host_key)
    assert party.bench.last(zoe, Welcome).host_term == 2
    assert party.bench.core.live_streams == (party.stream_id,)


def test_of_two_new_hosts_at_once_one_hosts() -> None:
    party = Party()
    party.bench.disconnect(party.host)
    party.bench.holding = True
    first = party.join("Zoe", token=party.host_key)
    second = party.join("Yan", token=party.host_key)
    party.bench.answer()
    party.bench.settle()
    party.bench.release()
    assert party.bench.last(first, Welcome).host_term == 2
    assert refusal(party.bench, second).code == "host_present"
    assert "somebody else is hosting" in refusal(party.bench, second).message


def test_of_two_take_overs_at_once_the_later_one_hosts() -> None:
    party = Party()
    party.bench.holding = True
    first = party.join("Zoe", token=party.host_key, take_over=True)
    second = party.join("Yan", token=party.host_key, take_over=True)
    party.bench.release()
    assert party.bench.last(first, Bye).code == "replaced"
    assert party.bench.last(second, Welcome).host_term == 3
    assert party.record.host_id == party.bench.last(second, Welcome).member_id


def test_a_seat_that_takes_over_twice_at_once_hosts_on_its_later_connection() -> None:
    party = Party()
    party.bench.holding = True
    first = party.join("Zoe", token=party.host_key, take_over=True)
    second = party.join("Zoe", token=party.host_key, take_over=True)
    party.bench.release()
    assert party.bench.last(first, Bye).code == "replaced"
    assert party.bench.last(second, Welcome).host_term == 3
    assert party.bench.core.participants == 1


def test_a_new_host_that_is_gone_before_it_is_one_leaves_no_room_behind() -> None:
    party = Party()
    party.bench.send(party.host, Leave())
    party.bench.holding = True
    zoe = party.join("Zoe", token=party.host_key)
    party.bench.answer()
    party.bench.settle()
    party.bench.disconnect(zoe)
    party.bench.release()
    assert party.bench.core.live_streams == ()


@pytest.mark.parametrize("code", ["storage_full", "try_again"])
def test_a_take_over_that_cannot_be_stored_changes_nothing(code: str) -> None:
    party = Party()
    party.bench.holding = True
    zoe = party.join("Zoe", token=party.host_key, take_over=True)
    party.bench.answer()
    party.bench.settle()
    party.bench.store.failing = StoreFailed("storage_full" if code[0] == "s" else "try_again")
    party.bench.release()
    assert refusal(party.bench, zoe).code == code
    assert party.bench.got(party.host, Bye) == []


def test_a_take_over_of_a_stream_that_closes_meanwhile_is_refused() -> None:
    party = Party()
    party.bench.holding = True
    zoe = party.join("Zoe", token=party.host_key, take_over=True)
    party.bench.answer()
    party.bench.settle()
    record = party.record
    party.bench.store.records[party.stream_id] = type(record)(
        stream_id=party.stream_id, status="closed"
    )
    party.bench.release()
    assert refusal(party.bench, zoe).code == "stream_closed"
