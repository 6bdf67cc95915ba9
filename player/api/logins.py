"""Logins: where this seat's person is logged in, as cookies of a browser or in a file."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

_BROWSER: Final = re.compile(
    r"(?P<name>brave|chrome|chromium|edge|firefox|opera|safari|vivaldi|whale)"
    r"(\+(?P<keyring>[a-z0-9]+))?(:(?!:)(?P<profile>.+?))?(::(?P<container>.+))?",
    re.IGNORECASE,
)
Place = Annotated[str, Meta(max_length=4096)]


class Login(msgspec.Struct, frozen=True):
    """Where the cookies of a site are, which yt-dlp reads; "" for nowhere."""

    browser: Place = ""
    """``BROWSER[+KEYRING][:PROFILE][::CONTAINER]``, as yt-dlp writes it."""
    file: Place = ""
    """In Netscape's format."""

    @property
    def is_none(self) -> bool:
        return not (self.browser or self.file)


class CookieQuestion(msgspec.Struct, frozen=True, tag="count_cookies"):
    """Asked of the yt-dlp worker: how many cookies there are."""

    login: Login
    site: str = ""
    """Of this site only; "" for all."""


class CookieCount(msgspec.Struct, frozen=True):
    """The answer: a number, and never a cookie."""

    count: int = 0
    failure: str = ""
    """Why they cannot be read."""


def is_browser(text: str) -> bool:
    """Whether it names a browser, and not a file."""
    return _BROWSER.fullmatch(text) is not None


def browser_parts(text: str) -> tuple[str, str | None, str | None, str | None]:
    """Name, profile, keyring and container, in yt-dlp's order."""
    parts = _BROWSER.fullmatch(text)
    if parts is None:
        return text, None, None, None
    keyring = parts["keyring"].upper() if parts["keyring"] else None
    return parts["name"].lower(), parts["profile"], keyring, parts["container"]


def login_at(place: str) -> Login:
    """The login that a browser or a file holds."""
    return Login(browser=place) if is_browser(place) else Login(file=place)


class Logins(msgspec.Struct, frozen=True):
    """Everything that a person has said about his logins."""

    everywhere: Login = Login()
    """For pages of every site."""
    sites: tuple[tuple[str, str], ...] = ()
    """Site, and the browser or file for it and all names below it."""

    def of(self, host: str) -> Login:
        """The login for a host: that of the nearest site, or else the one for all."""
        plain = host.lower().rstrip(".")
        fitting = [
            (site, place)
            for site, place in self.sites
            if plain == (name := site.lower().strip(".")) or plain.endswith(f".{name}")
        ]
        if not fitting:
            return self.everywhere
        return login_at(max(fitting, key=lambda entry: len(entry[0].strip(".")))[1])
