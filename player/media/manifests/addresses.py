"""Addresses in manifests: made absolute, and fit to be written into another manifest."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urljoin

from protocol.exceptions import MediaRefused

_KEPT: Final = "!#$%&'()*+,/:;=?@[]~-._"
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
"""The name of a file beside the manifest, as nearly all of them are."""
_CONTROL: Final = re.compile(r"[\0-\x1f\x7f]")
_FOLDER: Final = re.compile(r"[a-z]+://[^/?#]+/(?:[^?#]*/)?(?=[^/?#]*$)")


def absolute(base: str, found: str) -> str:
    """Where ``found`` leads from ``base``; unchecked, in plain ASCII, without spaces or quotes.

    Raises:
        MediaRefused: it is no address at all.
    """
    if _NAME.fullmatch(found) and (folder := _FOLDER.match(base)):
        return folder[0] + found
    found = found.strip()
    if _CONTROL.search(found):
        # What joins addresses would pass over some of them, and what quotes them would not.
        raise MediaRefused("it leads to an address that cannot be read")
    try:
        return quote(urljoin(base, found), safe=_KEPT)
    except (ValueError, UnicodeError):
        raise MediaRefused("it leads to an address that cannot be read") from None
