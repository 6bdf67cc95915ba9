"""Why there is no connection."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosedError, ProxyError
from websockets.frames import Close

from player.net.proxies import Proxy
from player.session.link import LinkLoss, describe


def closed(reason: str) -> ConnectionClosedError:
    """The server closes with ``reason``."""
    return ConnectionClosedError(Close(1001, reason), None)


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        (closed("server_stopping"), LinkLoss("the server was stopped", "server_stopping")),
        (
            closed("too_slow"),
            LinkLoss("this connection was too slow for the server", "too_slow"),
        ),
        (closed("something new"), LinkLoss("something new")),
        (closed(""), LinkLoss("the connection was closed")),
        (ConnectionClosedError(None, None), LinkLoss("the connection broke")),
        (ConnectionRefusedError(), LinkLoss("nothing listens there")),
    ],
)
def test_a_lost_connection_has_words_and_a_code_where_the_server_said_why(
    error: Exception, loss: LinkLoss
) -> None:
    assert describe(error) == loss


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "x"), "refuses the connection"),
        (ProxyError("no way"), "does not connect to the server (no way)"),
        (TimeoutError(), "does not answer, or the server behind it"),
    ],
)
def test_where_a_proxy_is_on_the_way_it_is_named(error: Exception, words: str) -> None:
    proxy = Proxy("ALL_PROXY", "socks5h://me:secret@127.0.0.1:9")
    assert describe(error, proxy) == LinkLoss(f"ALL_PROXY (socks5h://127.0.0.1:9) {words}")
    assert describe(closed("server_stopping"), proxy).code == "server_stopping"
