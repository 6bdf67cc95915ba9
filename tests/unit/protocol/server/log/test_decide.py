"""The rules of the log, and what a resume is answered with."""

from __future__ import annotations

import msgspec
import pytest

from protocol.server.log.decide import decide, missing_reason, refused_moderation, snapshot_reason
from protocol.server.log.record import StreamRecord
from protocol.server.log.requests import Appended, AppendRequest, Duplicate, HostChange, KnownEvent
from protocol.server.moment import Moment
from protocol.timeline import Timeline
from protocol.wire.messages import (
    Act,
    Command,
    Cursor,
    Event,
    LoadAct,
    Media,
    Note,
    PauseAct,
    PlayAct,
    RateAct,
    Refusal,
    SeekAct,
    SettingsAct,
    StreamSettings,
)

STREAM = "0" * 31 + "1"
HOST = "a" * 32
VIEWER = "b" * 32
FILM = Media("film-0001", "url", title="Film", url="https://example.com/film")
RECORD = StreamRecord(
    stream_id=STREAM, epoch=2, seq=7, media=FILM, host_id=HOST, host_term=3, host_counter=4
)
NOW = Moment(100.0, 1_700_000_000_000)


def command(act: Act, **changes: object) -> Command:
    plain = Command(event_id="event-0001", host_term=3, counter=5, based_on=Cursor(2, 7), act=act)
    return msgspec.structs.replace(plain, **changes)


def entry(
    change: Command | Note | HostChange, member_id: str = HOST, **changes: object
) -> AppendRequest:
    event_id = "event-0001" if isinstance(change, HostChange) else change.event_id
    plain = AppendRequest(
        stream_id=STREAM,
        event_id=event_id,
        member_id=member_id,
        name="Ana",
        change=change,
        now=NOW,
        lead=0.3,
        seek_lead=0.8,
        rate_lead=0.7,
    )
    return msgspec.structs.replace(plain, **changes)


def appended(record: StreamRecord, change: Command | Note | HostChange, **more: str) -> Appended:
    outcome = decide(record, None, entry(change, **more))
    assert isinstance(outcome, Appended)
    return outcome


def refused(record: StreamRecord, change: Command | Note, **more: str) -> Refusal:
    outcome = decide(record, None, entry(change, **more))
    assert isinstance(outcome, Refusal)
    assert outcome.event_id == change.event_id
    return outcome


PLAYING = msgspec.structs.replace(
    RECORD, timeline=Timeline(position=10.0, at=90.0, rate=1.0, playing=True)
)


def test_an_append_takes_the_next_seq_and_the_next_counter() -> None:
    outcome = appended(RECORD, command(PlayAct()))
    assert outcome.event.cursor == outcome.record.cursor == Cursor(2, 8)
    assert outcome.record.host_counter == 5
    assert outcome.event.member_id == HOST
    assert outcome.event.name == "Ana"
    assert outcome.event.timestamp_ms == NOW.unix_ms
    assert outcome.event.timeline == outcome.record.timeline


@pytest.mark.parametrize(
    ("record", "act", "event_type", "timeline"),
    [
        (RECORD, PlayAct(), "play", Timeline(0.0, 100.3, 1.0, True)),
        (PLAYING, PlayAct(), "play", PLAYING.timeline),
        (PLAYING, PauseAct(19.97), "pause", Timeline(19.97, 100.0, 1.0, False)),
        (RECORD, SeekAct(300.0), "seek", Timeline(300.0, 100.0, 1.0, False)),
        (PLAYING, SeekAct(300.0), "seek", Timeline(300.0, 100.8, 1.0, True)),
        (RECORD, RateAct(2.0), "rate", Timeline(0.0, 100.0, 2.0, False)),
        (PLAYING, RateAct(2.0), "rate", Timeline(pytest.approx(20.7), 100.7, 2.0, True)),  # type: ignore[arg-type]
    ],
)
def test_commands_move_the_timeline(
    record: StreamRecord, act: Act, event_type: str, timeline: Timeline
) -> None:
    outcome = appended(record, command(act))
    assert outcome.event.event_type == event_type
    assert outcome.event.timeline == timeline
    assert outcome.event.media is None


def test_a_rate_does_not_bring_an_agreed_start_forward() -> None:
    soon = msgspec.structs.replace(RECORD, timeline=Timeline(5.0, 101.2, 1.0, True))
    assert appended(soon, command(RateAct(1.5))).event.timeline == Timeline(5.0, 101.2, 1.5, True)


def test_new_media_begins_an_epoch_paused_at_its_start() -> None:
    other = Media("film-0002", "file", title="Other")
    record = msgspec.structs.replace(PLAYING, foreign_seq=5)
    outcome = appended(record, command(LoadAct(other)))
    assert outcome.event.cursor == Cursor(3, 1)
    assert outcome.event.media == outcome.record.media == other
    assert outcome.record.timeline == Timeline(0.0, 100.0, 1.0, False)
    assert outcome.record.foreign_seq == 0
    assert outcome.record.host_counter == 5


def test_new_media_says_who_hosts_for_seats_that_missed_it() -> None:
    event = appended(PLAYING, command(LoadAct(Media("film-0002", "file")))).event
    assert (event.host_id, event.host_term) == (PLAYING.host_id, PLAYING.host_term)


def test_new_media_may_start_by_itself() -> None:
    load = command(LoadAct(Media("film-0002", "file"), playing=True))
    waits = decide(RECORD, None, entry(load, bound=15.0))
    assert isinstance(waits, Appended)
    assert waits.event.timeline == Timeline(0.0, 115.0, 1.0, True)
    assert appended(RECORD, load).event.timeline == Timeline(0.0, 100.8, 1.0, True)


def test_a_start_that_waits_is_agreed_for_the_end_of_the_wait() -> None:
    for record, act in ((RECORD, PlayAct()), (PLAYING, SeekAct(300.0))):
        outcome = decide(record, None, entry(command(act), bound=8.0))
        assert isinstance(outcome, Appended)
        assert outcome.event.timeline.at == 108.0


def test_why_a_host_has_paused_is_kept_as_clean_text() -> None:
    outcome = appended(PLAYING, command(PauseAct(20.0, "end of\x07 the film", "end_of_film")))
    assert (outcome.event.reason, outcome.event.reason_code) == ("end of the film", "end_of_film")


def test_settings_that_are_not_named_stay_as_they_are() -> None:
    record = appended(RECORD, command(SettingsAct(wait=True, sync_tolerance_ms=250))).record
    assert record.settings == StreamSettings(True, True, 250)
    outcome = appended(record, command(SettingsAct(sync_enabled=False), counter=6))
    assert outcome.event.settings == outcome.record.settings == StreamSettings(True, False, 250)
    assert outcome.event.timeline == RECORD.timeline


def test_first_media_begins_an_epoch_too() -> None:
    record = msgspec.structs.replace(RECORD, media=None)
    assert appended(record, command(LoadAct(FILM))).event.cursor == Cursor(3, 1)


def test_known_media_is_only_described_better() -> None:
    better = Media("film-0001", "file", title="The Film", duration=60.0)
    outcome = appended(PLAYING, command(LoadAct(better)))
    assert outcome.event.cursor == Cursor(2, 8)
    assert outcome.record.timeline == PLAYING.timeline
    assert outcome.record.media == msgspec.structs.replace(FILM, title="The Film", duration=60.0)
    assert outcome.event.media == outcome.record.media


def test_a_note_is_logged_and_moves_nothing() -> None:
    note = Note("event-0001", "sync_request", 12.0, reason="key", before_ms=80.0, after_ms=2.0)
    outcome = appended(PLAYING, note, member_id=VIEWER)
    assert outcome.event.event_type == "sync_request"
    assert (outcome.event.reason, outcome.event.before_ms, outcome.event.after_ms) == (
        "key",
        80.0,
        2.0,
    )
    assert outcome.record == msgspec.structs.replace(PLAYING, seq=8)


def test_a_closed_stream_takes_nothing() -> None:
    closed = msgspec.structs.replace(RECORD, status="closed")
    assert refused(closed, command(PlayAct())).code == "stream_closed"


def test_a_repetition_is_answered_with_the_original_place() -> None:
    repeated = entry(command(SeekAct(5.0)))
    known = KnownEvent(Cursor(2, 3), repeated.digest)
    assert decide(RECORD, known, repeated) == Duplicate(Cursor(2, 3))


def test_a_repetition_may_carry_another_counter_and_base() -> None:
    again = command(SeekAct(5.0), counter=9, based_on=Cursor(1, 1))
    known = KnownEvent(Cursor(2, 3), entry(command(SeekAct(5.0))).digest)
    assert decide(RECORD, known, entry(again)) == Duplicate(Cursor(2, 3))


def test_a_pause_with_a_code_is_the_one_that_an_older_server_has_written_without() -> None:
    words = "end of the film"
    known = KnownEvent(Cursor(2, 3), entry(command(PauseAct(20.0, words))).digest)
    with_code = entry(command(PauseAct(20.0, words, "end_of_film")))
    assert decide(RECORD, known, with_code) == Duplicate(Cursor(2, 3))


@pytest.mark.parametrize(
    "other",
    [
        entry(command(SeekAct(6.0))),
        entry(command(PlayAct())),
        entry(command(SeekAct(5.0)), VIEWER),
        entry(Note("event-0001", "buffer_start", 5.0)),
        entry(HostChange()),
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(other: AppendRequest) -> None:
    known = KnownEvent(Cursor(2, 3), entry(command(SeekAct(5.0))).digest)
    outcome = decide(RECORD, known, other)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "event_id_conflict"


def test_a_stale_host_is_refused() -> None:
    assert refused(RECORD, command(SeekAct(5.0), host_term=2)).code == "stale_host"
    assert refused(RECORD, command(SeekAct(5.0)), member_id=VIEWER).code == "stale_host"


@pytest.mark.parametrize("counter", [0, 4, 6, 700])
def test_a_counter_out_of_order_names_the_one_that_is_due(counter: int) -> None:
    refusal = refused(RECORD, command(PlayAct(), counter=counter))
    assert (refusal.code, refusal.expected) == ("out_of_order", 5)


def test_a_command_for_another_epoch_is_stale() -> None:
    assert refused(RECORD, command(PlayAct(), based_on=Cursor(1, 9))).code == "stale_base"
    assert refused(RECORD, command(PlayAct(), based_on=Cursor(3, 0))).code == "stale_base"


def test_own_commands_in_flight_are_ordered_by_counter_and_not_stale() -> None:
    first = appended(RECORD, command(SeekAct(5.0)))
    second = command(SeekAct(6.0), event_id="event-0002", counter=6, based_on=Cursor(2, 7))
    assert appended(first.record, second).event.seq == 9


def test_a_base_before_another_hosts_events_is_stale() -> None:
    record = msgspec.structs.replace(RECORD, foreign_seq=6)
    assert refused(record, command(PlayAct(), based_on=Cursor(2, 5))).code == "stale_base"
    assert appended(record, command(PlayAct(), based_on=Cursor(2, 6)))


def test_a_new_host_begins_a_term() -> None:
    outcome = appended(RECORD, HostChange(), member_id=VIEWER)
    assert outcome.event.event_type == "host_change"
    assert (outcome.event.host_id, outcome.event.host_term) == (VIEWER, 4)
    assert outcome.record == msgspec.structs.replace(
        RECORD, host_id=VIEWER, host_term=4, host_counter=0, foreign_seq=7, seq=8
    )


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        (Cursor(2, 7), ""),
        (Cursor(2, 2), ""),
        (Cursor(2, 1), "too_far_behind"),
        (Cursor(1, 7), "wrong_epoch"),
        (Cursor(2, 8), "from_the_future"),
        (Cursor(3, 0), "from_the_future"),
    ],
)
def test_a_cursor_is_answered_by_events_or_a_reason(cursor: Cursor, reason: str) -> None:
    assert snapshot_reason(RECORD, cursor, most=5) == reason


def test_events_must_lead_from_the_cursor_to_the_top() -> None:
    def event(seq: int) -> Event:
        return Event(2, seq, "event-0001", "play", HOST, "Ana", 0, Timeline())

    whole = (event(6), event(7))
    assert missing_reason(RECORD, Cursor(2, 5), whole, 10_000) == ""
    assert missing_reason(RECORD, Cursor(2, 4), whole, 10_000) == "too_old"
    assert missing_reason(RECORD, Cursor(2, 5), whole[:1], 10_000) == "too_old"
    assert missing_reason(RECORD, Cursor(2, 5), whole, 100) == "too_far_behind"


@pytest.mark.parametrize(
    ("record", "host_term", "code"),
    [
        (RECORD, 3, ""),
        (RECORD, None, ""),
        (RECORD, 2, "stale_host"),
        (RECORD, 4, "stale_host"),
        (None, 3, "unauthorized"),
    ],
)
def test_an_errand_is_for_its_own_term(
    record: StreamRecord | None, host_term: int | None, code: str
) -> None:
    assert getattr(refused_moderation(record, host_term), "code", "") == code
