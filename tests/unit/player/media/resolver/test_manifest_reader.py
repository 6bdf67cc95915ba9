"""From a manifest to a source: whether it is live, and its parts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from player.backend.base import Source
from player.media.resolver.manifest_reader import ListAccess, ManifestReader, is_manifest_url
from player.media.resolver.probe import ProbeResult
from protocol.exceptions import MediaRefused, ResolveError
from protocol.media.url_policy import STRICT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.media.url_policy import UrlPolicy

URL = "http://films.example/list.m3u8"
SOURCE = Source(URL, is_network=True)
JOINED = "#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2,\nb.ts\n#EXT-X-ENDLIST\n"
LIVE = "#EXTM3U\n#EXTINF:4,\na.ts\n#EXTINF:2,\nb.ts\n"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"
WITH_SOUND = (
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="s.m3u8"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nv.m3u8\n'
)
PERIOD = '<Period duration="PT4S"/>'


class Shelf:
    """Lists that are found, and texts that are served."""

    def __init__(self, found: Mapping[str, str] | None = None, *, serves: bool = True) -> None:
        self._found = found or {}
        self._serves = serves
        self.served: dict[str, str] = {}

    async def look(self, url: str, rules: UrlPolicy, proxy: str) -> ProbeResult:
        name = url.rpartition("/")[2]
        if name not in self._found:
            raise ResolveError("there is none")
        return ProbeResult("manifest", url, text=self._found[name].encode())

    def serve(self, source: Source, name: str, text: str) -> str | None:
        if not self._serves:
            return None
        self.served[name] = text
        return f"http://texts.invalid/{name}"

    def read(self, text: str, options: Mapping[str, str] | None = None) -> Source:
        access = ListAccess(STRICT, "", self.serve, {"http_proxy": "p"} if options is None else {})
        seen = ProbeResult("manifest", URL, text=text.encode())
        return asyncio.run(ManifestReader(self.look, 1080).read(seen, SOURCE, access))


def test_a_live_list_has_timestamps_that_all_seats_share() -> None:
    source = Shelf().read(LIVE)
    assert (source.is_live, source.has_shared_timestamps) == (True, True)
    assert source.segment_duration == 3.0
    dash = Shelf().read('<MPD type="dynamic"><Period/></MPD>')
    assert (dash.is_live, dash.has_shared_timestamps) == (True, True)


def test_a_list_of_qualities_is_live_when_its_lists_are() -> None:
    assert Shelf({"v.m3u8": LIVE}).read(MASTER).is_live
    assert Shelf({"v.m3u8": LIVE + "#EXT-X-ENDLIST\n"}).read(MASTER) == SOURCE


def test_each_part_is_a_list_of_its_own_and_all_are_joined_in_one() -> None:
    shelf = Shelf()
    source = shelf.read(JOINED)
    assert [part.duration for part in source.parts] == [4.0, 2.0]
    assert "http://films.example/b.ts" in shelf.served["part-2.m3u8"]
    assert source.joined_url == "http://texts.invalid/joined.ffconcat"
    assert "option http_proxy 'p'" in shelf.served["joined.ffconcat"]


def test_what_is_encrypted_on_the_way_is_left_to_the_player_whole() -> None:
    source = Shelf().read(JOINED.replace("b.ts", "https://films.example/b.ts"))
    assert len(source.parts) == 2
    assert source.joined_url == ""
    assert Shelf().read(JOINED, {}).joined_url == ""


def test_separate_sound_is_taken_apart_at_the_same_seams() -> None:
    shelf = Shelf({"v.m3u8": JOINED, "s.m3u8": JOINED})
    source = shelf.read(WITH_SOUND)
    assert [part.url for part in source.parts] == [
        "http://texts.invalid/both-1.m3u8",
        "http://texts.invalid/both-2.m3u8",
    ]
    assert 'URI="http://texts.invalid/sound-2.m3u8"' in shelf.served["both-2.m3u8"]
    assert "http://texts.invalid/part-2.m3u8" in shelf.served["both-2.m3u8"]


def test_the_periods_of_a_presentation_are_its_parts() -> None:
    shelf = Shelf()
    source = shelf.read(f"<MPD>{PERIOD}{PERIOD}</MPD>")
    assert [part.url[-10:] for part in source.parts] == ["part-1.mpd", "part-2.mpd"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no list",
        "#EXTM3U\n",
        "<MPD",
        MASTER,
        WITH_SOUND,
        LIVE + "#EXT-X-ENDLIST\n",
        "<MPD><Period/></MPD>",
    ],
)
def test_what_is_not_understood_is_left_to_the_player(text: str) -> None:
    assert Shelf().read(text) == SOURCE


def test_sound_with_other_seams_leaves_all_to_the_player() -> None:
    whole = LIVE + "#EXT-X-ENDLIST\n"
    assert Shelf({"v.m3u8": JOINED, "s.m3u8": whole}).read(WITH_SOUND) == SOURCE


@pytest.mark.parametrize("text", [JOINED, f"<MPD>{PERIOD}{PERIOD}</MPD>"])
def test_where_nothing_can_be_served_a_list_stays_as_it_is(text: str) -> None:
    assert Shelf(serves=False).read(text) == SOURCE


def test_a_list_that_defines_entities_is_refused() -> None:
    with pytest.raises(MediaRefused):
        Shelf().read("<!DOCTYPE x><MPD/>")


def test_a_list_is_known_by_its_name() -> None:
    assert is_manifest_url("https://a.example/x.M3U8?y=1")
    assert is_manifest_url("https://a.example/x.mpd")
    assert not is_manifest_url("https://a.example/x.mp4?z=.m3u8")
