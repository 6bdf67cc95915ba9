"""Why there is no connection."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

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
