"""What `protocol.media.url_policy` lets pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.exceptions import MediaRefused
from protocol.media.fingerprint import Fingerprint
from protocol.media.url_policy import (
    STRICT,
    UrlPolicy,
    as_typed,
    check_address,
    check_url,
    site_of,
    split_login,
    with_login,
)

OPEN = UrlPolicy(allow_http=True, allow_lan=True)


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com:8443/A/b.mp4", "https://example.com:8443/A/b.mp4"),
        ("https://example.com/a%20b?v=1&l=a%2Cb#t=3", "https://example.com/a%20b?v=1&l=a%2Cb#t=3"),
        ("https://münchen.de/ü?q=ä", "https://xn--mnchen-3ya.de/%C3%BC?q=%C3%A4"),
        ("https://ex\uff0eample.com/", "https://ex.ample.com/"),
        ("https://example.com./x", "https://example.com/x"),
        ("https://a_b.r3---sn-x.example.com/", "https://a_b.r3---sn-x.example.com/"),
        ('https://example.com/${x}|"<>', "https://example.com/$%7Bx%7D%7C%22%3C%3E"),
        ("https://93.184.216.34/x", "https://93.184.216.34/x"),
        ("https://[2606:4700:4700::1111]/x", "https://[2606:4700:4700::1111]/x"),
    ],
)
def test_a_public_address_is_written_anew(url: str, written: str) -> None:
    assert check_url(url) == written
    assert check_url(written) == written


@pytest.mark.parametrize(
    "url",
    [
        "",
        "film.mp4",
        "/etc/passwd",
        "//example.com/x",
        "example.com/a:b",
        "file:///etc/passwd",
        "av://lavfi:testsrc",
        "edl://%4%x",
        "slice://0-5@file:///x",
        "memory://x",
        "ytdl://x",
        "javascript:alert(1)",
        "ftp://example.com/x",
        "https:/example.com",
        "https://",
        "https://./",
        "https://:443/",
        "https://example.com:/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://a..b/",
        "https://-a.com/",
        "https://a%2fb.com/",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        " https://example.com/",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com/\x00",
        "https://example.com\\@evil.com/",
        "https://example.com/\u202e",
        "https://example.com/#__youtubedl_smuggle=%7B%7D",
        "https://" + "a" * 64 + ".com/",
        "https://" + ".".join(["abcdefgh"] * 40) + ".com/",
        "https://example.com/" + "x" * 8192,
        "https://example.com/" + "ü" * 2000,
        "https://224.0.0.1/",
        "https://0.0.0.0/",
        "https://255.255.255.255/",
        "https://[ff02::1]/",
        "https://[::]/",
    ],
)
def test_what_is_no_address_of_a_film_is_refused_whatever_the_rules(url: str) -> None:
    for rules in (STRICT, OPEN):
        with pytest.raises(MediaRefused):
            check_url(url, rules)


LAN = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "[::1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fec0::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "localhost",
    "router",
    "nas.local",
    "nas.lan",
    "①②⑦.⓪.⓪.①",
]


@pytest.mark.parametrize("host", LAN)
def test_the_local_network_is_opened_only_where_that_is_allowed(host: str) -> None:
    with pytest.raises(MediaRefused):
        check_url(f"https://{host}/x")
    assert check_url(f"https://{host}/x", OPEN).startswith("https://")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "1.2.3.4.5", "1.1", "0x"]
)
def test_an_address_in_an_odd_spelling_is_refused_whatever_the_rules(host: str) -> None:
    for rules in (STRICT, OPEN):
        with pytest.raises(MediaRefused, match="plain IP address"):
            check_url(f"https://{host}/", rules)


def test_plain_http_is_opened_only_where_that_is_allowed() -> None:
    with pytest.raises(MediaRefused, match="plain http"):
        check_url("http://example.com/")
    assert check_url("http://example.com/", UrlPolicy(allow_http=True)) == "http://example.com/"
    with pytest.raises(MediaRefused, match="public internet"):
        check_url("http://127.0.0.1/", UrlPolicy(allow_http=True))


def test_resolved_addresses_are_held_to_the_same_rules() -> None:
    assert check_address("93.184.216.34") == "93.184.216.34"
    assert check_address("64:ff9b::5db8:d822") == "64:ff9b::5db8:d822"
    assert check_address("192.168.1.1", OPEN) == "192.168.1.1"
    for address in ("192.168.1.1", "64:ff9b::c0a8:101", "127.1", "host", ""):
        with pytest.raises(MediaRefused):
            check_address(address)


def test_the_site_is_the_host() -> None:
    assert site_of(check_url("https://Films.Example.com:8443/x")) == "films.example.com"
    assert site_of("x") == ""


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda rest: f"https://{rest}"))
def test_any_text_is_refused_or_stays_as_it_was_written(url: str) -> None:
    try:
        written = check_url(url)
    except MediaRefused:
        return
    assert written.startswith("https://")
    assert written.isascii()
    assert check_url(written) == written


def test_a_small_file_is_fingerprinted_whole() -> None:
    assert Fingerprint.ranges(0) == ((0, 0),)
    assert Fingerprint.ranges(3 * 65536) == ((0, 3 * 65536),)


def test_a_large_file_is_fingerprinted_by_three_pieces() -> None:
    assert Fingerprint.ranges(1_000_000) == ((0, 65536), (467232, 65536), (934464, 65536))


def test_a_fingerprint_tells_size_and_content_apart() -> None:
    one = Fingerprint.digest(4, [b"film"])
    assert one == Fingerprint.digest(4, [b"fi", b"lm"])
    assert len({one, Fingerprint.digest(5, [b"film"]), Fingerprint.digest(4, [b"flim"])}) == 3
    assert len(one) == 64


@pytest.mark.parametrize(
    ("url", "bare", "login"),
    [
        ("http://me:s%40cret@a.example/f.mp4", "http://a.example/f.mp4", "me:s%40cret"),
        ("http://me:a@b@a.example:8080/x", "http://a.example:8080/x", "me:a@b"),
        ("https://me@a.example", "https://a.example", "me"),
        ("https://a.example/@me?x=@#@", "https://a.example/@me?x=@#@", ""),
        ("/home/me@here/film.mkv", "/home/me@here/film.mkv", ""),
    ],
)
def test_a_login_is_taken_out_of_an_address_and_put_back(url: str, bare: str, login: str) -> None:
    assert split_login(url) == (bare, login)
    assert with_login(bare, login) == url


def test_an_address_may_be_typed_with_spaces() -> None:
    assert as_typed(" https://a.example/My Film.mp4\n") == "https://a.example/My%20Film.mp4"
    assert as_typed("My Film.mp4 ") == "My Film.mp4 "
