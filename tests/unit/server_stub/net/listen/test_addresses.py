"""Where the server listens and which names it answers to."""

from __future__ import annotations

import socket

import pytest

from protocol.exceptions import ListenError, SettingsError
from protocol.wire.addresses import ListenAddress, parse_listen
from server_stub.app import ServeOptions, checked_listen
from server_stub.net.listen.addresses import (
    HostPolicy,
    bind,
    certified_urls,
    parse_public_url,
    urls,
)


def test_a_public_address_is_optional_and_checked() -> None:
    assert parse_public_url("") == ""
    assert parse_public_url("https://films.example.com/") == "https://films.example.com"
    with pytest.raises(SettingsError, match="public-url"):
        parse_public_url("ftp://x")


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "localhost:1", "[::1]:1"])
def test_this_machine_alone_needs_no_leave(listen: str) -> None:
    assert checked_listen(ServeOptions(listen=listen))[0] == parse_listen(listen)


@pytest.mark.parametrize(
    ("listen", "public_url", "insecure_lan", "good"),
    [
        ("0.0.0.0:1", "", False, False),
        ("0.0.0.0:1", "http://films.example.com", False, False),
        ("0.0.0.0:1", "", True, True),
        ("0.0.0.0:1", "https://films.example.com", False, True),
        ("films.example.com:1", "", False, False),
    ],
)
def test_beyond_this_machine_keys_travel_in_clear_only_where_asked(
    listen: str, public_url: str, insecure_lan: bool, good: bool
) -> None:
    options = ServeOptions(listen=listen, public_url=public_url, insecure_lan=insecure_lan)
    if good:
        assert checked_listen(options) == (parse_listen(listen), public_url)
    else:
        with pytest.raises(SettingsError, match="--insecure-lan"):
            checked_listen(options)


LOOPBACK = HostPolicy(ListenAddress("127.0.0.1", 8765), "https://films.example.com")
EVERYWHERE = HostPolicy(ListenAddress("0.0.0.0", 8765))


@pytest.mark.parametrize(
    "header",
    [
        "localhost",
        "localhost:9",
        "127.0.0.1:8765",
        "[::1]",
        "127.9.9.9",
        "LOCALHOST",
        "[::ffff:127.0.0.1]",
    ],
)
def test_this_machines_names_are_answered(header: str) -> None:
    assert LOOPBACK.accepts(header)
    assert EVERYWHERE.accepts(header)


def test_the_public_name_is_answered() -> None:
    assert LOOPBACK.accepts("films.example.com")
    assert not EVERYWHERE.accepts("films.example.com")


@pytest.mark.parametrize("header", ["192.168.1.7:8765", socket.gethostname()])
def test_a_lan_address_is_answered_where_the_lan_is_listened_to(header: str) -> None:
    assert EVERYWHERE.accepts(header)
    assert not LOOPBACK.accepts(header)


@pytest.mark.parametrize(
    "header",
    [None, "", "evil.example", "127.0.0.1.evil.example", "a b", "x:y", "[::1", "@localhost:x"],
)
def test_other_names_are_not_answered(header: str | None) -> None:
    assert not LOOPBACK.accepts(header)
    assert not EVERYWHERE.accepts(header)


def test_an_address_is_told_as_others_reach_it() -> None:
    assert urls(ListenAddress("127.0.0.1", 5)) == ("http://127.0.0.1:5",)
    assert urls(ListenAddress("::1", 5)) == ("http://[::1]:5",)
    assert urls(ListenAddress("0.0.0.0", 5))[0] == "http://127.0.0.1:5"
    assert urls(ListenAddress("::", 5))[0] == "http://[::1]:5"


def test_a_taken_port_is_named_with_one_that_is_free() -> None:
    with bind(ListenAddress("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port} .*--listen 127.0.0.1:"):
            bind(ListenAddress("127.0.0.1", port))


@pytest.mark.parametrize(
    ("host", "words"),
    [("198.51.100.9", "not an address of this machine"), ("no.such.invalid", "not a name")],
)
def test_what_is_not_this_machine_is_told(host: str, words: str) -> None:
    with pytest.raises(ListenError, match=words):
        bind(ListenAddress(host, 0))


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("Films.example", "https://films.example:444"),
        ("192.0.2.1", "https://192.0.2.1:444"),
        ("2001:DB8::1", "https://[2001:db8::1]:444"),
        ("::ffff:192.0.2.1", "https://[::ffff:"),
    ],
)
def test_a_certified_name_is_written_as_an_address_has_it(name: str, url: str) -> None:
    (told,) = certified_urls([name], 444)
    assert told.startswith(url)
    assert certified_urls(["*.example"], 444) == ()
