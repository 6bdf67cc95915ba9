"""Client events: what `ClientProtocol` tells of: one type for each thing that can happen to a
seat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from protocol.sync.clock import ClockEstimate
    from protocol.wire.messages import (
        Act,
        AnyEphemeralMessage,
        Bye,
        Event,
        Invited,
        Refusal,
        Role,
        Welcome,
    )


class SessionStarted(NamedTuple):
    """The server took the seat in."""

    welcome: Welcome
    again: bool
    """The seat had been in this stream before."""


class SessionResumed(NamedTuple):
    """The state is whole again after a connection was lost."""

    events: int
    """How many were missed and have been applied since."""
    by_snapshot: bool


class RoleChanged(NamedTuple):
    """This seat hosts from now on, or no longer."""

    role: Role
    host: str = ""
    """Name of who made himself host, who may not be listed yet; "" when nobody did."""


class InviteChanged(NamedTuple):
    """What this host may hand on from now on."""

    invited: Invited


class StateChanged(NamedTuple):
    """``ClientProtocol.state`` is a new one."""


class EventApplied(NamedTuple):
    """An event was applied."""

    event: Event


class MembersChanged(NamedTuple):
    """Members came (names), left (names), were removed by the host (names) or changed."""

    came: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class StartWaiting(NamedTuple):
    """A start waits for these members (ids), until ``until`` on the server's clock at most."""

    members: tuple[str, ...]
    """Empty: the wait is over."""
    until: float


class EphemeralReceived(NamedTuple):
    """Somebody told the others something that is not in the log."""

    message: AnyEphemeralMessage


class RequestRefused(NamedTuple):
    """The server refuses ``act`` (None: something else, or the whole connection)."""

    refusal: Refusal
    act: Act | None


class ClockUpdated(NamedTuple):
    """There is a new estimate of the server's clock."""

    estimate: ClockEstimate


class ClockLost(NamedTuple):
    """The server's clock is another one, unknown until it has moved: its instants mean nothing."""


class CommandsDropped(NamedTuple):
    """So many commands that waited were given up: somebody else hosts now."""

    commands: int


class ServerTimedOut(NamedTuple):
    """The server is silent: close the connection and try anew."""


class ServerClosing(NamedTuple):
    """The server closes the connection."""

    bye: Bye


ClientEvent = (
    SessionStarted
    | SessionResumed
    | RoleChanged
    | InviteChanged
    | StateChanged
    | EventApplied
    | MembersChanged
    | StartWaiting
    | EphemeralReceived
    | RequestRefused
    | ClockUpdated
    | ClockLost
    | CommandsDropped
    | ServerTimedOut
    | ServerClosing
)
