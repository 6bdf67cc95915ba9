"""Media description: what the stream is told of a film: an address, or the traits of a file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from player.api.local_path import is_address, local_path
from player.media.local_file import UNNAMED, describe_file
from protocol.exceptions import MediaRefused, ResolveError
from protocol.media.url_policy import as_typed, split_login
from protocol.wire.messages import Media

if TYPE_CHECKING:
    from player.api.config import SeatConfig


async def identify(media: str) -> Media:
    """Describe what a person named; the media_id is left to the caller.

    Raises:
        MediaRefused: an address of a kind that is not opened.
        ResolveError: there is no such file, or it cannot be read.
    """
    if is_address(media):
        # What others are told is the address without the login in it.
        return _identify_address(split_login(as_typed(media))[0])
    return await asyncio.to_thread(lambda: describe_file(local_path(media)))


def _identify_address(media: str) -> Media:
    try:
        parts = urlsplit(media)
    except ValueError:
        raise ResolveError(f"{media!r} cannot be read", "check the address") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise MediaRefused(
            f"{parts.scheme}:// is not opened", "give an https or http address, or a file's path"
        )
    if not parts.hostname:
        raise ResolveError(f"{media!r} names no host", "check the address")
    title = unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname
    return Media(media_id=UNNAMED, kind="url", title=title[:200], url=media)


async def known_own(config: SeatConfig) -> list[tuple[str, Media]]:
    """The films a returning host named at the start, to find the stream's among them."""
    if config.role != "host" or not config.stream_id:
        return []
    found: list[tuple[str, Media]] = []
    for own in config.media:
        try:
            found.append((own, await identify(own)))
        except (MediaRefused, ResolveError):
            continue
    return found
