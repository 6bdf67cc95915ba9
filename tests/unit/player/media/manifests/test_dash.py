"""Media presentation descriptions: what is read of them, and the periods they are taken into."""

from __future__ import annotations

import pytest

from player.media.manifests.dash import is_dash, parse_dash, parse_duration
from protocol.exceptions import MatineeError

URL = "https://films.example/a/film.mpd"
HEAD = '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"'
TWO = (
    f'{HEAD} xmlns:xlink="http://www.w3.org/1999/xlink" type="static"'
    ' mediaPresentationDuration="PT1M30S"><BaseURL>../b/</BaseURL>'
    '<Period id="1" xlink:actuate="onLoad"><AdaptationSet mimeType="video/mp4"/></Period>'
    '<Period id="2" start="PT1M"><AdaptationSet mimeType="video/mp4"/></Period></MPD>'
)


def test_a_dynamic_presentation_is_live() -> None:
    assert parse_dash(f'{HEAD} type="dynamic"><Period/></MPD>', URL).is_live
    assert not parse_dash(f'{HEAD} type="static"><Period/></MPD>', URL).is_live
    assert not parse_dash(f"{HEAD}><Period/></MPD>", URL).is_live


def test_each_of_several_periods_is_a_presentation_of_its_own() -> None:
    one, two = parse_dash(TWO, URL).parts
    assert (one.duration, two.duration) == (60.0, 30.0)
    for part in (one, two):
        assert is_dash(part.text)
        assert "<BaseURL>https://films.example/b/</BaseURL>" in part.text
        assert not parse_dash(part.text, URL).parts
    assert 'id="2"' in two.text
    assert 'id="1"' not in two.text


def test_periods_of_unknown_length_are_left_together() -> None:
    assert parse_dash(TWO.replace(' mediaPresentationDuration="PT1M30S"', ""), URL).parts == ()
    assert parse_dash(TWO.replace(' start="PT1M"', ""), URL).parts == ()
    assert parse_dash(TWO.replace('start="PT1M"', 'start="PT2M"'), URL).parts == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<MPD",
        "<other/>",
        '<!DOCTYPE MPD [<!ENTITY a "b">]><MPD>&a;</MPD>',
        "<MPD>\x00</MPD>",
        TWO.replace("../b/", "http://["),
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(MatineeError):
        parse_dash(text, URL)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT10S", 10.0),
        ("P1DT1H1M1.5S", 90061.5),
        ("PT0S", 0.0),
        ("", None),
        ("P", None),
        ("P1Y", None),
        ("PT-4S", None),
    ],
)
def test_a_duration_is_read_as_xml_writes_it(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds
