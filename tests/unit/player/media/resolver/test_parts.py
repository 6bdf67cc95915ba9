"""What yt-dlp knows of a page, turned into what a player can open."""

from __future__ import annotations

from typing import Any

import pytest

from player.backend.base import Chapter, Cookie
from player.media.resolver.formats import format_selector, found_in, plain_words

PICTURES: dict[str, Any] = {"url": "https://cdn.example/v.mp4", "protocol": "https"}
SOUND: dict[str, Any] = {"url": "https://cdn.example/a.m4a", "protocol": "https"}


def test_separate_pictures_and_sound_are_both_found() -> None:
    info = {
        "title": "A Film",
        "duration": 90,
        "requested_formats": [{**PICTURES, "http_headers": {"Referer": "https://x/"}}, SOUND],
        "chapters": [{"title": "One", "start_time": -0.1}, {"start_time": 30}],
        "live_status": "not_live",
    }
    found = found_in(info, ["en"])
    assert (found.url, found.audio_url) == (PICTURES["url"], SOUND["url"])
    assert found.headers == {"Referer": "https://x/"}
    assert (found.title, found.duration, found.is_live) == ("A Film", 90.0, False)
    assert found.chapters == (Chapter("One", 0.0), Chapter("", 30.0))


def test_segments_are_found_through_their_manifest() -> None:
    manifest = {"protocol": "http_dash_segments", "manifest_url": "https://cdn.example/f.mpd"}
    info = {"requested_formats": [{**PICTURES, **manifest}, {**SOUND, **manifest}]}
    found = found_in(info, [])
    assert (found.url, found.audio_url) == ("https://cdn.example/f.mpd", "")


def test_a_playlist_gives_its_first_and_says_how_many_there_are() -> None:
    entry = {**PICTURES, "title": "First"}
    found = found_in({"_type": "playlist", "entries": [entry], "playlist_count": 7}, [])
    assert (found.title, found.one_of) == ("First", 7)
    with pytest.raises(LookupError):
        found_in({"_type": "playlist", "entries": []}, [])
    with pytest.raises(LookupError):
        found_in({"title": "nothing"}, [])


def test_a_lone_film_in_a_page_loses_yt_dlps_number() -> None:
    info = {**PICTURES, "title": "A Page (1)", "extractor_key": "HTML5MediaEmbed"}
    assert found_in(info, []).title == "A Page"
    assert found_in({**info, "extractor_key": "Site"}, []).title == "A Page (1)"


def test_subtitles_are_few_and_the_persons_language_comes_first() -> None:
    offers = [{"ext": "json3", "url": "https://x/j"}, {"ext": "vtt", "url": "https://x/v"}]
    names = ("fr", "it", "en", "es", "de-AT", "live_chat")
    by_language: dict[str, list[dict[str, str]]] = dict.fromkeys(names, offers)
    by_language["pt"] = [{"ext": "json3", "url": "https://x/j"}]
    found = found_in({**PICTURES, "subtitles": by_language}, ["de", "en"]).subtitles
    assert [subtitle.language for subtitle in found] == ["de-AT", "en", "fr", "it"]
    assert {subtitle.url for subtitle in found} == {"https://x/v"}


def test_cookies_go_along_with_their_sites_and_no_header_says_who_somebody_is() -> None:
    cookie = Cookie("a", "1", ".example")
    given = {"Authorization": "Bearer x", "Cookie": "b=2", "Accept": "*/*"}
    found = found_in(
        {**PICTURES, "http_headers": given, "is_live": True}, [], lambda _: [cookie, cookie]
    )
    assert found.headers == {"Accept": "*/*"}
    assert found.cookies == (cookie,)
    assert found.withholds


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("\x1b[0;31mERROR:\x1b[0m [youtube] abc: Video unavailable", "Video unavailable"),
        ("ERROR: [generic] Unsupported URL: https://x/", "Unsupported URL: https://x/"),
        (
            "ERROR: [site] 1: Odd; please report this issue on  https://github.com/x/issues?q= , "
            "filling out the appropriate issue template. Confirm you are on the latest version",
            "Odd",
        ),
        (
            "ERROR: [generic] Unable to download webpage: HTTP Error 404: Not Found "
            "(caused by <HTTPError 404: Not Found>)",
            "Unable to download webpage: HTTP Error 404: Not Found",
        ),
        ("WARNING: plain", "plain"),
    ],
)
def test_yt_dlps_words_are_shown_without_their_trimmings(said: str, words: str) -> None:
    assert plain_words(said) == words


def test_the_wish_is_capped_and_names_only_what_mpv_opens() -> None:
    wish = format_selector(720)
    assert wish.startswith("bv*[height<=?720]")
    assert "rtmp" not in wish
