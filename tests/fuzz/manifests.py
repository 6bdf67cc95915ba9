"""One function for each parser of lists of segments, whose authors are strangers.

Each takes any text, and raises only when a promise is broken.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from player.media.manifests.dash import parse_dash
from player.media.manifests.hls import HlsMediaPlaylist, parse_hls
from player.media.manifests.hls_parts import parts_of, written, written_variant
from protocol.exceptions import MediaRefused, ResolveError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_URL: Final = "https://films.example/a/list?x=1"
_OTHER: Final = "https://elsewhere.example/b/"
_NAMING: Final = ("#EXT-X-KEY:", "#EXT-X-MAP:", "#EXT-X-MEDIA:")
"""Tags that name addresses."""
_NAMED: Final = re.compile(r'URI="([^"]*)"')


def hls_read(text: str) -> None:
    """An HLS list: what is handed to a player names the same segments, wherever it is read."""
    try:
        playlist = parse_hls(text, _URL)
    except (ResolveError, MediaRefused):
        return
    if not isinstance(playlist, HlsMediaPlaylist):
        chosen = playlist.best_variant(720)
        sound = playlist.sound_of(chosen)
        if sound is not None:
            _check_absolute(written_variant(chosen, chosen.url, sound, sound.url))
        return
    assert math.isfinite(playlist.duration)
    handed = written(playlist)
    _check_absolute(handed)
    named = [segment.url for segment in playlist.segments]
    again = parse_hls(handed, _OTHER)
    assert isinstance(again, HlsMediaPlaylist)
    assert [segment.url for segment in again.segments] == named
    assert [s.byte_range for s in again.segments] == [s.byte_range for s in playlist.segments]
    for part in parts_of(playlist):
        assert 0 < part.duration < math.inf
        assert not part.playlist.is_joined
        _check_absolute(written(part.playlist))


def dash_read(text: str) -> None:
    """A DASH list: each of its parts is one, and as long as it says."""
    try:
        manifest = parse_dash(text, _URL)
    except (ResolveError, MediaRefused):
        return
    for part in manifest.parts:
        assert 0 < part.duration < math.inf
        assert not parse_dash(part.text, _OTHER).parts


def _check_absolute(handed: str) -> None:
    """Every address in it holds wherever it is read from."""
    for line in handed.split("\n"):
        if line.startswith("#"):
            found = _NAMED.findall(line) if line.startswith(_NAMING) else []
        else:
            found = [line] if line else []
        for url in found:
            assert urlsplit(url).scheme, line
            assert not re.search(r"[\s\0]", url)


MANIFESTS: Final[Mapping[str, Callable[[str], None]]] = {"hls": hls_read, "dash": dash_read}
