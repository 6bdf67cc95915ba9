"""Address check: the allow-list applied to names: who typed an address decides how far it may
lead.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from player.net.proxies import NO_PROXIES
from protocol.exceptions import MediaRefused, ResolveError
from protocol.media.url_policy import UrlPolicy, check_address, check_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from player.net.proxies import ProxySettings

_LOOKED_UP: Final = 50
"""Hosts of one list."""


class AddressChecker:
    """Looks hosts up, and holds every address of them to the allow-list.

    Args:
        look_up: the IP addresses of a host; raises `ResolveError` where there is none.
        proxies: ways out that look names up themselves, so that it is not done here.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Sequence[str]]],
        proxies: ProxySettings = NO_PROXIES,
    ) -> None:
        self._look_up = look_up
        self._proxies = proxies

    async def rules_for_named(self, url: str, rules: UrlPolicy) -> UrlPolicy:
        """Rules for what a person typed himself: plain http, or his network, if he named them.

        Raises:
            ResolveError: there is no such host.
            SettingsError: the variable that names a proxy for it makes no sense.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return rules
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return rules
        allow_lan = rules.allow_lan or not await self._is_public(url)
        return UrlPolicy(allow_http=rules.allow_http or parts.scheme == "http", allow_lan=allow_lan)

    async def check_media(self, url: str, rules: UrlPolicy) -> str:
        """The address to pass on, its host looked up and every address of it allowed.

        Raises:
            MediaRefused: the allow-list says no.
            ResolveError: there is no such host.
            SettingsError: the variable that names a proxy for it makes no sense.
        """
        checked = check_url(url, rules)
        for address in await self._addresses(checked):
            check_address(address, rules)
        return checked

    async def check_sites(self, sites: Iterable[str], rules: UrlPolicy) -> None:
        """Refuse a list that leads to ``sites``, if one of them may not be opened.

        Raises:
            MediaRefused: the allow-list says no to one.
            ResolveError: one of the first does not exist.
        """
        for number, site in enumerate(sites):
            # The rest is looked up where it is connected to.
            await (self.check_media(site, rules) if number < _LOOKED_UP else _checked(site, rules))

    async def _addresses(self, url: str) -> Sequence[str]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        proxy = self._proxies.proxy_for(parts.scheme, host)
        return () if proxy is not None and proxy.resolves else await self._look_up(host)

    async def _is_public(self, url: str) -> bool:
        rules = UrlPolicy(allow_http=True)
        try:
            await self.check_media(url, rules)
        except MediaRefused:
            return False
        return True


async def _checked(site: str, rules: UrlPolicy) -> str:
    return check_url(site, rules)


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
