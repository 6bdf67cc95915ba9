"""Membership: who this seat is in its stream, and what it asks of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from player.api.views import ViewOnly
from player.session.core.effects import Flush, ShowText
from player.session.core.presenters import host_name
from protocol.wire.invite import Invite
from protocol.wire.messages import Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.config import SeatConfig
    from player.session.core.effects import Outbox
    from protocol.client.protocol import ClientProtocol
    from protocol.client.stream_state import StreamState
    from protocol.wire.messages import (
        Act,
        AnyEphemeralRequest,
        ModerationRequest,
        Report,
        Role,
        Welcome,
    )

NoteType = Literal["sync_request", "buffer_start", "buffer_end"]


class Membership:
    """This seat as a member; everything it wants of the server goes through here."""

    def __init__(
        self,
        config: SeatConfig,
        protocol: ClientProtocol,
        outbox: Outbox,
        new_id: Callable[[], str],
    ) -> None:
        self._config = config
        self._protocol = protocol
        self._outbox = outbox
        self.new_id = new_id

    @property
    def name(self) -> str:
        """What the others call this seat."""
        return self._config.name

    @property
    def state(self) -> StreamState | None:
        """The stream as this seat knows it."""
        return self._protocol.state

    @property
    def welcome(self) -> Welcome | None:
        """The newest one; None before the first."""
        return self._protocol.welcome

    @property
    def is_joined(self) -> bool:
        """The server has taken this connection in."""
        return self._protocol.joined

    @property
    def you(self) -> str:
        """This member's id; "" before the first welcome."""
        return self._protocol.welcome.member_id if self._protocol.welcome else ""

    @property
    def role(self) -> Role:
        """What this seat is now; before the first welcome, what it is to be."""
        return self._protocol.role or self._config.role

    @property
    def is_host(self) -> bool:
        """Whether this seat may move the timeline."""
        return self.role == "host"

    @property
    def host(self) -> str:
        """Name of who hosts; "" while there is nobody."""
        return host_name(self._protocol.state) if self._protocol.state else ""

    def invite(self, stream_id: str, token: str) -> str:
        """What a host hands on."""
        return str(Invite(self._config.public or self._config.server, stream_id, token))

    def position(self, now: float) -> float:
        """Where the timeline is, as well as it is known; 0 outside of a stream."""
        state, clock = self._protocol.state, self._protocol.clock(now)
        if state is None:
            return 0.0
        line = state.timeline
        return line.position_at(now + clock.offset) if clock else line.position

    def request(self, act: Act, now: float) -> None:
        """Ask the server to move the timeline."""
        if not self._protocol.request(act, self.new_id(), now):
            self._outbox.error("queue_full", "too much waits for the server already", "wait for it")
        elif not self._protocol.joined:
            self._outbox.notice("the server is out of reach; this goes out when it is back")
        self._outbox.add(Flush())

    def note(
        self,
        event_type: NoteType,
        position: float,
        *,
        before: float | None = None,
        after: float | None = None,
    ) -> None:
        """Something for the log; positions and drifts in seconds."""
        self._protocol.note(
            Note(
                event_id=self.new_id(),
                event_type=event_type,
                position=max(0.0, position),
                before_ms=None if before is None else round(before * 1000, 1),
                after_ms=None if after is None else round(after * 1000, 1),
            )
        )
        self._outbox.add(Flush())

    def tell(self, request: AnyEphemeralRequest) -> bool:
        """Something for the others to hear now; False when nobody would."""
        is_told = self._protocol.tell(request)
        self._outbox.add(Flush())
        return is_told

    def moderate(self, request: ModerationRequest) -> bool:
        """About members and invites; False when the server is out of reach."""
        is_asked = self._protocol.moderate(request)
        self._outbox.add(Flush())
        return is_asked

    def report(self, report: Report) -> None:
        """Tell the others how this seat stands."""
        self._protocol.report(report)
        self._outbox.add(Flush())

    def measure_clock(self, now: float, *, forget: bool = False) -> None:
        """Measure the server's clock anew."""
        self._protocol.measure_clock(now, forget=forget)
        self._outbox.add(Flush())

    def view_only(self, what: str) -> None:
        """A viewer may not; say who may."""
        message = f"View Only: {self.host} is hosting" if self.host else "View Only: no host now"
        self._outbox.emit(
            ViewOnly(name=self.name, you=True, intent=what, host=self.host, message=message)
        )
        self._outbox.add(ShowText(message))
