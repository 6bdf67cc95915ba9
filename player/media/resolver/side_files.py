"""Side files: subtitles that lie beside a film, fetched so that none of them holds the film up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx

from player.backend.base import Subtitle
from protocol.exceptions import MatineeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from player.media.resolver.web_client import WebClient

_MAX_BYTES: Final = 8 * 1024 * 1024
_SAID: Final = ("user-agent", "referer", "origin")
"""Header fields of a film that may be said to whoever has its subtitles."""


class SideFiles:
    """Fetcher of subtitles.

    Args:
        client: asks.
        timeout: seconds for all of them together.
    """

    def __init__(self, client: WebClient, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    async def fetch(
        self,
        subtitles: Sequence[Subtitle],
        headers: Mapping[str, str],
        proxy: str,
        keep: Callable[[str, bytes, str], str],
    ) -> tuple[tuple[Subtitle, ...], list[str]]:
        """Those that came in time, each where ``keep`` has put it, and languages of the others."""
        if not subtitles:
            return (), []
        said = {name: value for name, value in headers.items() if name.lower() in _SAID}
        contents: dict[int, bytes] = {}
        async with self._client.opened(proxy) as client:

            async def take(number: int, url: str) -> None:
                content = await _content(client, url, said)
                if content:
                    contents[number] = content

            works = [
                asyncio.create_task(take(number, subtitle.url))
                for number, subtitle in enumerate(subtitles)
            ]
            await asyncio.wait(works, timeout=self._timeout)
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)
        kept: list[Subtitle] = []
        missing: list[str] = []
        for number, subtitle in enumerate(subtitles):
            if number not in contents:
                missing.append(subtitle.language or subtitle.title or str(number + 1))
                continue
            if contents[number].startswith(b"#EXTM3U"):
                # A list of pieces, whose names mean something at their own site only.
                kept.append(subtitle)
                continue
            name = urlsplit(subtitle.url).path.rpartition("/")[2] or "subtitles"
            url = keep(name, contents[number], "text/plain")
            kept.append(Subtitle(url, subtitle.language, subtitle.title))
        return tuple(kept), missing


async def _content(client: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> bytes:
    """All of it; nothing where it is none or too large."""
    content = bytearray()
    try:
        async with client.stream("GET", url, headers=headers, follow_redirects=True) as answer:
            if answer.status_code != 200:
                return b""
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > _MAX_BYTES:
                    return b""
    except (httpx.HTTPError, httpx.InvalidURL, MatineeError):
        return b""
    return bytes(content)
