"""One seat's life on the wire, with every connection made of text and numbers."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec
import pytest

from protocol.client.events import (
    ClientEvent,
    ClockLost,
    ClockUpdated,
    CommandsDropped,
    EphemeralReceived,
    EventApplied,
    MembersChanged,
    RequestRefused,
    ServerClosing,
    ServerTimedOut,
    SessionResumed,
    SessionStarted,
    StartWaiting,
    StateChanged,
)
from protocol.client.outbox import ANSWER_TIMEOUT, MAX_WAITING
from protocol.client.protocol import SILENCE, ClientProtocol
from protocol.client.replica import RESUME_TIMEOUT
from protocol.exceptions import DecodeError
from protocol.timeline import Timeline
from protocol.wire.codec import decode_client, encode
from protocol.wire.messages import (
    Ack,
    Bye,
    Chat,
    ClientMessage,
    Command,
    CreateStream,
    Cursor,
    Event,
    Hello,
    Leave,
    Member,
    Note,
    PauseAct,
    Ping,
    PlayAct,
    Pong,
    Presence,
    Refusal,
    Report,
    Resume,
    SeekAct,
    SendChat,
    ServerMessage,
    Snapshot,
    StartWait,
    StateNow,
    Welcome,
)
from protocol.wire.versions import PROTOCOL_OLDEST, PROTOCOL_VERSION

ADA = Member("ada00001", "Ada", "host")
BOB = Member("bob00001", "Bob", "viewer")
THERE = 5000.0
"""The server's clock at local instant 0."""

_Kind = TypeVar("_Kind")


class Wire:
    """A client and what it says; the test is the server."""

    def __init__(self, *, create: CreateStream | None = None, take_over: bool = False) -> None:
        self.client = ClientProtocol(
            name="Ada", instance_id="instance1", create=create, take_over=take_over
        )
        self.now = 100.0

    def sent(self) -> list[ClientMessage]:
        return [decode_client(frame) for frame in self.client.data_to_send()]

    def sent_of(self, kind: type[_Kind]) -> list[_Kind]:
        return [message for message in self.sent() if isinstance(message, kind)]

    def told(self) -> list[ClientEvent]:
        return self.client.events_received()

    def told_of(self, kind: type[_Kind]) -> list[_Kind]:
        return [event for event in self.told() if isinstance(event, kind)]

    def hear(self, *messages: ServerMessage) -> None:
        for message in messages:
            self.client.receive(encode(message), self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass, doing what is due when it is due."""
        end = self.now + seconds
        while (deadline := self.client.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self.client.handle_timeout(self.now)
        self.now = end

    def open(self, *, term: int = 1, counter: int = 0, clock_id: str = "clock001") -> None:
        self.client.connection_made(self.now)
        self.sent()
        self.hear(welcome(term=term, counter=counter, clock_id=clock_id))

    def become_certain(self) -> None:
        """The server takes a command: after that several may be on the link."""
        self.ask(PlayAct(), "command-0")
        self.hear(Ack("command-0", 1, 5))
        self.sent()

    def ask(self, act: PlayAct | PauseAct | SeekAct, event_id: str) -> bool:
        return self.client.request(act, event_id, self.now)


def welcome(*, term: int = 1, counter: int = 0, clock_id: str = "clock001") -> Welcome:
    return Welcome(
        PROTOCOL_VERSION, clock_id, "stream01", "ada00001", "host", host_term=term, counter=counter
    )


def snapshot(
    epoch: int = 1, seq: int = 4, members: tuple[Member, ...] = (ADA,), reason: str = "first_join"
) -> Snapshot:
    return Snapshot(
        stream_id="stream01",
        epoch=epoch,
        seq=seq,
        timeline=Timeline(10.0),
        host_id="ada00001",
        host_term=1,
        members=members,
        reason=reason,
    )


def event(epoch: int, seq: int) -> Event:
    return Event(
        epoch, seq, f"event-{epoch}-{seq}", "seek", "ada00001", "Ada", 0, Timeline(float(seq))
    )


@pytest.fixture
def wire() -> Wire:
    """A seat that has joined and has the stream's state."""
    wire = Wire()
    wire.open()
    wire.hear(snapshot())
    wire.sent()
    wire.told()
    return wire


# Coming and going -----------------------------------------------------------------------


def test_the_first_thing_said_is_hello() -> None:
    create = CreateStream(sync_tolerance_ms=300)
    wire = Wire(create=create, take_over=True)
    assert wire.client.next_deadline() is None
    wire.client.connection_made(wire.now)
    assert wire.sent() == [
        Hello(
            PROTOCOL_OLDEST,
            PROTOCOL_VERSION,
            "Ada",
            "instance1",
            cursor=None,
            create=create,
            take_over=True,
        )
    ]
    assert not wire.client.joined


def test_nothing_else_is_said_before_the_welcome() -> None:
    wire = Wire()
    wire.client.connection_made(wire.now)
    wire.sent()
    wire.ask(PlayAct(), "command-1")
    wire.client.note(Note("note-0001", "buffer_start", 1.0))
    wire.client.report(Report("idle"))
    wire.client.leave()
    assert not wire.client.tell(SendChat("hello?"))
    wire.wait(2.0)
    assert wire.sent() == []
    wire.hear(welcome())
    assert len(wire.sent_of(Command)) == 1


def test_a_welcome_is_told_and_the_state_follows() -> None:
    wire = Wire()
    wire.open()
    wire.hear(snapshot())
    told = wire.told()
    assert told == [SessionStarted(welcome(), again=False), StateChanged(), MembersChanged((), ())]
    assert wire.client.joined
    assert wire.client.state is not None
    assert wire.client.state.cursor == Cursor(1, 4)


def test_who_comes_back_shows_where_it_was_and_neither_creates_nor_takes_over_again() -> None:
    wire = Wire(create=CreateStream(), take_over=True)
    wire.open()
    wire.hear(snapshot())
    wire.client.connection_lost()
    assert not wire.client.joined
    assert wire.client.next_deadline() is None
    wire.client.connection_made(wire.now)
    (hello,) = wire.sent()
    assert isinstance(hello, Hello)
    assert (hello.cursor, hello.create, hello.take_over) == (Cursor(1, 4), None, False)
    wire.told()
    wire.hear(welcome())
    assert wire.told_of(SessionStarted)[0].again


def test_who_was_welcomed_once_creates_no_second_stream() -> None:
    wire = Wire(create=CreateStream())
    wire.open()
    wire.client.connection_lost()
    wire.client.connection_made(wire.now)
    (hello,) = wire.sent()
    assert isinstance(hello, Hello)
    assert (hello.cursor, hello.create) == (None, None)


def test_what_was_not_sent_before_a_connection_broke_is_not_said_on_the_next(wire: Wire) -> None:
    wire.client.tell(SendChat("half a thought"))
    wire.client.connection_lost()
    wire.client.connection_made(wire.now)
    assert [type(message) for message in wire.sent()] == [Hello]


def test_leaving_is_said(wire: Wire) -> None:
    wire.client.leave()
    assert wire.sent() == [Leave()]


def test_a_goodbye_is_told(wire: Wire) -> None:
    bye = Bye("server_stopping", "back soon")
    wire.hear(bye)
    assert wire.told() == [ServerClosing(bye)]


def test_what_is_no_message_is_an_error() -> None:
    wire = Wire()
    wire.open()
    with pytest.raises(DecodeError):
        wire.client.receive('{"type":"event"}', wire.now)


def test_what_a_newer_server_says_beyond_us_is_passed_over(wire: Wire) -> None:
    wire.client.receive('{"type":"reaction","emoji":"x","from":{"seat":1}}', wire.now)
    assert wire.client.events_received() == []
    state = wire.client.state
    assert state is not None
    there = {"epoch": state.cursor.epoch, "seq": state.cursor.seq + 1}
    event = {
        **{"type": "event", "event_id": "event-0009", "event_type": "loop", "loop": [3, 9]},
        **{"member_id": "", "name": "", "timestamp_ms": 0, **there},
        "timeline": {"position": 12.0, "at": 3.0, "rate": 1.0, "playing": True},
    }
    wire.client.receive(json.dumps(event), wire.now)
    assert wire.client.state is not None
    assert wire.client.state.timeline.position == 12.0
    assert wire.client.state.cursor == Cursor(**there)
    assert [told.event.event_type for told in wire.told_of(EventApplied)] == ["unknown"]
    assert wire.client.data_to_send() == []


def test_silence_is_told_once_every_so_often(wire: Wire) -> None:
    wire.wait(SILENCE - 0.01)
    assert wire.told_of(ServerTimedOut) == []
    wire.wait(0.01)
    assert wire.told_of(ServerTimedOut) == [ServerTimedOut()]
    wire.wait(SILENCE - 0.01)
    assert wire.told_of(ServerTimedOut) == []
    wire.wait(0.01)
    assert wire.told_of(ServerTimedOut) == [ServerTimedOut()]


def test_a_hello_without_an_answer_is_silence_too() -> None:
    wire = Wire()
    wire.client.connection_made(wire.now)
    wire.wait(SILENCE)
    assert wire.told() == [ServerTimedOut()]


def test_any_word_ends_a_silence(wire: Wire) -> None:
    wire.wait(SILENCE - 1)
    wire.hear(StateNow(1, 4, Timeline(10.0)))
    wire.wait(SILENCE - 1)
    assert wire.told_of(ServerTimedOut) == []


def test_without_a_connection_nothing_is_due() -> None:
    wire = Wire()
    wire.client.handle_timeout(1e9)
    assert wire.sent() == []
    assert wire.told() == []


# The order of things --------------------------------------------------------------------


def test_events_are_applied_in_order(wire: Wire) -> None:
    wire.hear(event(1, 5))
    assert wire.told() == [EventApplied(event(1, 5)), StateChanged()]
    wire.hear(event(1, 5), event(1, 3))
    assert wire.told() == []
    assert wire.sent() == []


def test_before_a_snapshot_there_is_nothing_to_apply_to() -> None:
    wire = Wire()
    wire.open()
    wire.told()
    wire.hear(event(1, 5), StateNow(1, 5, Timeline()), Presence(changed=(BOB,)))
    assert wire.told() == []
    assert wire.client.state is None


def test_a_gap_is_asked_about_once(wire: Wire) -> None:
    wire.hear(event(1, 6), event(1, 7), StateNow(1, 7, Timeline()))
    assert wire.sent() == [Resume(Cursor(1, 4))]
    assert wire.told() == []
    wire.hear(event(1, 5), event(1, 6), event(1, 7))
    assert [e.event.seq for e in wire.told_of(EventApplied)] == [5, 6, 7]
    # A second gap is another question, however soon it comes.
    wire.hear(event(1, 9))
    assert wire.sent() == [Resume(Cursor(1, 7))]


def test_a_gap_is_asked_about_again_when_nothing_came_of_it(wire: Wire) -> None:
    wire.hear(event(1, 6))
    wire.sent()
    wire.now += RESUME_TIMEOUT - 0.01
    wire.hear(StateNow(1, 6, Timeline()))
    assert wire.sent_of(Resume) == []
    wire.now += 0.01
    wire.hear(StateNow(1, 6, Timeline()))
    assert wire.sent_of(Resume) == [Resume(Cursor(1, 4))]


def test_a_new_connection_may_ask_at_once(wire: Wire) -> None:
    wire.hear(event(1, 6))
    wire.client.connection_lost()
    wire.open()
    wire.hear(event(1, 7))
    assert wire.sent_of(Resume) == [Resume(Cursor(1, 4))]


def test_a_snapshot_is_taken_as_it_is_and_answers_a_question(wire: Wire) -> None:
    wire.hear(event(1, 6), snapshot(2, 0, reason="wrong_epoch"), event(2, 1), event(2, 3))
    assert wire.client.state is not None
    assert wire.client.state.cursor == Cursor(2, 1)
    assert wire.sent_of(Resume) == [Resume(Cursor(1, 4)), Resume(Cursor(2, 1))]
    wire.hear(snapshot(1, 2, reason="from_the_future"))
    assert wire.client.state.cursor == Cursor(1, 2)


def test_the_timeline_that_is_repeated_is_told_only_when_it_differs(wire: Wire) -> None:
    wire.hear(StateNow(1, 4, Timeline(10.0)), StateNow(1, 3, Timeline(99.0)))
    assert wire.told() == []
    wire.hear(StateNow(1, 4, Timeline(10.0, at=3.0)))
    assert wire.told() == [StateChanged()]


# Being whole again ----------------------------------------------------------------------


def test_the_missed_events_are_counted(wire: Wire) -> None:
    wire.client.connection_lost()
    wire.open()
    wire.hear(event(1, 5), event(1, 6), StateNow(1, 6, Timeline(6.0)))
    assert wire.told_of(SessionResumed) == [SessionResumed(2, by_snapshot=False)]
    wire.hear(event(1, 7), StateNow(1, 7, Timeline(7.0)))
    assert wire.told_of(SessionResumed) == []


def test_a_snapshot_makes_whole_as_well(wire: Wire) -> None:
    wire.client.connection_lost()
    wire.open()
    wire.hear(snapshot(3, 0, reason="wrong_epoch"), StateNow(3, 0, Timeline(10.0)))
    assert wire.told_of(SessionResumed) == [SessionResumed(0, by_snapshot=True)]


def test_events_of_a_recovery_that_broke_off_count(wire: Wire) -> None:
    wire.client.connection_lost()
    wire.open()
    wire.hear(event(1, 5))
    wire.client.connection_lost()
    wire.client.connection_made(wire.now)
    wire.client.connection_lost()
    wire.open()
    wire.hear(event(1, 6), StateNow(1, 6, Timeline(6.0)))
    assert wire.told_of(SessionResumed) == [SessionResumed(2, by_snapshot=False)]
    wire.client.connection_lost()
    wire.open()
    wire.hear(StateNow(1, 6, Timeline(6.0)))
    assert wire.told_of(SessionResumed) == [SessionResumed(0, by_snapshot=False)]


def test_who_had_no_state_yet_has_nothing_to_recover() -> None:
    wire = Wire()
    wire.open()
    wire.client.connection_lost()
    wire.open()
    wire.hear(snapshot())
    assert wire.told_of(SessionResumed) == []


# A host's commands ----------------------------------------------------------------------


def test_a_command_names_its_term_its_number_and_its_base(wire: Wire) -> None:
    assert wire.ask(PauseAct(12.0), "command-1")
    assert wire.sent() == [Command("command-1", 1, 1, Cursor(1, 4), PauseAct(12.0))]
    assert wire.client.unsent == 1
    wire.hear(Ack("command-1", 1, 5))
    assert wire.client.unsent == 0


def test_unanswered_commands_are_sent_again_as_they_were(wire: Wire) -> None:
    wire.become_certain()
    wire.ask(PlayAct(), "command-1")
    wire.ask(PauseAct(12.0), "command-2")
    before = wire.sent()
    wire.client.connection_lost()
    wire.ask(PlayAct(), "command-3")
    assert wire.sent() == []
    wire.open(counter=2)
    again = wire.sent()[-1:]
    # The first was in the log already; the server says so.
    wire.hear(Ack("command-1", 1, 5, duplicate=True))
    again += wire.sent()
    assert again == before
    wire.hear(Ack("command-2", 1, 6))
    assert [(c.event_id, c.counter) for c in wire.sent_of(Command)] == [("command-3", 4)]
    assert wire.client.unsent == 1


def test_another_host_meanwhile_drops_all_that_waits(wire: Wire) -> None:
    wire.ask(PlayAct(), "command-1")
    wire.client.connection_lost()
    wire.ask(SeekAct(1.0), "command-2")
    wire.ask(PauseAct(1.0), "command-3")
    wire.open(term=2)
    assert wire.told_of(CommandsDropped) == [CommandsDropped(3)]
    wire.wait(1.0)
    assert wire.sent_of(Command) == []


def test_a_seek_that_waits_for_its_turn_does_not_outlive_its_term(wire: Wire) -> None:
    wire.ask(SeekAct(1.0), "command-1")
    wire.hear(Ack("command-1", 1, 5))
    wire.ask(SeekAct(2.0), "command-2")
    wire.client.connection_lost()
    wire.sent()
    wire.open(term=2)
    wire.wait(5.0)
    assert wire.sent_of(Command) == []
    assert wire.told_of(CommandsDropped) == [CommandsDropped(1)]


def test_fast_seeks_are_sent_when_their_time_comes(wire: Wire) -> None:
    wire.become_certain()
    for i in range(5):
        wire.ask(SeekAct(float(i)), f"command-{i}")
    assert [c.act for c in wire.sent_of(Command)] == [SeekAct(0.0)]
    wire.wait(0.19)
    assert wire.sent_of(Command) == []
    wire.wait(0.01)
    assert [c.act for c in wire.sent_of(Command)] == [SeekAct(4.0)]


def test_too_much_is_not_taken(wire: Wire) -> None:
    wire.client.connection_lost()
    for i in range(MAX_WAITING):
        assert wire.ask(PauseAct(float(i)), f"command-{i:03}")
    assert not wire.ask(PlayAct(), "command-999")


def test_a_wrong_number_is_mended_without_a_word(wire: Wire) -> None:
    wire.ask(PlayAct(), "command-1")
    wire.sent()
    wire.hear(Refusal("out_of_order", "command 8 is due", event_id="command-1", expected=8))
    assert [(c.event_id, c.counter) for c in wire.sent_of(Command)] == [("command-1", 8)]
    assert wire.told() == []


def test_a_refusal_ends_a_command_and_says_which(wire: Wire) -> None:
    wire.become_certain()
    wire.ask(PauseAct(12.0), "command-1")
    wire.ask(PlayAct(), "command-2")
    wire.sent()
    refusal = Refusal("stale_base", "the party had moved on", event_id="command-1")
    wire.hear(refusal)
    assert wire.told() == [RequestRefused(refusal, PauseAct(12.0))]
    assert wire.client.unsent == 1
    # What came behind it has the wrong number now, and only that is mended.
    wire.hear(Refusal("out_of_order", "command 2 is due", event_id="command-2", expected=2))
    assert [(c.event_id, c.counter) for c in wire.sent_of(Command)] == [("command-2", 2)]


def test_out_of_order_without_a_number_is_a_refusal_like_any_other(wire: Wire) -> None:
    wire.ask(PlayAct(), "command-1")
    wire.hear(Refusal("out_of_order", "no", event_id="command-1"))
    assert wire.told_of(RequestRefused)[0].act == PlayAct()


def test_a_refusal_of_something_else_names_no_act(wire: Wire) -> None:
    wire.ask(PlayAct(), "command-1")
    refusal = Refusal("rate_limited", "too much at once", retry_after=1.0)
    wire.hear(refusal)
    assert wire.told() == [RequestRefused(refusal, None)]
    assert wire.client.unsent == 1


def test_a_stale_host_gives_up_everything(wire: Wire) -> None:
    for i in range(3):
        wire.ask(PauseAct(float(i)), f"command-{i}")
    refusal = Refusal("stale_host", "somebody else hosts", event_id="command-0")
    wire.hear(refusal)
    assert wire.told() == [RequestRefused(refusal, PauseAct(0.0)), CommandsDropped(2)]
    assert wire.client.unsent == 0
    wire.ask(PlayAct(), "command-9")
    wire.hear(Refusal("stale_host", "somebody else hosts", event_id="command-1"))
    assert wire.client.unsent == 1, "it was asked in another term"
    wire.hear(Refusal("stale_host", "somebody else hosts", event_id="command-9"))
    assert wire.told_of(CommandsDropped) == []
    assert wire.client.unsent == 0


def test_a_command_whose_answer_got_lost_goes_again_over_another_connection(wire: Wire) -> None:
    wire.ask(PlayAct(), "command-1")
    before = wire.sent_of(Command)
    for _ in range(2):
        for _ in range(6):
            wire.wait(ANSWER_TIMEOUT / 6 - 1)
            wire.hear(StateNow(1, 4, Timeline(10.0)))
        wire.wait(5)
        assert wire.told_of(ServerTimedOut) == []
        wire.wait(1)
        assert wire.told_of(ServerTimedOut) == [ServerTimedOut()]
    assert wire.sent_of(Command) == []
    wire.client.connection_lost()
    wire.wait(ANSWER_TIMEOUT)
    wire.client.connection_made(wire.now)
    wire.wait(SILENCE - 1)
    assert wire.told_of(ServerTimedOut) == [], "the last connection's waiting is not this one's"
    wire.client.connection_lost()
    wire.open()
    assert wire.sent_of(Command) == before


def test_what_the_server_could_not_read_is_refused_here(wire: Wire) -> None:
    assert wire.ask(PauseAct(-1.0), "command-1")
    (refused,) = wire.told_of(RequestRefused)
    assert refused.act == PauseAct(-1.0)
    assert (refused.refusal.code, refused.refusal.field) == ("invalid_field", "act.position")
    assert refused.refusal.event_id == "command-1"
    wire.client.note(Note("note-0001", "buffer_start", float("inf")))
    wire.client.report(Report("playing", position=-0.02))
    assert wire.client.tell(SendChat("x" * 501))
    assert wire.sent() == []
    assert wire.client.unsent == 0


def test_what_is_far_too_long_is_refused_as_a_whole(wire: Wire) -> None:
    wire.client.tell(SendChat("x" * 20_000))
    assert wire.told_of(RequestRefused)[0].refusal.code == "bad_message"
    assert wire.sent() == []


# Notes, chat, members -------------------------------------------------------------------


def test_a_note_is_kept_until_it_is_in_the_log(wire: Wire) -> None:
    note = Note("note-0001", "buffer_start", 12.0)
    wire.client.note(note)
    wire.wait(0.0)
    assert wire.sent_of(Note) == [note]
    wire.client.connection_lost()
    wire.open()
    assert wire.sent_of(Note) == [note]
    wire.hear(Ack("note-0001", 1, 5))
    assert wire.client.unsent == 0


def test_a_refused_note_is_not_sent_again(wire: Wire) -> None:
    wire.client.note(Note("note-0001", "buffer_start", 12.0))
    wire.hear(Refusal("rate_limited", "too much at once", event_id="note-0001"))
    assert wire.told_of(RequestRefused)[0].act is None
    assert wire.client.unsent == 0


@pytest.mark.parametrize("version", [1, 2])
def test_a_server_is_not_told_what_it_is_too_old_to_know(
    monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    monkeypatch.setattr(SendChat, "since", 2)
    wire = Wire()
    wire.client.connection_made(wire.now)
    wire.hear(msgspec.structs.replace(welcome(), version=version))
    wire.sent()
    assert wire.client.tell(SendChat("hello")) is (version == 2)
    assert [type(message) for message in wire.sent()] == [SendChat] * (version - 1)


def test_chat_goes_both_ways(wire: Wire) -> None:
    assert wire.client.tell(SendChat("hello"))
    assert wire.sent() == [SendChat("hello")]
    chat = Chat(member_id="bob00001", name="Bob", text="hi", timestamp_ms=0)
    wire.hear(chat)
    assert wire.told() == [EphemeralReceived(chat)]


def test_whom_a_start_waits_for_is_passed_on(wire: Wire) -> None:
    wire.hear(StartWait(("bob00001",), 42.0))
    wire.hear(StartWait())
    assert wire.told() == [StartWaiting(("bob00001",), 42.0), StartWaiting((), 0.0)]


def test_a_report_is_sent(wire: Wire) -> None:
    wire.client.report(Report("playing", position=3.0, drift_ms=-1.5))
    wire.wait(0.0)
    assert wire.sent_of(Report) == [Report("playing", position=3.0, drift_ms=-1.5)]


def test_after_an_outage_the_server_gets_the_newest_report_and_not_all(wire: Wire) -> None:
    wire.wait(0.0)
    ping = wire.sent_of(Ping)[0]
    for second in range(10):
        wire.client.report(Report("playing", position=float(second)))
        wire.wait(1.0)
    told = wire.sent()
    assert [m.position for m in told if isinstance(m, Report)] == [0.0, 1.0, 2.0]
    last = [m for m in told if isinstance(m, Ping)][-1]
    wire.hear(Pong(ping.t0, ping.t0 + THERE, ping.t0 + THERE))
    assert wire.sent_of(Report) == []
    wire.hear(Pong(last.t0, wire.now + THERE, wire.now + THERE))
    assert [m.position for m in wire.sent_of(Report)] == [9.0]


def test_an_old_report_does_not_outlive_its_connection(wire: Wire) -> None:
    wire.client.report(Report("playing"))
    wire.client.connection_lost()
    wire.open()
    wire.wait(1.0)
    assert wire.sent_of(Report) == []


def test_who_comes_and_goes_is_told_by_name(wire: Wire) -> None:
    wire.hear(Presence(changed=(ADA, BOB)))
    assert wire.told() == [MembersChanged(("Bob",), ())]
    wire.hear(Presence(left=("bob00001", "nobody00")))
    assert wire.told() == [MembersChanged((), ("Bob",))]
    wire.hear(Presence(changed=(BOB,), whole=True))
    assert wire.told() == [MembersChanged(("Bob",), ("Ada",))]
    wire.hear(Presence(left=("bob00001",), removed=("bob00001", "nobody00")))
    assert wire.told() == [MembersChanged(removed=("Bob",))]


# The clock ------------------------------------------------------------------------------


def answer(wire: Wire, ping: Ping, *, there: float = THERE, took: float = 0.02) -> None:
    """The server got ``ping`` and answered; both ways took the same."""
    wire.now = ping.t0 + 2 * took
    server = there + ping.t0 + took
    wire.hear(Pong(ping.t0, server, server))


def burst(wire: Wire, *, there: float = THERE) -> None:
    for _ in range(8):
        wire.wait(0.08)
        for ping in wire.sent_of(Ping):
            answer(wire, ping, there=there)


def test_the_servers_clock_is_measured_from_the_welcome_on(wire: Wire) -> None:
    assert wire.client.clock(wire.now) is None
    burst(wire)
    estimate = wire.client.clock(wire.now)
    assert estimate is not None
    assert estimate.offset == pytest.approx(THERE)
    assert estimate.delay == pytest.approx(0.04)
    assert len(wire.told_of(ClockUpdated)) == 8


def test_a_late_pong_has_the_link_watched(wire: Wire) -> None:
    burst(wire)
    wire.wait(40.0)
    answer(wire, wire.sent_of(Ping)[-1], took=0.3)
    wire.sent_of(Ping)
    wire.wait(10.0)
    first, second, *_ = wire.sent_of(Ping)
    assert second.t0 - first.t0 == pytest.approx(2.0)


def test_a_pong_that_nobody_waits_for_says_nothing(wire: Wire) -> None:
    wire.hear(Pong(1.0, 2.0, 3.0))
    assert wire.told() == []


def test_a_pong_that_makes_no_sense_says_nothing(wire: Wire) -> None:
    wire.wait(0.0)
    (ping,) = wire.sent_of(Ping)
    wire.now = ping.t0 + 0.1
    wire.hear(Pong(ping.t0, 10.0, 5.0))
    assert wire.told() == []
    assert wire.client.clock(wire.now) is None


def test_the_same_clock_is_still_known_over_a_new_connection(wire: Wire) -> None:
    burst(wire)
    wire.client.connection_lost()
    wire.told()
    wire.open()
    assert wire.told_of(ClockLost) == []
    assert wire.client.clock(wire.now) is not None


def test_another_clock_is_measured_from_nothing(wire: Wire) -> None:
    burst(wire)
    wire.client.connection_lost()
    wire.told()
    wire.open(clock_id="clock002")
    # Told before any instant of the new clock, which would mean nothing on the old one.
    wire.hear(StateNow(1, 4, Timeline(10.0, at=3.0)))
    kinds = [type(e) for e in wire.told()]
    assert kinds.index(ClockLost) < kinds.index(StateChanged)
    assert wire.client.clock(wire.now) is None
    burst(wire, there=-70.0)
    estimate = wire.client.clock(wire.now)
    assert estimate is not None
    assert estimate.offset == pytest.approx(-70.0)


def test_a_pong_from_before_the_sleep_is_not_believed(wire: Wire) -> None:
    burst(wire)
    wire.wait(2.0)
    (under_way,) = wire.sent_of(Ping)
    wire.told()
    wire.client.measure_clock(wire.now, forget=True)
    assert wire.told() == [ClockLost()]
    answer(wire, under_way)
    assert wire.client.clock(wire.now) is None
    burst(wire, there=THERE + 1800.0)
    estimate = wire.client.clock(wire.now)
    assert estimate is not None
    assert estimate.offset == pytest.approx(THERE + 1800.0)


def test_a_resync_measures_again_and_keeps_what_is_known(wire: Wire) -> None:
    burst(wire)
    wire.wait(1.0)
    wire.sent()
    wire.client.measure_clock(wire.now)
    assert wire.client.clock(wire.now) is not None
    wire.wait(0.6)
    assert len(wire.sent_of(Ping)) == 8


def test_unanswered_pings_are_counted(wire: Wire) -> None:
    wire.wait(0.0)
    assert wire.client.lost_pings(wire.now + 1.0) == 0
    assert wire.client.lost_pings(wire.now + 3.0) == 1
