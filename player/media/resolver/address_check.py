"""Address check: the allow-list applied to names: who typed an address decides how far it may
lead.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from protocol.exceptions import MediaRefused, ResolveError
from protocol.media.url_policy import UrlPolicy, check_address, check_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

_HLS_ATTRIBUTE: Final = re.compile(r'URI="([^"]*)"')
_DASH_ADDRESS: Final = re.compile(
    r"<(?:\w+:)?(?:BaseURL|Location)[^>]*>([^<]+)<"
    r"|(?:media|initialization|sourceURL|index|xlink:href)=\"([^\"]+)\""
)


class AddressChecker:
    """Looks hosts up, and holds every address of them to the allow-list.

    Args:
        look_up: the IP addresses of a host; raises `ResolveError` where there is none.
    """

    def __init__(self, look_up: Callable[[str], Awaitable[Sequence[str]]]) -> None:
        self._look_up = look_up

    async def rules_for_named(self, url: str, rules: UrlPolicy) -> UrlPolicy:
        """Rules for what a person typed himself: plain http, or his network, if he named them."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return rules
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return rules
        allow_lan = rules.allow_lan
        if not allow_lan:
            addresses = await self._look_up(parts.hostname)
            allow_lan = not all(_is_public(address) for address in addresses)
        return UrlPolicy(allow_http=rules.allow_http or parts.scheme == "http", allow_lan=allow_lan)

    async def check_media(self, url: str, rules: UrlPolicy) -> str:
        """The address to pass on, its host looked up and every address of it allowed.

        Raises:
            MediaRefused: the allow-list says no.
            ResolveError: there is no such host.
        """
        checked = check_url(url, rules)
        for address in await self._look_up(urlsplit(checked).hostname or ""):
            check_address(address, rules)
        return checked

    async def check_manifest(self, text: str, url: str, rules: UrlPolicy) -> None:
        """Refuse a manifest at ``url`` that leads anywhere it may not.

        Raises:
            MediaRefused: the allow-list says no to an address in it.
            ResolveError: a host in it does not exist.
        """
        sites: dict[str, str] = {}
        for found in _addresses_in(text):
            address = join(url, found)
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            # Templates hold characters that no address may; only where they lead counts.
            sites[f"{parts.scheme}://{parts.netloc}/"] = address
        for site in sites:
            await self.check_media(site, rules)


def join(base: str, found: str) -> str:
    """Where ``found`` leads from ``base``; unchecked.

    Raises:
        MediaRefused: it is no address at all.
    """
    try:
        address = urljoin(base, found)
        urlsplit(address)
    except ValueError:
        raise MediaRefused("it leads to an address that cannot be read") from None
    return address


def _addresses_in(text: str) -> Iterable[str]:
    if text.lstrip("\ufeff \r\n").startswith("#EXTM3U"):
        for line in map(str.strip, text.splitlines()):
            if line.startswith("#"):
                yield from _HLS_ATTRIBUTE.findall(line)
            elif line:
                yield line
    else:
        for groups in _DASH_ADDRESS.findall(text):
            yield next(group.strip() for group in groups if group)


async def look_up(host: str, within: float) -> list[str]:
    """The IP addresses of a host, found within so many seconds.

    Raises:
        ResolveError: there are none, or they were not found in time.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise ResolveError(
            f"looking up {host} takes too long", "check this machine's network"
        ) from error
    except (OSError, UnicodeError) as error:
        raise ResolveError(
            f"there is no host {host}", "check the address, and this machine's network"
        ) from error
    return list(dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in found))


def _is_public(address: str) -> bool:
    try:
        check_address(address, UrlPolicy(allow_http=True))
    except MediaRefused:
        return False
    return True
