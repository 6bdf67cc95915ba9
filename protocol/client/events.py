"""What `ClientProtocol` tells of: one type for each thing that can happen to a seat."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from protocol.sync.clock import ClockEstimate
    from protocol.wire.messages import Act, Bye, Chat, Event, Invited, Refusal, Role, Welcome


class Joined(NamedTuple):
    """The server took the seat in."""

    welcome: Welcome
    again: bool
    """The seat had been in this stream before."""


class Recovered(NamedTuple):
    """The state is whole again after a connection was lost."""

    events: int
    """How many were missed and have been applied since."""
    by_snapshot: bool


class RoleChanged(NamedTuple):
    """This seat hosts from now on, or no longer."""

    role: Role
    host: str = ""
    """Name of who made himself host, who may not be listed yet; "" when nobody did."""


class InvitedWith(NamedTuple):
    """What this host may hand on from now on."""

    invited: Invited


class StateChanged(NamedTuple):
    """``ClientProtocol.state`` is a new one."""


class Logged(NamedTuple):
    """An event was applied."""

    event: Event


class MembersChanged(NamedTuple):
    """Members came (names), left (names), were removed by the host (names) or changed."""

    came: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class WaitsFor(NamedTuple):
    """A start waits for these members (ids), until ``until`` on the server's clock at most."""

    members: tuple[str, ...]
    """Empty: the wait is over."""
    until: float


class Said(NamedTuple):
    """Chat."""

    chat: Chat


class RefusedBy(NamedTuple):
    """The server refuses ``act`` (None: something else, or the whole connection)."""

    refusal: Refusal
    act: Act | None


class ClockMoved(NamedTuple):
    """There is a new estimate of the server's clock."""

    estimate: ClockEstimate


class ClockLost(NamedTuple):
    """The server's clock is another one, unknown until it has moved: its instants mean nothing."""


class Dropped(NamedTuple):
    """So many commands that waited were given up: somebody else hosts now."""

    commands: int


class Unanswered(NamedTuple):
    """The server is silent: close the connection and try anew."""


class Ended(NamedTuple):
    """The server closes the connection."""

    bye: Bye


ClientEvent = (
    Joined
    | Recovered
    | RoleChanged
    | InvitedWith
    | StateChanged
    | Logged
    | MembersChanged
    | WaitsFor
    | Said
    | RefusedBy
    | ClockMoved
    | ClockLost
    | Dropped
    | Unanswered
    | Ended
)
