"""Messages of the dialer: what the seat and its child say to each other: one JSON object a line."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from player.net.hold import HoldCause
from player.net.proxies import ProxySettings

REFUSED = 470
"""HTTP status of what the rules refuse; of no standard, so that no server's answer is one."""
MAX_LINE_BYTES = 64 * 1024 * 1024

# What the child is told -------------------------------------------------------------------


class Setup(msgspec.Struct, frozen=True, tag="setup"):
    """The first line."""

    secret: str
    proxies: ProxySettings
    ca_file: str = ""
    """Certificates that a person's https proxy is checked against; "" for the system's."""


class TextKept(msgspec.Struct, frozen=True, tag="text"):
    """A text that is answered from memory from now on."""

    item: int
    path: str
    content: bytes
    content_type: str


class ItemForgotten(msgspec.Struct, frozen=True, tag="forget"):
    """Texts of the item are not answered any more."""

    item: int


DialerLine = Setup | TextKept | ItemForgotten

# What the child tells ---------------------------------------------------------------------


class DialRefused(msgspec.Struct, frozen=True, tag="refused"):
    """A connection is not made: the rules say no, or it cannot be had at all."""

    item: int
    host: str
    reason: str
    """One clause."""


class DialHeld(msgspec.Struct, frozen=True, tag="held"):
    """A connection cannot be made now; the player waits while it is tried again."""

    item: int
    host: str
    cause: HoldCause


class DialResumed(msgspec.Struct, frozen=True, tag="resumed"):
    """A connection that was held is there."""

    item: int
    host: str
    seconds: float


class DialGivenUp(msgspec.Struct, frozen=True, tag="given_up"):
    """A connection was held for as long as the player waits, and is not there."""

    item: int
    host: str
    cause: HoldCause
    seconds: float


class UpstreamBroken(msgspec.Struct, frozen=True, tag="broken"):
    """An open connection ended with an error."""

    item: int
    host: str
    cause: str
    received: int
    """Bytes that had come over it."""


class TrafficMeasured(msgspec.Struct, frozen=True, tag="traffic"):
    """What came for an item lately, over all its connections."""

    item: int
    received: int
    """Bytes."""
    seconds: float
    """Over which they were counted."""
    blocked: float
    """Of these, how long the player took no more: bytes over the rest are what the line carries."""


DialerEvent = DialRefused | DialHeld | DialResumed | DialGivenUp | UpstreamBroken | TrafficMeasured

Tell = Callable[[DialerEvent], None]
