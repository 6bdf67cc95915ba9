"""Whose address counts where a proxy stands in front."""

from __future__ import annotations

import pytest

from protocol.exceptions import SettingsError
from server_stub.net.listen.forwarded import TrustedProxies, parse_proxies

OURS = parse_proxies(["127.0.0.1", "10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("127.0.0.1", ["203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        ("127.0.0.1", ["203.0.113.9", "fd00::5"], "203.0.113.9"),
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_a_trusted_proxy_is_believed(peer: str, forwarded: list[str], visitor: str) -> None:
    assert OURS.visitor(peer, forwarded) == visitor


@pytest.mark.parametrize("written", ["1.2.3.4", "127.0.0.1", "nonsense", "1.2.3.4, 5.6.7.8"])
def test_what_a_visitor_writes_himself_means_nothing(written: str) -> None:
    assert OURS.visitor("127.0.0.1", [f"{written}, 203.0.113.9"]) == "203.0.113.9"
    assert OURS.visitor("127.0.0.1", [written, "203.0.113.9"]) == "203.0.113.9"


@pytest.mark.parametrize("said", ["unknown", "", "203.0.113.9:4711", "[2001:db8::1]"])
def test_what_is_no_address_leaves_the_proxys_own(said: str) -> None:
    assert OURS.visitor("10.0.0.1", [said]) == "10.0.0.1"


def test_nobody_is_believed_unasked() -> None:
    assert TrustedProxies().visitor("127.0.0.1", ["203.0.113.9"]) == "127.0.0.1"


@pytest.mark.parametrize("text", ["", "proxy.example", "10.0.0.1/8", "127.0.0.1:80"])
def test_what_is_no_network_is_told_by_its_option(text: str) -> None:
    with pytest.raises(SettingsError, match=r"trusted-proxy: .*write it as"):
        parse_proxies([text])
