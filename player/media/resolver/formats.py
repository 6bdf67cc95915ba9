"""Format selection: from what yt-dlp knows of a page to what a player can open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from player.backend.base import Chapter, Subtitle
from player.media.resolver.ytdlp_messages import ExtractedMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from player.backend.base import Cookie

Info = dict[str, Any]
"""yt-dlp's untyped description of a video, or of one of its formats."""

_SECRETS: Final = ("authorization", "cookie", "proxy-authorization")
"""Headers that prove who somebody is: a player would say them to other hosts, too."""
_PLAYABLE: Final = "[protocol~='^(https?|m3u8|m3u8_native|http_dash_segments)$']"
_SUBTITLE_KINDS: Final = ("vtt", "srt", "ass", "ttml")
_MAX_SUBTITLES: Final = 4
"""mpv opens each before the film begins."""
_MAX_CHAPTERS: Final = 500
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PLEA: Final = re.compile(r"[;.,]?\s*please report this issue on.*", re.IGNORECASE | re.DOTALL)
_CAUSE: Final = re.compile(r"\s*\(caused by .*", re.DOTALL)
_PREFIX: Final = re.compile(r"^(ERROR|WARNING):\s*")
_EXTRACTOR: Final = re.compile(r"^\[[\w:.+-]+\]\s+(\S+:\s+)?")


def format_selector(max_height: int) -> str:
    """yt-dlp's format expression for the best that mpv can open, up to ``max_height`` rows."""
    cap = f"[height<=?{max_height}]"
    return "/".join(
        (
            f"bv*{cap}{_PLAYABLE}+ba{_PLAYABLE}",
            f"b{cap}{_PLAYABLE}",
            f"bv*{_PLAYABLE}+ba{_PLAYABLE}",
            f"b*{_PLAYABLE}",
        )
    )


def found_in(
    info: Info,
    languages: Iterable[str],
    cookies_for: Callable[[str], Iterable[Cookie]] = lambda _: (),
) -> ExtractedMedia:
    """The tracks that yt-dlp chose; ``cookies_for`` has those of an address.

    Raises:
        LookupError: there is none that a player could open.
    """
    one_of = 1
    if info.get("_type") in ("playlist", "multi_video"):
        entries = [entry for entry in info.get("entries") or () if entry]
        if not entries:
            raise LookupError("the page has no film that can be opened")
        one_of = max(int(info.get("playlist_count") or 0), len(entries))
        info = cast("Info", entries[0])
    chosen: list[Info] = info.get("requested_formats") or [info]
    pictures, *others = chosen
    url = _url_of(pictures)
    audio_url = _url_of(others[0]) if others else ""
    duration = _number(info.get("duration"))
    return ExtractedMedia(
        url=url,
        # One manifest can hold both.
        audio_url=audio_url if audio_url != url else "",
        subtitles=tuple(_subtitles(info.get("subtitles") or {}, languages)),
        headers=_headers(pictures),
        cookies=tuple(dict.fromkeys(c for at in (url, audio_url) if at for c in cookies_for(at))),
        withholds=any(name.lower() == "authorization" for name in _given_headers(pictures)),
        title=_title_of(info, one_of),
        duration=duration if duration > 0 else None,
        chapters=tuple(
            Chapter(str(chapter.get("title") or ""), max(0.0, _number(chapter.get("start_time"))))
            for chapter in (info.get("chapters") or ())[:_MAX_CHAPTERS]
        ),
        is_live=bool(info.get("is_live")) or info.get("live_status") == "is_live",
        one_of=one_of,
    )


def plain_words(text: str) -> str:
    """yt-dlp's message without colours, labels and pleas to report it."""
    plain = _PREFIX.sub("", _ANSI.sub("", text).strip())
    plain = _CAUSE.sub("", _PLEA.sub("", plain))
    return " ".join(_EXTRACTOR.sub("", plain).split())[:2000]


def _title_of(info: Info, one_of: int) -> str:
    title = str(info.get("title") or "")[:2000]
    # yt-dlp numbers what it finds inside a page, even where there is only one.
    numbered = one_of == 1 and info.get("extractor_key") in ("HTML5MediaEmbed", "Generic")
    return title.removesuffix(" (1)") if numbered else title


def _url_of(track: Info) -> str:
    # A DASH format's own address is often only the base of its segments.
    if track.get("protocol") == "http_dash_segments" and track.get("manifest_url"):
        return str(track["manifest_url"])
    if not track.get("url"):
        raise LookupError("the page has no film that can be opened")
    return str(track["url"])


def _headers(track: Info) -> dict[str, str]:
    """What may be said to every host that the film leads to: a login is none of it."""
    given = _given_headers(track)
    return {name: str(value) for name, value in given.items() if name.lower() not in _SECRETS}


def _given_headers(track: Info) -> Info:
    return track.get("http_headers") or {}


def _subtitles(
    by_language: Mapping[str, list[Info]], languages: Iterable[str]
) -> Iterable[Subtitle]:
    """The wanted languages first, each in the kind that mpv reads best."""
    wanted = list(languages)

    def rank(language: str) -> int:
        base = language.partition("-")[0].lower()
        return wanted.index(base) if base in wanted else len(wanted)

    known = [language for language in by_language if language != "live_chat"]
    for language in sorted(known, key=rank)[:_MAX_SUBTITLES]:
        offers = [offer for offer in by_language[language] if offer.get("url")]
        for kind in _SUBTITLE_KINDS:
            offer = next((offer for offer in offers if offer.get("ext") == kind), None)
            if offer is not None:
                yield Subtitle(str(offer["url"]), language, str(offer.get("name") or ""))
                break


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
