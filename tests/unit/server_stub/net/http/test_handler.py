"""Paths and headers, as they are read."""

from __future__ import annotations

import pytest

from server_stub.net.http.connection import bearer
from server_stub.net.http.paths import socket_stream


@pytest.mark.parametrize(
    ("path", "stream_id"),
    [
        ("/ws", ""),
        ("/ws/abcdefgh", "abcdefgh"),
        ("/ws/", None),
        ("/ws/short", None),
        ("/ws/abcdefgh/x", None),
        ("/ws/abcdefgh?token=x", None),
        ("/ws/../healthz", None),
        ("/wsx", None),
    ],
)
def test_the_stream_of_a_path(path: str, stream_id: str | None) -> None:
    assert socket_stream(path) == stream_id


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", ""),
        ("abc", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_token_of_a_header(header: str | None, token: str) -> None:
    assert bearer(header) == token
