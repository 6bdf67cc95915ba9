"""Replica: this seat's copy of the stream, kept up with the log over lost connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocol.client.events import (
    ClientEvent,
    EventApplied,
    MembersChanged,
    SessionResumed,
    StateChanged,
)
from protocol.client.stream_state import StreamState, from_snapshot
from protocol.wire.messages import Cursor, Resume

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.client.hosting import Hosting
    from protocol.wire.messages import Event, Presence, Snapshot, StateNow

RESUME_TIMEOUT: Final = 4.0
"""A gap that is still there after so long is asked about again."""
_NEVER: Final = float("-inf")


class StreamReplica:
    """The stream as far as its log has been heard; tells who hosts before what follows from it."""

    def __init__(self, hosting: Hosting, tell: Callable[[ClientEvent], None]) -> None:
        self.state: StreamState | None = None
        self._hosting = hosting
        self._tell = tell
        self._is_behind = False
        """A connection was lost, and there is no new one."""
        self._is_catching_up = False
        self._missed = 0
        self._resume_at = _NEVER

    # The connection ---------------------------------------------------------------------

    def connection_made(self) -> None:
        """What was asked of another connection is not awaited any more."""
        self._resume_at = _NEVER

    def connection_lost(self) -> None:
        """From here on events are missed."""
        if self.state is not None and not self._is_behind:
            self._is_behind = True
            if not self._is_catching_up:
                self._missed = 0

    def welcomed(self) -> None:
        """What was missed comes next."""
        self._is_catching_up, self._is_behind = self._is_behind, False

    # What the server says ---------------------------------------------------------------

    def snapshot(self, snapshot: Snapshot) -> None:
        """Begin from a whole state."""
        self._resume_at = _NEVER
        self.state = from_snapshot(snapshot)
        self._hosting.hosted_by(snapshot.host_id, snapshot.host_term)
        self._tell(StateChanged())
        self._tell(MembersChanged())
        self._caught_up(by_snapshot=True)

    def event(self, event: Event, now: float) -> Resume | None:
        """Apply what comes next; of a gap, what is to be asked."""
        if self.state is None:
            return None
        applied, self.state = self.state.apply(event)
        if applied == "applied":
            self._missed += self._is_catching_up
            self._resume_at = _NEVER
            name = event.name if event.member_id == event.host_id else ""
            self._hosting.hosted_by(self.state.host_id, self.state.host_term, name)
            self._tell(EventApplied(event))
            self._tell(StateChanged())
        return self._ask(self.state.cursor, now) if applied == "gap" else None

    def state_now(self, message: StateNow, now: float) -> Resume | None:
        """Compare with where the server is; of a gap, what is to be asked."""
        if self.state is None:
            return None
        before = self.state.timeline
        applied, self.state = self.state.restate(message)
        if applied == "gap":
            return self._ask(self.state.cursor, now)
        if self.state.timeline != before:
            self._tell(StateChanged())
        self._caught_up(by_snapshot=False)
        return None

    def presence(self, presence: Presence) -> None:
        """Somebody came, left or is doing otherwise."""
        if self.state is None:
            return
        before = self.state.members
        self.state = self.state.present(presence)
        after = self.state.members
        came = tuple(member.name for i, member in after.items() if i not in before)
        gone = {i: member.name for i, member in before.items() if i not in after}
        removed = tuple(gone.pop(i) for i in presence.removed if i in gone)
        self._tell(MembersChanged(came, tuple(gone.values()), removed))

    def _caught_up(self, *, by_snapshot: bool) -> None:
        if self._is_catching_up:
            self._is_catching_up = False
            self._tell(SessionResumed(self._missed, by_snapshot))

    def _ask(self, cursor: Cursor, now: float) -> Resume | None:
        """Ask for what is missing: once, and again if nothing came of it."""
        if now - self._resume_at < RESUME_TIMEOUT:
            return None
        self._resume_at = now
        return Resume(cursor)
