"""Playlists: what is read of them, and the parts they are taken into."""

from __future__ import annotations

import pytest

from player.media.manifests.hls import (
    ByteRange,
    HlsMediaPlaylist,
    HlsMultivariantPlaylist,
    is_one_piece,
    parse_hls,
)
from player.media.manifests.hls_parts import MAX_PARTS, parts_of, written, written_variant
from protocol.exceptions import MatineeError, ResolveError

URL = "https://films.example/a/list.m3u8?token=1"
JOINED = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:5
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-KEY:METHOD=AES-128,URI="key.bin"
#EXT-X-MAP:URI="one.mp4"
#EXTINF:4.0,
#EXT-X-BYTERANGE:100@50
all.mp4
#EXTINF:2.5,
#EXT-X-BYTERANGE:200
all.mp4
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=NONE
#EXT-X-MAP:URI="two.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z
#EXTINF:3.0,
https://ads.example/ad.mp4
#EXT-X-ENDLIST
"""
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",DEFAULT=YES,URI="de.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100,RESOLUTION=640x360,AUDIO="a"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900,RESOLUTION=1920x1080
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500,RESOLUTION=1920x1080
"""


def media(text: str) -> HlsMediaPlaylist:
    playlist = parse_hls(text, URL)
    assert isinstance(playlist, HlsMediaPlaylist)
    return playlist


def master(text: str) -> HlsMultivariantPlaylist:
    playlist = parse_hls(text, URL)
    assert isinstance(playlist, HlsMultivariantPlaylist)
    return playlist


def test_each_segment_has_what_holds_for_it() -> None:
    first, second, third = media(JOINED).segments
    assert first.url == "https://films.example/a/all.mp4"
    assert (first.byte_range, second.byte_range) == (ByteRange(100, 50), ByteRange(200, 150))
    assert first.keys == ('#EXT-X-KEY:METHOD=AES-128,URI="https://films.example/a/key.bin"',)
    assert third.keys == ("#EXT-X-KEY:METHOD=NONE",)
    assert third.map == '#EXT-X-MAP:URI="https://films.example/a/two.mp4"'
    assert third.tags == ("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z",)
    assert [one.is_discontinuous for one in (first, second, third)] == [False, False, True]


def test_a_list_without_an_end_that_does_not_keep_all_is_live() -> None:
    sliding = "#EXTM3U\n#EXTINF:4,\na.ts\n"
    assert media(sliding).is_live
    assert not media(sliding + "#EXT-X-ENDLIST\n").is_live
    assert not media(sliding.replace("#EXTINF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF")).is_live
    assert not media(sliding.replace("#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF")).is_live


def test_a_list_with_an_end_and_no_seam_is_known_at_a_glance() -> None:
    assert not is_one_piece(JOINED)
    assert is_one_piece(JOINED.replace("#EXT-X-DISCONTINUITY\n", ""))
    assert is_one_piece("#EXTM3U\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-ENDLIST\n")
    assert not is_one_piece("#EXTM3U\n#EXTINF:4,\na.ts\n")


def test_a_part_begins_at_each_seam_and_can_be_read_alone() -> None:
    one, two = parts_of(media(JOINED))
    assert (one.duration, two.duration) == (6.5, 3.0)
    assert (one.playlist.media_sequence, two.playlist.media_sequence) == (7, 9)
    again = media(written(one.playlist))
    assert again.segments == one.playlist.segments
    assert not again.is_joined
    assert not again.is_live
    text = written(two.playlist)
    assert "#EXT-X-DISCONTINUITY" not in text
    assert text.index("two.mp4") < text.index("ads.example")


def test_a_list_written_anew_says_the_same() -> None:
    playlist = media(JOINED)
    assert media(written(playlist)) == playlist
    sliding = media("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:4\n#EXTINF:4,\na.ts\n")
    assert media(written(sliding)) == sliding


def test_a_list_of_one_piece_or_of_too_many_has_no_parts() -> None:
    segment = "#EXTINF:4,\na.ts\n"
    assert parts_of(media("#EXTM3U\n" + segment)) == ()
    assert len(parts_of(media("#EXTM3U\n" + "#EXT-X-DISCONTINUITY\n".join([segment] * 3)))) == 3
    many = "#EXT-X-DISCONTINUITY\n".join([segment] * (MAX_PARTS + 1))
    assert parts_of(media("#EXTM3U\n" + many)) == ()


def test_a_part_without_duration_is_left_out() -> None:
    text = "#EXTM3U\n#EXTINF:4,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:x,\nb\n#EXT-X-ENDLIST\n"
    assert [part.duration for part in parts_of(media(text))] == [4.0]


def test_keys_of_several_systems_hold_side_by_side() -> None:
    text = """#EXTM3U
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="one",URI="a"
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="two",URI="b"
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="two",URI="c"
#EXTINF:4,
x.ts
"""
    keys = media(text).segments[0].keys
    assert [key[-4:] for key in keys] == ['a/a"'[-4:], 'a/c"'[-4:]]


def test_the_best_picture_that_fits_is_chosen_with_its_own_sound() -> None:
    listed = master(MASTER)
    assert listed.best_variant(1080).url == "https://films.example/a/high.m3u8"
    low = listed.best_variant(720)
    assert (low.height, low.url) == (360, "https://films.example/a/low.m3u8")
    assert listed.best_variant(100) == low
    sound = listed.sound_of(low)
    assert sound is not None
    assert sound.url == "https://films.example/a/de.m3u8"
    assert listed.sound_of(listed.best_variant(1080)) is None


def test_one_variant_with_its_sound_is_a_list_of_its_own() -> None:
    listed = master(MASTER)
    low = listed.best_variant(720)
    sound = listed.sound_of(low)
    assert sound is not None
    again = master(written_variant(low, "https://x.example/v", sound, "https://x.example/s"))
    assert again.variants[0].url == "https://x.example/v"
    said = again.sound_of(again.variants[0])
    assert said is not None
    assert said.url == "https://x.example/s"


@pytest.mark.parametrize(
    "text", ["", "no list", "#EXTM3U\n", "#EXTM3U\n#EXTINF:4,\n", "#EXTM3U\n#EXT-X-STREAM-INF:\n"]
)
def test_what_names_nothing_to_play_is_refused(text: str) -> None:
    with pytest.raises(ResolveError):
        parse_hls(text, URL)


@pytest.mark.parametrize(
    "line", ["http://[", "//[::1", "http://\ud800/", "\0file:///etc/passwd", "fi\tle:///x"]
)
def test_an_address_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(MatineeError):
        parse_hls(f"#EXTM3U\n#EXTINF:4,\n{line}\n", URL)


def test_an_address_cannot_end_its_line_or_its_quotes() -> None:
    playlist = media('#EXTM3U\n#EXTINF:4,\na b"c é.ts\n')
    assert playlist.segments[0].url == "https://films.example/a/a%20b%22c%20%C3%A9.ts"


@pytest.mark.parametrize("said", ["nan", "inf", "-4", "1e9", "4 4", ""])
def test_a_duration_that_makes_no_sense_counts_nothing(said: str) -> None:
    assert media(f"#EXTM3U\n#EXTINF:{said},\na.ts\n").duration == 0.0


def test_a_number_that_makes_no_sense_is_nothing() -> None:
    text = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:²\n#EXT-X-BYTERANGE:x\n#EXTINF:4,\na.ts\n"
    assert media(text).media_sequence == 0
    assert media(text).segments[0].byte_range == ByteRange(0, 0)
