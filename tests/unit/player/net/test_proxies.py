"""Which way out a person has named."""

from __future__ import annotations

import pytest

from player.net.proxies import (
    NO_PROXIES,
    Proxy,
    chosen_proxies,
    proxy_to,
    read_named,
    read_proxies,
    system_error,
    take_proxies,
)
from protocol.exceptions import SettingsError


def test_each_scheme_has_its_variable_and_one_is_for_all() -> None:
    settings = read_proxies(
        {"http_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2", "ALL_PROXY": "socks5h://c:3"}
    )
    assert settings.proxy_for("http", "x.example") == Proxy("http_proxy", "http://a:1")
    assert settings.proxy_for("https", "x.example") == Proxy("HTTPS_PROXY", "http://b:2")
    others = read_proxies({"all_proxy": "socks5://c"})
    assert others.proxy_for("https", "x.example") == Proxy("all_proxy", "socks5://c:1080")
    assert NO_PROXIES.proxy_for("https", "x.example") is None


def test_small_letters_count_before_capitals() -> None:
    found = read_proxies({"ALL_PROXY": "http://a:1", "all_proxy": "http://b:1"})
    assert found.all == ("all_proxy", "http://b:1")


def test_a_header_of_a_web_server_is_no_proxy() -> None:
    assert read_proxies({"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}) == NO_PROXIES


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_never_touches_the_proxy(host: str) -> None:
    assert read_proxies({"ALL_PROXY": "http://a:1"}).proxy_for("http", host) is None


@pytest.mark.parametrize(
    ("rules", "host", "exempt"),
    [
        ("films.example.com", "films.example.com", True),
        ("example.com", "films.example.com", True),
        (".example.com", "films.example.com", True),
        ("*.example.com", "films.example.com", True),
        ("example.com:443", "films.example.com", True),
        ("https://example.com", "example.com", True),
        ("Example.COM", "films.example.com.", True),
        ("a, example.com", "films.example.com", True),
        ("*", "anything.example", True),
        ("ample.com", "films.example.com", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "films.example.com", False),
        ("fd00::/8", "fd12::1", True),
        ("", "films.example.com", False),
        (":80", "films.example.com", False),
    ],
)
def test_what_no_proxy_names_is_reached_straight(rules: str, host: str, exempt: bool) -> None:
    settings = read_proxies({"ALL_PROXY": "http://a:1", "NO_PROXY": rules})
    assert (settings.proxy_for("https", host) is None) is exempt


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("proxy.example:3128", "http://proxy.example:3128"),
        ("http://proxy.example", "http://proxy.example:80"),
        ("https://proxy.example", "https://proxy.example:443"),
        ("socks://proxy.example", "socks5://proxy.example:1080"),
        ("socks5h://a:b@proxy.example", "socks5h://a:b@proxy.example:1080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_proxy_is_read_as_people_write_it(value: str, url: str) -> None:
    found = read_proxies({"ALL_PROXY": value}).proxy_for("https", "x.example")
    assert found is not None
    assert found.url == url


@pytest.mark.parametrize(
    "value", ["ftp://proxy:1", "http://", "http://a:x", "http://[::1", "://", "http://a\x1b:1"]
)
def test_nonsense_names_its_variable(value: str) -> None:
    settings = read_proxies({"ALL_PROXY": value})
    with pytest.raises(SettingsError, match="ALL_PROXY: "):
        settings.proxy_for("https", "x.example")
    with pytest.raises(SettingsError, match="ALL_PROXY: "):
        proxy_to("https://x.example/", {"ALL_PROXY": value})
    (named,) = read_named({"ALL_PROXY": value})
    assert named.proxy is None
    assert named.problem.startswith("ALL_PROXY: ")


def test_a_proxy_is_shown_without_its_password() -> None:
    proxy = Proxy("ALL_PROXY", "socks5h://me:s%20cret@[::1]:1080")
    assert proxy.shown == "ALL_PROXY (socks5h://[::1]:1080)"
    assert proxy.credentials == ("me", "s cret")
    assert (proxy.host, proxy.port, proxy.resolves) == ("::1", 1080, True)
    plain = Proxy("ALL_PROXY", "socks5://a:1080")
    assert (plain.credentials, plain.resolves) == (None, False)


def test_libraries_find_nothing_in_the_environment_afterwards() -> None:
    environ = {"all_proxy": "http://a:1", "NO_PROXY": "b", "PATH": "/bin"}
    settings = take_proxies(environ)
    assert (settings.all, settings.no) == (("all_proxy", "http://a:1"), "b")
    assert environ == {"PATH": "/bin"}


def test_an_option_for_mpv_counts_before_the_environment() -> None:
    settings = read_proxies({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "b.example"})
    chosen = chosen_proxies(settings, [("vo", "null"), ("--http_proxy", "http://c:1")])
    found = chosen.proxy_for("https", "x.example")
    assert found == Proxy("mpv http-proxy", "http://c:1")
    assert chosen.proxy_for("https", "b.example") is None
    assert chosen_proxies(settings, []) == settings


def test_each_variable_that_names_one_is_listed() -> None:
    environ = {"HTTP_PROXY": "http://a:1", "ALL_PROXY": "socks5h://b:2"}
    names = [named.proxy.shown for named in read_named(environ) if named.proxy]
    assert names == ["HTTP_PROXY (http://a:1)", "ALL_PROXY (socks5h://b:2)"]
    assert proxy_to("http://127.0.0.1:8765", environ) is None


def test_the_systems_own_error_is_found_behind_a_librarys() -> None:
    refused = ConnectionRefusedError(111, "refused")
    outer = RuntimeError("no proxy")
    outer.__cause__ = refused
    assert system_error(outer) is refused
    assert system_error(RuntimeError("x")) is None
