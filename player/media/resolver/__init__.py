"""Finds what a player can open; its ``child`` is the only importer of yt-dlp."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from player.languages import language_list, spoken_languages

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.media.resolver.resolver import Resolver
    from player.net.dialer import Dialer


def resolver_for(config: SeatConfig, dialer: Dialer | None = None) -> Resolver:
    """The resolver of one seat: what its person typed may lead into his own network.

    Everything connects through ``dialer``; None for straight there.
    """
    # Late: the child is in this package too, and needs none of it.
    from player.media.resolver.resolver import Resolver
    from player.request_headers import headers_of
    from player.trust_store import trusted_file
    from protocol.media.url_policy import UrlPolicy

    rules = UrlPolicy(allow_http=config.allow_lan_media, allow_lan=config.allow_lan_media)

    def typed(media: str) -> bool:
        # Not whatever a host's stream shows: a server may have made that up.
        return media in config.media

    options = dict(config.mpv)
    languages = language_list(config.subtitle_languages or options.get("slang", ""))
    return Resolver(
        rules,
        typed=typed,
        max_height=config.max_height,
        dialer=dialer,
        headers=headers_of(config.mpv),
        ca_file=trusted_file(config.mpv),
        logins=config.logins,
        languages=tuple(dict.fromkeys((*languages, *spoken_languages(os.environ)))),
        # Who tells mpv how to look for them has it look.
        finds_subtitles="sub-auto" not in options,
    )
