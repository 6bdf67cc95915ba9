from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.exceptions import InviteError
from protocol.wire.invite import Invite, parse_invite, parse_server, socket_url

WHOLE = "http://ada.example:8765/j/0123456789abcdef#kT-secret_9"
letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"


def test_an_invite_names_server_stream_and_key() -> None:
    assert parse_invite(WHOLE) == Invite(
        "http://ada.example:8765", "0123456789abcdef", "kT-secret_9"
    )


@given(
    st.sampled_from(["http://localhost:1", "https://ada.example", "http://[::1]:65535"]),
    st.text(letters, min_size=8, max_size=64),
    st.text(letters, min_size=8, max_size=64),
)
def test_what_is_written_is_read_again(server: str, stream_id: str, token: str) -> None:
    invite = Invite(server, stream_id, token)
    assert parse_invite(str(invite)) == invite


@pytest.mark.parametrize("wrapping", ["  {}\n", "<{}>", '"{}"', "'{}'"])
def test_what_clings_to_a_pasted_line_does_no_harm(wrapping: str) -> None:
    assert parse_invite(wrapping.format(WHOLE)) == parse_invite(WHOLE)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "empty"),
        ("  <> ", "empty"),
        ("http://ada.example:8765", "/j/"),
        ("/j/0123456789abcdef#kT-secret_9", "not a server address"),
        ("ftp://ada.example/j/0123456789abcdef#kT-secret_9", "not a server address"),
        ("http://ada.example/more/j/0123456789abcdef#kT-secret_9", "not a server address"),
        ("http://ada.example/j/#kT-secret_9", "no stream"),
        ("http://ada.example/j/short#kT-secret_9", "no stream"),
        ("http://ada.example/j/0123456789abcdef", "lost its key"),
        ("http://ada.example/j/0123456789abcdef#", "lost its key"),
        ("http://ada.example/j/0123456789abcdef#kT-sec\nret_9", "damaged"),
        ("http://ada.example/j/0123456789abcdef#kT-secret_9#more", "damaged"),
        ("http://ada.exa\u200bmple/j/0123456789abcdef#kT-secret_9", "do not belong"),
    ],
)
def test_an_invite_that_cannot_be_read_says_which_part(text: str, names: str) -> None:
    with pytest.raises(InviteError, match=names) as caught:
        parse_invite(text)
    assert "paste the whole line" in caught.value.remedy


@given(st.text(max_size=80))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        invite = parse_invite(text)
    except InviteError:
        return
    assert parse_invite(str(invite)) == invite


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("ada.example:8765", "http://ada.example:8765"),
        ("localhost", "http://localhost"),
        (" https://Ada.Example/ ", "https://ada.example"),
        ("http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_a_server_may_be_written_short(text: str, server: str) -> None:
    assert parse_server(text) == server


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "ftp://ada.example",
        "http://ada.example:0",
        "http://ada.example:99999",
        "http://ada.example:x",
        "http://[::1",
        "http://me@ada.example",
        "http://:pw@ada.example",
        "http://ada.example/path",
        "http://ada.example?query",
        "http://ada.example#fragment",
        "http://ada\\.example",
        "http://ada example",
        "http://ada.ex\tample",
        "http://ada.example\x00",
    ],
)
def test_what_is_no_server_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(InviteError) as caught:
        parse_server(text)
    assert "http://host:port" in caught.value.remedy


@pytest.mark.parametrize(
    ("server", "stream_id", "url"),
    [
        ("http://ada.example:8765", "", "ws://ada.example:8765/ws"),
        ("https://ada.example", "0123456789abcdef", "wss://ada.example/ws/0123456789abcdef"),
    ],
)
def test_the_socket_is_beside_the_page_and_as_safe(server: str, stream_id: str, url: str) -> None:
    assert socket_url(server, stream_id) == url


def test_the_key_is_not_in_the_sockets_address() -> None:
    invite = parse_invite(WHOLE)
    assert invite.token not in invite.socket_url
    assert invite.socket_url == "ws://ada.example:8765/ws/0123456789abcdef"
