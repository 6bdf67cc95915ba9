"""Which addresses are this very machine, and where a server listens: one answer everywhere."""

from __future__ import annotations

import pytest

from protocol.exceptions import SettingsError
from protocol.wire.addresses import (
    ListenAddress,
    host_of,
    is_loopback,
    is_loopback_url,
    parse_ip,
    parse_listen,
)


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LocalHost", True),
        # With its dot it is a name like any other to a resolver.
        ("LOCALHOST.", False),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.7", False),
        ("::ffff:192.168.1.7", False),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_a_host_is_this_machine_by_its_address_or_its_name(host: str, is_own: bool) -> None:
    assert is_loopback(host) is is_own


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("http://127.0.0.2:8765", True),
        ("https://[::1]:80", True),
        ("http://[::ffff:127.0.0.1]", True),
        ("http://localhost:1", True),
        ("http://0.0.0.0:1", False),
        ("https://films.example.com", False),
        ("", False),
    ],
)
def test_an_address_of_a_server_leads_to_this_machine_as_its_host_does(
    url: str, is_own: bool
) -> None:
    assert is_loopback_url(url) is is_own


def test_ipv4_is_read_out_of_ipv6_that_wraps_it() -> None:
    assert str(parse_ip("::ffff:192.0.2.1")) == "192.0.2.1"
    assert str(parse_ip("2001:db8::1")) == "2001:db8::1"
    assert parse_ip("films.example.com") is None


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("[::1]:80", "::1"),
        ("LOCALHOST:9", "localhost"),
        ("films.example.com", "films.example.com"),
        ("", ""),
        ("x:y", ""),
        ("[::1", ""),
    ],
)
def test_a_host_header_names_a_host_or_makes_no_sense(header: str, host: str) -> None:
    assert host_of(header) == host


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8765", "127.0.0.1", 8765),
        (" localhost:0 ", "localhost", 0),
        ("[::1]:80", "::1", 80),
        (":8765", "127.0.0.1", 8765),
        ("films.example.com:65535", "films.example.com", 65535),
    ],
)
def test_an_address_to_listen_on_is_read(text: str, host: str, port: int) -> None:
    address = parse_listen(text)
    assert address == ListenAddress(host, port)
    assert parse_listen(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", "8765", "host", "host:", "::1:80", "h:65536", "h:x", "a b:1", "@:1", "1.2.3.4"]
)
def test_what_is_no_address_says_how_to_write_one(text: str) -> None:
    with pytest.raises(SettingsError, match="HOST:PORT"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("host", "loopback", "wildcard", "ipv6"),
    [
        ("127.0.0.2", True, False, False),
        ("::1", True, False, True),
        ("localhost", True, False, False),
        ("0.0.0.0", False, True, False),
        ("::", False, True, True),
        ("films.example.com", False, False, False),
    ],
)
def test_an_address_to_listen_on_knows_whom_it_lets_in(
    host: str, loopback: bool, wildcard: bool, ipv6: bool
) -> None:
    address = ListenAddress(host, 1)
    assert (address.is_loopback, address.is_wildcard, address.is_ipv6) == (loopback, wildcard, ipv6)
