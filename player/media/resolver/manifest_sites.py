"""Manifest sites: where a list of any size leads, found piece by piece as it comes."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from player.media.resolver.address_check import join

_OVERLAP: Final = 16 * 1024
"""Bytes that are read again with the next piece: no player opens a longer address."""
_SITE: Final = rb"(?:[A-Za-z][A-Za-z0-9+.-]*:|[/\\]{2})[/\\]{0,2}[^/?#\"'<>\r\n]*"
_HLS: Final = re.compile(rb"(?:(?<=[\r\n])[ \t]*|URI=\")(" + _SITE + rb")")
_DASH: Final = re.compile(
    rb"<(?:\w+:)?(?:BaseURL|Location|PatchLocation)\b[^<>]*>\s*(?:<!\[CDATA\[\s*)?(" + _SITE + rb")"
    rb"|\b(?:media|initialization|sourceURL|index|href|bitstreamSwitching)\s*=\s*[\"']("
    + _SITE
    + rb")"
)


class ManifestSites:
    """Collector of the sites that a manifest at ``url`` names; relative names lead to its own."""

    def __init__(self, url: str, *, is_hls: bool) -> None:
        self._url = url
        self._pattern = _HLS if is_hls else _DASH
        self._text = b"\n"
        self._seen: set[bytes] = set()

    def feed(self, piece: bytes) -> list[str]:
        """The sites that are named for the first time, each as an address of its own.

        Raises:
            MediaRefused: one of the addresses cannot be read.
        """
        text = self._text + piece
        self._text = text[-_OVERLAP:]
        found = (match for match in self._pattern.finditer(text) if match.end() < len(text))
        new = {match[match.lastindex or 0].strip() for match in found} - self._seen
        self._seen |= new
        return [site for name in sorted(new) if (site := self._site(name))]

    def finish(self) -> list[str]:
        """The same of what an end without an end of line has left."""
        return self.feed(b"\n")

    def _site(self, found: bytes) -> str:
        address = join(self._url, found.decode("utf-8", "replace"))
        parts = urlsplit(address)
        # Data stands in the list itself.
        return "" if parts.scheme == "data" else f"{parts.scheme}://{parts.netloc}/"
