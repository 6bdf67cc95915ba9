"""Lines into a seat: words and JSON are two spellings of one thing."""

from __future__ import annotations

import msgspec
import pytest

from player.api import intents
from player.api.config import SeatConfig
from player.api.intent_parser import parse_intent
from protocol.exceptions import DecodeError


@pytest.mark.parametrize(
    ("line", "intent"),
    [
        ("play", intents.Play()),
        ("  PAUSE ", intents.Pause()),
        ("seek 240", intents.Seek(240)),
        ("seek 4:00", intents.Seek(240)),
        ("seek 1:02:03.5", intents.Seek(3723.5)),
        ("seek_by -5", intents.SeekBy(-5)),
        ("chapter_by 1", intents.ChapterBy(1)),
        ("rate 1.25", intents.SetRate(1.25)),
        ("say hi there", intents.Say("hi there")),
        ("wait on", intents.Wait(True)),
        ("sync OFF", intents.Sync(False)),
        ("tolerance 250", intents.Tolerance(250)),
        ("load films/one.mkv", intents.LoadMedia("films/one.mkv")),
        ('{"intent":"seek","position":3}', intents.Seek(3)),
        ('{"intent":"say","text":"[/]","more":1}', intents.Say("[/]")),
    ],
)
def test_a_line_is_read(line: str, intent: intents.AnyIntent) -> None:
    assert parse_intent(line) == intent


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("dance", "intent"),
        ("", "intent"),
        ("play now", "play"),
        ("seek", "position"),
        ("seek soon", "position"),
        ("seek nan", "position"),
        ("seek 1e999", "position"),
        ("seek -3", "position"),
        ("seek 1:2:3:4", "position"),
        ("seek :30", "position"),
        ("rate 9", "rate"),
        ("wait", "on"),
        ("wait 1", "wait"),
        ("sync maybe", "sync"),
        ("tolerance 5", "tolerance_ms"),
        ("chapter_by 1.5", "step"),
        ("say " + "x" * 501, "text"),
        ('{"intent":"seek","position":"3"}', "position"),
        ('{"intent":"fly"}', "intent"),
        ('{"intent":', ""),
    ],
)
def test_a_wrong_line_names_its_field(line: str, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_intent(line)
    assert caught.value.field == field
    assert caught.value.message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rate 9", "rate must be at most 4"),
        ("seek -3", "position must be at least 0"),
        ("chapter_by 1.5", "step must be a whole number"),
        ("say " + "x" * 501, "text must be at most 500 characters"),
        ('{"intent":"seek","position":"3"}', "position must be a number"),
    ],
)
def test_a_wrong_field_is_explained_without_a_validators_words(line: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        parse_intent(line)


def test_every_word_stands_for_an_intent() -> None:
    texts = {"text": " x", "media": " x", "answer": " once", "on": " off", "tolerance_ms": " 100"}
    for word, kind in intents.WORDS.items():
        fields = [argument.encode_name for argument in intents.arguments_of(kind)]
        assert isinstance(parse_intent(word + "".join(texts.get(f, " 1") for f in fields)), kind)


def test_what_has_a_default_may_be_left_out() -> None:
    assert parse_intent("renew") == intents.Renew()
    assert parse_intent("revoke 3") == intents.Revoke(uses=3)


def test_a_viewers_own_copy_and_nothing_else_is_kept_in_the_configuration() -> None:
    viewer = SeatConfig(role="viewer", name="Ben", instance_id="b", server="http://x")
    host = msgspec.structs.replace(viewer, role="host")
    own = intents.OwnCopy("/films/own.mkv")
    assert own.kept_in(viewer).media == ("/films/own.mkv",)
    assert own.kept_in(host) == host
    assert intents.LoadMedia("x").kept_in(viewer) == viewer


def test_intents_survive_their_json_spelling() -> None:
    for intent in (intents.Trim(-10.0), intents.PictureSize(100, 50), intents.Quit()):
        assert parse_intent(msgspec.json.encode(intent).decode()) == intent


@pytest.mark.parametrize(
    "line", ["say caf\udce9", "\udcff\udcfe", "pla\udce9", '{"intent":"say","text":"\udce9"}']
)
def test_a_line_that_is_not_utf_8_is_told_so(line: str) -> None:
    with pytest.raises(DecodeError, match="not UTF-8"):
        parse_intent(line)


def test_a_file_is_named_by_whatever_bytes_its_name_has() -> None:
    assert parse_intent("load /films/caf\udce9.mp4") == intents.LoadMedia(
        "file:///films/caf%E9.mp4"
    )
    assert parse_intent("copy caf\udce9.mp4") == intents.OwnCopy("file:caf%E9.mp4")
    assert parse_intent("load /films/café.mp4") == intents.LoadMedia("/films/café.mp4")
