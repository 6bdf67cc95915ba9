"""Messages of the yt-dlp worker: what the resolver and its child say to each other: one JSON
object a line.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from player.api.logins import CookieQuestion, Login
from player.backend.base import Chapter, Cookie, Subtitle

MAX_LINE_BYTES = 1024 * 1024

Url = Annotated[str, Meta(max_length=64 * 1024)]
Text = Annotated[str, Meta(max_length=2000)]


class ExtractRequest(msgspec.Struct, frozen=True, tag="extract"):
    """The first line that the child reads."""

    url: Url
    max_height: int
    proxy: str = ""
    """What all connections go through: it holds them to the rules."""
    ca_file: str = ""
    """Certificates that servers are checked against; "" for yt-dlp's own."""
    languages: tuple[str, ...] = ()
    """Of subtitles, best first."""
    login: Login = Login()


WorkerQuestion = ExtractRequest | CookieQuestion


class ExtractorRemark(msgspec.Struct, frozen=True, tag="remark"):
    """yt-dlp warns of something that a person should know."""

    text: Text


class ExtractedMedia(msgspec.Struct, frozen=True, tag="found"):
    """The tracks behind a page. Nothing of it has been checked."""

    url: Url
    audio_url: Url = ""
    subtitles: Annotated[tuple[Subtitle, ...], Meta(max_length=20)] = ()
    headers: Annotated[dict[str, Annotated[str, Meta(max_length=8192)]], Meta(max_length=40)] = {}
    cookies: Annotated[tuple[Cookie, ...], Meta(max_length=500)] = ()
    withholds: bool = False
    """A header that proves who somebody is was left out."""
    title: Text = ""
    duration: Annotated[float, Meta(gt=0, le=604_800)] | None = None
    chapters: Annotated[tuple[Chapter, ...], Meta(max_length=500)] = ()
    is_live: bool = False
    one_of: int = 1
    """How many films the page has; this is the first."""


class ExtractionFailed(msgspec.Struct, frozen=True, tag="not_found"):
    """yt-dlp's own words for why there is nothing."""

    text: Text
    unsupported: bool = False
    wants_login: bool = False
    version: Annotated[str, Meta(max_length=40)] = ""


ExtractorLine = ExtractorRemark | ExtractedMedia | ExtractionFailed
"""What the child writes: remarks, then one of the other two."""
