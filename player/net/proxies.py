"""Proxy settings: which way out a person has named in his environment, and for what."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import msgspec

from protocol.exceptions import SettingsError
from protocol.wire.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

SCHEMES: Final = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_VARIABLES: Final = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Proxy(msgspec.Struct, frozen=True):
    """A way out, and the variable that named it."""

    variable: str
    url: str

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme.lower()

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.scheme == "https" else 1080)

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password, where it wants them."""
        parts = urlsplit(self.url)
        if parts.username is None:
            return None
        return unquote(parts.username), unquote(parts.password or "")

    @property
    def shown(self) -> str:
        """How it is told: the variable and the address without a password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.variable} ({self.scheme}://{host}:{self.port})"

    @property
    def resolves(self) -> bool:
        """Names are looked up at the proxy, and not here."""
        return self.scheme not in ("socks4", "socks5")


class ProxySettings(msgspec.Struct, frozen=True):
    """All that the environment says of proxies, as it was written."""

    http: tuple[str, str] = ("", "")
    """Variable and value; of plain http."""
    https: tuple[str, str] = ("", "")
    all: tuple[str, str] = ("", "")
    no: str = ""

    def proxy_for(self, scheme: str, host: str) -> Proxy | None:
        """The way to ``host``; None for straight there.

        Args:
            scheme: http or https.
            host: a name or an address, without brackets.

        Raises:
            SettingsError: the variable that counts names no proxy; names the variable.
        """
        own = self.http if scheme == "http" else self.https
        variable, value = own if own[1] else self.all
        if not value or is_loopback(host) or self._is_exempt(host):
            return None
        return _parsed(variable, value)

    def _is_exempt(self, host: str) -> bool:
        host = host.lower().rstrip(".")
        return any(_exempts(rule, host) for rule in self.no.replace(",", " ").split())


NO_PROXIES: Final = ProxySettings()


def read_proxies(environ: Mapping[str, str]) -> ProxySettings:
    """What ``environ`` says; small letters count before capitals, as elsewhere."""
    found: dict[str, tuple[str, str]] = {}
    for name in _VARIABLES:
        for spelling in (name, name.upper()):
            value = environ.get(spelling, "").strip()
            # A CGI request can set the capitals of this one by a header.
            if value and not (spelling == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
                found[name] = (spelling, value)
                break
    return ProxySettings(
        http=found.get("http_proxy", ("", "")),
        https=found.get("https_proxy", ("", "")),
        all=found.get("all_proxy", ("", "")),
        no=found.get("no_proxy", ("", ""))[1],
    )


class NamedProxy(msgspec.Struct, frozen=True):
    """One variable that names a proxy, and what is wrong with it."""

    proxy: Proxy | None
    """None where the variable makes no sense."""
    problem: str = ""
    remedy: str = ""


def read_named(environ: Mapping[str, str]) -> list[NamedProxy]:
    """Each variable of ``environ`` that names a proxy, for whatever it counts."""
    settings = read_proxies(environ)
    found: list[NamedProxy] = []
    for variable, value in (settings.http, settings.https, settings.all):
        if value:
            try:
                found.append(NamedProxy(_parsed(variable, value)))
            except SettingsError as error:
                found.append(NamedProxy(None, error.message, error.remedy))
    return found


def proxy_to(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy that ``environ`` names for ``url``; None for straight there.

    Raises:
        SettingsError: the variable that counts names no proxy.
    """
    parts = urlsplit(url)
    return read_proxies(environ).proxy_for(parts.scheme, parts.hostname or "")


def take_proxies(environ: MutableMapping[str, str]) -> ProxySettings:
    """The same, and away with the variables: a library would follow some and not others."""
    settings = read_proxies(environ)
    for name in _VARIABLES:
        for spelling in (name, name.upper()):
            environ.pop(spelling, None)
    return settings


def chosen_proxies(settings: ProxySettings, options: Iterable[tuple[str, str]]) -> ProxySettings:
    """The same with what a person's options for mpv say of it."""
    values = [value for key, value in options if key.lstrip("-").replace("_", "-") == "http-proxy"]
    if not values:
        return settings
    chosen = ("mpv http-proxy", values[-1])
    return msgspec.structs.replace(settings, http=chosen, https=chosen)


def system_error(error: BaseException) -> OSError | None:
    """The system's own error behind a library's; None where there is none."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__module__ == "builtins" and isinstance(cause, OSError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _parsed(variable: str, value: str) -> Proxy:
    # Without a scheme it is an http proxy, as everywhere.
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        raise _no_address(variable) from None
    if not host or not host.isprintable() or port == 0:
        raise _no_address(variable)
    if scheme == "socks":
        scheme = "socks5"
    if scheme not in SCHEMES:
        raise SettingsError(
            variable, f"{scheme}: is no proxy's scheme", f"use one of {', '.join(SCHEMES)}"
        )
    default = {"http": 80, "https": 443}.get(scheme, 1080)
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    shown = f"[{host}]" if ":" in host else host
    return Proxy(variable, f"{scheme}://{login}{shown}:{port or default}")


def _no_address(variable: str) -> SettingsError:
    return SettingsError(variable, "this is no proxy's address", "SCHEME://HOST:PORT is one")


def _exempts(rule: str, host: str) -> bool:
    if rule == "*":
        return True
    rule = rule.lower().rpartition("://")[2]
    try:
        network = ipaddress.ip_network(rule.strip("[]"), strict=False)
        return ipaddress.ip_address(host) in network
    except ValueError:
        pass
    name = rule.removeprefix("*").lstrip(".")
    bare, mark, port = name.rpartition(":")
    name = bare if mark and port.isdigit() else name
    return bool(name) and (host == name or host.endswith(f".{name}"))
