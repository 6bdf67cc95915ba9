"""What a peer of an older version is told in place of what it cannot take."""

from __future__ import annotations

from protocol.timeline import Timeline
from protocol.wire.messages import Event, EventType, Media, Pong, Snapshot
from protocol.wire.versions import LONG_URL_SINCE, SHORT_URL, VersionFilter

SHORT = "https://films.example.com/" + "x" * (SHORT_URL - 26)


def media(url: str) -> Media:
    return Media("film-000001", "url", "A Film", url=url)


def event(kind: EventType, url: str) -> Event:
    return Event(1, 7, "event-0001", kind, "member-01", "Ana", 3, Timeline(5.0), media(url))


def snapshot(url: str) -> Snapshot:
    line = Timeline(5.0)
    return Snapshot(
        stream_id="stream-01",
        epoch=1,
        seq=7,
        timeline=line,
        host_id="member-01",
        host_term=1,
        members=(),
        media=media(url),
    )


def test_an_address_that_all_versions_take_goes_to_all() -> None:
    older = VersionFilter()
    assert older.since(event("media", SHORT)) == 1
    assert older.since(snapshot(SHORT)) == 1


def test_a_longer_one_is_kept_from_who_cannot_read_it_and_the_rest_is_told() -> None:
    older = VersionFilter()
    for message in (event("media", SHORT + "x"), snapshot(SHORT + "x")):
        assert older.since(message) == LONG_URL_SINCE
        told = older.harmless(message)
        assert isinstance(told, Event | Snapshot)
        assert told.media == Media("film-000001", "file", "A Film")
        assert (told.seq, told.timeline) == (7, Timeline(5.0))
        if isinstance(told, Event):
            assert told.event_type == "media"


def test_an_unknown_event_with_a_longer_one_is_a_nameless_start() -> None:
    told = VersionFilter({"media": 2}).harmless(event("media", SHORT + "x"))
    assert isinstance(told, Event)
    assert (told.event_type, told.member_id) == ("play", "")
    assert told.media is not None
    assert told.media.url == ""


def test_there_is_nothing_instead_of_what_is_no_event() -> None:
    assert VersionFilter().harmless(Pong(1.0, 2.0, 3.0)) is None
    assert VersionFilter().harmless(snapshot(SHORT)) is None
