"""Where a person is logged in, and for which site."""

from __future__ import annotations

import pytest

from player.api.logins import Login, Logins, browser_parts, is_browser, login_at


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("firefox", ("firefox", None, None, None)),
        ("Chrome:Profile 1", ("chrome", "Profile 1", None, None)),
        ("chromium+gnomekeyring:Default", ("chromium", "Default", "GNOMEKEYRING", None)),
        ("firefox::Work", ("firefox", None, None, "Work")),
        ("firefox:/home/a/profile::none", ("firefox", "/home/a/profile", None, "none")),
    ],
)
def test_a_browser_is_named_as_yt_dlp_has_it(
    text: str, parts: tuple[str, str | None, str | None, str | None]
) -> None:
    assert is_browser(text)
    assert browser_parts(text) == parts
    assert login_at(text) == Login(browser=text)


def test_what_names_no_browser_is_a_file() -> None:
    assert login_at("~/cookies.txt") == Login(file="~/cookies.txt")
    assert login_at("./firefox") == Login(file="./firefox")
    assert browser_parts("lynx") == ("lynx", None, None, None)


def test_the_nearest_site_has_its_own_login() -> None:
    known = Logins(
        Login(browser="firefox"), (("example.org", "a.txt"), (".films.example.org", "chrome"))
    )
    assert known.of("EXAMPLE.org.") == Login(file="a.txt")
    assert known.of("www.example.org") == Login(file="a.txt")
    assert known.of("a.films.example.org") == Login(browser="chrome")
    assert known.of("badexample.org") == Login(browser="firefox")
    assert Logins().of("example.org").is_none
