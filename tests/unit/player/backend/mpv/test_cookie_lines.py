"""How cookies are told to libavformat, which compares the ends of names."""

from __future__ import annotations

from player.backend.base import Cookie
from player.backend.mpv.item_loader import cookie_lines


def lines(url: str, *cookies: Cookie) -> list[str]:
    return cookie_lines(cookies, url).splitlines()


def test_a_cookie_names_its_own_site() -> None:
    assert lines("https://site.example/f.mp4", Cookie("a", "1", "site.example", "/f")) == [
        "a=1; path=/f; domain=site.example;"
    ]
    assert lines("https://cdn.site.example/f.mp4", Cookie("a", "1", ".site.example")) == [
        "a=1; path=/; domain=.site.example;"
    ]


def test_a_cookie_of_all_names_of_a_site_is_for_the_site_itself_too() -> None:
    assert lines("https://site.example/f.mp4", Cookie("a", "1", ".site.example")) == [
        "a=1; path=/; domain=.site.example;",
        "a=1; path=/; domain=site.example;",
    ]


def test_a_port_belongs_to_the_name() -> None:
    assert lines("http://127.0.0.1:81/f.mp4", Cookie("a", "1", "127.0.0.1")) == [
        "a=1; path=/; domain=127.0.0.1;",
        "a=1; path=/; domain=127.0.0.1:81;",
    ]


def test_without_a_site_or_with_marks_of_its_own_a_cookie_is_nobody_s() -> None:
    url = "https://site.example/f.mp4"
    assert lines(url, Cookie("a", "1", "")) == [], "libavformat would send it anywhere"
    assert lines(url, Cookie("a", "1;domain=x", "site.example")) == []
    assert lines(url, Cookie("a", "1\nb=2", "site.example")) == []
    assert "secret" not in repr(Cookie("a", "secret", "site.example"))
