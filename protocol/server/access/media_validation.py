"""Media validation: what a host names, as it may be passed on to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from protocol.exceptions import MediaRefused
from protocol.media.url_policy import check_url
from protocol.text import TITLE_CELLS, clean_text

if TYPE_CHECKING:
    from protocol.media.url_policy import UrlPolicy
    from protocol.wire.messages import Media


def checked_media(media: Media, rules: UrlPolicy) -> Media:
    """``media`` with its text cleaned and its address as it may be passed on.

    Raises:
        MediaRefused: the address is not one that may be opened.
    """
    if media.kind == "url":
        url = check_url(media.url, rules)
    elif media.url:
        raise MediaRefused("a file is named by its title, never by an address")
    else:
        url = ""
    return msgspec.structs.replace(
        media,
        title=clean_text(media.title, TITLE_CELLS),
        file_name=clean_text(media.file_name, TITLE_CELLS),
        url=url,
    )
