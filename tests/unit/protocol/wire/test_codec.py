"""What `protocol.wire.codec` takes for a message, and what it says of the rest."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.exceptions import DecodeError
from protocol.wire.codec import decode_client, decode_server, encode, offered_versions
from protocol.wire.messages import (
    MAX_MESSAGE_BYTES,
    ClientMessage,
    Command,
    Cursor,
    Hello,
    Member,
    Ping,
    Presence,
    RateAct,
    SeekAct,
    SendChat,
)

SEEK = (
    '{"type":"command","event_id":"event-01","host_term":1,"counter":1,'
    '"based_on":{"epoch":1,"seq":2},"act":{"do":"seek","position":%s}}'
)


def failure(text: str) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode_client(text)
    return caught.value


def read(text: str) -> ClientMessage | DecodeError:
    try:
        return decode_client(text)
    except DecodeError as error:
        return error


def test_a_message_survives_the_way() -> None:
    command = Command("event-01", 1, 2, Cursor(1, 2), SeekAct(12.5))
    assert decode_client(encode(command)) == command
    presence = Presence(changed=(Member("member-01", "Ana", "host"),), left=("member-02",))
    assert decode_server(encode(presence)) == presence


@given(st.floats(0, 604_800, allow_nan=False))
def test_every_position_of_a_film_survives_the_way(position: float) -> None:
    command = Command("event-01", 1, 2, Cursor(1, 2), SeekAct(position))
    assert decode_client(encode(command)) == command


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ('{"type":"chat","member_id":"","name":"A","text":"%s","timestamp_ms":1}', "text"),
        ('{"type":"chat","member_id":"","name":"%s","text":"a","timestamp_ms":1}', "name"),
        ('{"type":"refused","code":"internal","message":"%s"}', "message"),
        ('{"type":"bye","code":"internal","message":"%s"}', "message"),
        ('{"type":"presence","left":["%s"]}', "left[0]"),
    ],
)
def test_what_a_server_says_is_bounded_as_well(message: str, field: str) -> None:
    decode_server(message % ("a" * 20))
    with pytest.raises(DecodeError) as caught:
        decode_server(message % ("a" * 1001))
    assert caught.value.field == field


@pytest.mark.parametrize("instant", ["-1", "1e15", "9007199254740993", "1" + "0" * 25])
def test_a_time_that_no_calendar_can_show_is_refused(instant: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_server(
            f'{{"type":"chat","member_id":"","name":"A","text":"a","timestamp_ms":{instant}}}'
        )
    assert caught.value.field == "timestamp_ms"


def test_unknown_fields_are_ignored() -> None:
    assert decode_client('{"type":"say","text":"hi","new":[{"a":[1,"x"]}]}') == SendChat("hi")


@pytest.mark.parametrize(
    "position",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "-1",
        "604801",
        "9007199254740993",
        "1" + "0" * 30,
        "9" * 5000,
        "-" + "9" * 5000,
        "true",
        "null",
        '"12"',
        "[1]",
        "{}",
    ],
)
def test_a_position_that_is_none_names_the_field(position: str) -> None:
    error = failure(SEEK % position)
    assert (error.code, error.field) == ("invalid_field", "act.position")


def test_negative_zero_becomes_zero() -> None:
    command = decode_client(SEEK % "-0.0")
    assert isinstance(command, Command)
    assert encode(command) == encode(Command("event-01", 1, 1, Cursor(1, 2), SeekAct(0.0)))


def test_a_number_too_small_for_a_float_is_zero() -> None:
    command = decode_client(SEEK % "1e-400")
    assert isinstance(command, Command)
    assert command.act == SeekAct(0.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{",
        "[]",
        "1",
        "null",
        '"hello"',
        "{}",
        '{"type":"dance"}',
        '{"type":7}',
        '{"type":"say","text":"a"} {}',
        '{"type":"say","text":"a\nb"}',
        '{"type":"say","text":"a\\u0000b"}',
        '{"type":"say","text":"\\ud800"}',
        '{"type":"say","text":"a","x":["\\udfff"]}',
        '{"type":"say","text":"a","\\u0000":1}',
        '{"type":"say","text":"a","text":"b"}',
        '{"type":"say","text":"a","x":{"y":1,"y":1}}',
        "[" * 8000,
        '{"a":' * 3000,
        '{"type":"say","text":"a","x":[[[[[[1]]]]]]}',
        '{"type":"say","text":"' + "x" * MAX_MESSAGE_BYTES + '"}',
        '{"type":"say","text":"' + "\u00e9" * (MAX_MESSAGE_BYTES // 2) + '"}',
    ],
)
def test_what_is_no_message_is_a_bad_message(text: str) -> None:
    assert failure(text).code == "bad_message"


def test_brackets_inside_text_are_not_depth() -> None:
    assert decode_client('{"type":"say","text":"[[[[[[[[\\"{{{{"}') == SendChat('[[[[[[[["{{{{')


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (SEEK.replace('"position":%s', '"x":1'), "act.position"),
        (SEEK.replace("seek", "fly") % 1, "act.do"),
        (SEEK.replace('"seq":2', '"seq":-1') % 1, "based_on.seq"),
        (SEEK.replace("event-01", "event-01\\n") % 1, "event_id"),
        (SEEK.replace("event-01", "short") % 1, "event_id"),
        ('{"type":"say"}', "text"),
        ('{"type":"say","text":""}', "text"),
        ('{"type":"say","text":"' + "x" * 501 + '"}', "text"),
        ('{"type":"ping","t0":1e13}', "t0"),
    ],
)
def test_a_wrong_field_is_named(text: str, field: str) -> None:
    error = failure(text)
    assert (error.code, error.field) == ("invalid_field", field)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    assert len(failure('{"type":"' + "z" * 9000 + '"}').message) <= 120
    assert len(failure('{"type":"say","text":"a","' + "k" * 9000 + '":{"b":NaN}}').field) <= 80


def test_a_rate_outside_its_bounds_is_refused() -> None:
    text = encode(Command("event-01", 1, 1, Cursor(1, 2), RateAct(9.0)))
    assert failure(text).field == "act.rate"


def test_a_server_may_say_more_at_once_than_a_seat() -> None:
    members = tuple(Member(f"member-{n:04d}", "Somebody", "viewer") for n in range(500))
    text = encode(Presence(changed=members))
    assert len(text) > MAX_MESSAGE_BYTES
    assert decode_server(text) == Presence(changed=members)


def test_offered_versions_are_read_from_a_hello_of_any_age() -> None:
    assert offered_versions('{"type":"hello","version_min":7,"version_max":9}') == (7, 9)
    assert offered_versions('{"type":"hello","name":5}') == (0, 0)
    assert offered_versions('{"type":"hello","version_min":"x"}') is None
    assert offered_versions('{"type":"say","text":"hi"}') is None
    assert offered_versions("[") is None


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(st.text() | json_values.map(json.dumps))
def test_any_text_is_a_message_or_a_decode_error(text: str) -> None:
    message = read(text)
    if isinstance(message, DecodeError):
        assert message.code in ("bad_message", "invalid_field")
    else:
        assert decode_client(encode(message)) == message


@given(json_values)
def test_any_value_in_any_field_is_taken_or_refused(value: object) -> None:
    for whole in (Ping(1.0), Hello(1, 1, "Ana", "instance-1"), SendChat("hi")):
        tree = json.loads(encode(whole))
        for field in tree:
            message = read(json.dumps({**tree, field: value}))
            if isinstance(message, DecodeError):
                assert message.code in ("bad_message", "invalid_field")
