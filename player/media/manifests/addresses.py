"""Addresses in manifests: made absolute, and fit to be written into another manifest."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urljoin

from protocol.exceptions import MediaRefused

_KEPT: Final = "!#$%&'()*+,/:;=?@[]~-._"
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
"""The name of a file beside the manifest, as nearly all of them are."""
_FOLDER: Final = re.compile(r"[a-z]+://[^/?#]+/(?:[^?#]*/)?(?=[^/?#]*$)")


def absolute(base: str, found: str) -> str:
    """Where ``found`` leads from ``base``; unchecked, in plain ASCII, without spaces or quotes.

    Raises:
        MediaRefused: it is no address at all.
    """
    if _NAME.fullmatch(found) and (folder := _FOLDER.match(base)):
        return folder[0] + found
    try:
        return quote(urljoin(base, found.strip()), safe=_KEPT)
    except (ValueError, UnicodeError):
        raise MediaRefused("it leads to an address that cannot be read") from None
