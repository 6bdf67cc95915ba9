"""Ids and keys are as long as they must be, and never the same."""

from __future__ import annotations

from protocol.server.core.identity import is_uuid_hex
from server_stub.ids import RandomIds


def test_keys_are_long_enough() -> None:
    mint = RandomIds()
    assert is_uuid_hex(mint.stream_id())
    assert len(mint.host_key()) == 43
    assert len(mint.invite_token()) == 22
    assert mint.event_id() != mint.event_id()
