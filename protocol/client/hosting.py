"""Host term: whether this seat hosts, since which term, and what of its commands that leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.client.events import ClientEvent, CommandsDropped, RoleChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.client.outbox import CommandQueue
    from protocol.wire.messages import Role, Welcome


class Hosting:
    """One seat's role, as the newest term that it knows of has it.

    Args:
        commands: what waits is of one term; a later one drops it.
        yields: before its first welcome this seat means to be a viewer where another hosts.
    """

    def __init__(
        self, commands: CommandQueue, tell: Callable[[ClientEvent], None], *, yields: bool
    ) -> None:
        self.role: Role | None = None
        """None before the first welcome."""
        self._commands = commands
        self._tell = tell
        self._yields_at_first = yields
        self._member_id = ""
        self._term = 0

    @property
    def yields(self) -> bool:
        """Whether the next hello leaves the party to another host: a viewer stays one."""
        return self._yields_at_first if self.role is None else self.role == "viewer"

    def welcomed(self, welcome: Welcome) -> None:
        """The server says what this seat is on a new connection."""
        before, self.role = self.role, welcome.role
        self._member_id = welcome.member_id
        self._term = welcome.host_term
        self._drop(self._commands.welcomed(welcome.host_term, welcome.counter))
        if before not in (None, welcome.role):
            self._tell(RoleChanged(welcome.role))

    def hosted_by(self, host_id: str, host_term: int, name: str = "") -> None:
        """Who hosts since ``host_term``; one that is known says nothing new."""
        if self.role is None or host_term <= self._term:
            return
        self._term = host_term
        self._drop(self._commands.welcomed(host_term, 0))
        role: Role = "host" if host_id == self._member_id else "viewer"
        if role != self.role:
            self.role = role
            self._tell(RoleChanged(role, name))

    def refused_as_stale(self) -> None:
        """The term of what waits has ended."""
        self._drop(self._commands.clear())

    def _drop(self, count: int) -> None:
        if count:
            self._tell(CommandsDropped(count))
