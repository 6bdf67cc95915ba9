"""What clients of the dialer ask, and what of an answer is written anew."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.net.request_head import RequestHead, parse_head
from player.net.response_head import for_player
from protocol.exceptions import ProtocolError

LOGIN = base64.b64encode(b"7-x:word").decode()


def head(*lines: str) -> RequestHead:
    return parse_head("\r\n".join((*lines, "", "")).encode("latin-1"))


def test_a_tunnel_has_a_host_a_port_and_a_login() -> None:
    asked = head("CONNECT films.example.com:443 HTTP/1.1", f"Proxy-Authorization: Basic {LOGIN}")
    assert (asked.is_tunnel, asked.host, asked.port) == (True, "films.example.com", 443)
    assert (asked.user, asked.password) == ("7-x", "word")
    for written in ("[::1]:8080", "::1:8080"):
        assert head(f"CONNECT {written} HTTP/1.1").netloc == "[::1]:8080"


def test_a_plain_request_is_passed_on_as_the_server_itself_is_asked() -> None:
    asked = head(
        "GET http://name:word@films.example.com:8080/a/film.mp4?x=1#here HTTP/1.1",
        f"Proxy-Authorization: Basic {LOGIN}",
        "Proxy-Connection: keep-alive",
        "Host: films.example.com:8080",
        "Range: bytes=0-",
    )
    assert (asked.host, asked.port, asked.is_tunnel) == ("films.example.com", 8080, False)
    assert asked.origin_form() == (
        b"GET /a/film.mp4?x=1 HTTP/1.1\r\nHost: films.example.com:8080\r\nRange: bytes=0-\r\n\r\n"
    )
    assert asked.field("range") == "bytes=0-"


def test_a_persons_own_proxy_is_asked_with_the_whole_address_and_his_login() -> None:
    asked = head("GET http://films.example.com/f.mp4 HTTP/1.1", "Host: films.example.com")
    assert asked.absolute_form("Basic abc") == (
        b"GET http://films.example.com:80/f.mp4 HTTP/1.1\r\nHost: films.example.com\r\n"
        b"Proxy-Authorization: Basic abc\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/My Film/f.mp4", "/My%20Film/f.mp4"),
        ("/caf\xc3\xa9.mp4", "/caf%C3%A9.mp4"),
        ("/100%25.mp4?a=%20b", "/100%25.mp4?a=%20b"),
        ("?a=1", "/?a=1"),
        ("", "/"),
    ],
)
def test_a_path_is_as_it_was_written_but_for_what_breaks_the_line(target: str, path: str) -> None:
    assert head(f"GET http://films.example.com{target} HTTP/1.1").target == path


@pytest.mark.parametrize(
    "lines",
    [
        ("GET",),
        ("GET  HTTP/1.1",),
        ("GET /film.mp4 HTTP/1.1",),
        ("GET ftp://films.example.com/ HTTP/1.1",),
        ("GET http:///film.mp4 HTTP/1.1",),
        ("GET http://films.exa mple.com/ HTTP/1.1",),
        ("GET http://films.\x91.example.com/ HTTP/1.1",),
        ("GET http://films.example.com:x/ HTTP/1.1",),
        ("GET http://films.example.com/ HTTP/2.0",),
        ("CONNECT films.example.com HTTP/1.1",),
        ("CONNECT films.example.com:443/x HTTP/1.1",),
        ("CONNECT a@films.example.com:443 HTTP/1.1",),
        ("CONNECT [::1:443 HTTP/1.1",),
        ("GET http://films.example.com/ HTTP/1.1", "no field"),
        ("GET http://films.example.com/ HTTP/1.1", " folded: x"),
        ("GET http://films.example.com/ HTTP/1.1", "X: a\nHost: other"),
        ("GET http://films.example.com/ HTTP/1.1", "Transfer-Encoding: chunked"),
        ("POST http://films.example.com/ HTTP/1.1", "Content-Length: -1"),
        ("GET http://films.example.com/ HTTP/1.1", *["X: y"] * 201),
    ],
)
def test_what_could_mean_two_things_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(ProtocolError):
        head(*lines)


@pytest.mark.parametrize("said", ["Bearer x", "Basic ???", "Basic /w==", ""])
def test_a_login_that_cannot_be_read_is_none(said: str) -> None:
    asked = head("CONNECT films.example.com:443 HTTP/1.1", f"Proxy-Authorization: {said}")
    assert (asked.user, asked.password) == ("", "")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_protocol_error(raw: bytes) -> None:
    for begin in (
        b"",
        b"GET http://a.example/",
        b"CONNECT ",
        b"GET http://a.example/ HTTP/1.1\r\n",
    ):
        try:
            asked = parse_head(begin + raw + b"\r\n\r\n")
        except ProtocolError:
            continue
        written = asked.origin_form()
        assert written.endswith(b"\r\n\r\n")
        assert written.count(b"\r\n\r\n") == 1
        assert b" " not in asked.target.encode()


def test_cookies_of_a_plain_answer_have_the_path_that_a_player_compares() -> None:
    def written(line: str, netloc: str = "films.example.com:80") -> str:
        raw = f"HTTP/1.1 302 Found\r\n{line}\r\nX: y".encode("latin-1")
        return for_player(raw, netloc, "/a/film.mp4?x=/").decode("latin-1").split("\r\n")[1]

    assert written("Set-Cookie: a=1; Path=/b; Secure") == (
        "Set-Cookie: a=1; Secure; path=http://films.example.com/b"
    )
    assert written("set-cookie: a=1", "films.example.com:8080") == (
        "set-cookie: a=1; path=http://films.example.com:8080/a/"
    )
    assert written("Location: /My Film/caf\xc3\xa9") == "Location: /My%20Film/caf%C3%A9"
    assert written("Other: a b") == "Other: a b"
