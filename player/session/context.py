"""What the parts of a session need of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.config import SeatConfig
    from player.api.views import AnyView
    from player.media.loader import Identify, MediaLoader
    from player.session.core.host_commands import HostCommands
    from player.session.core.sync_inputs import SyncInputs
    from player.session.core.telemetry import SeatTelemetry
    from player.session.link import ServerLink
    from player.sync.thread import PlayerThread
    from protocol.client.protocol import ClientProtocol
    from protocol.wire import messages
    from protocol.wire.messages import Role

NoteType = Literal["sync_request", "buffer_start", "buffer_end"]


class SessionContext(Protocol):
    """The seat as its parts see it."""

    config: SeatConfig
    driver: PlayerThread
    protocol: ClientProtocol
    gauges: SeatTelemetry
    sync_inputs: SyncInputs
    screening: MediaLoader
    link: ServerLink
    controls: HostCommands
    is_ready: bool
    emit: Callable[[AnyView], None]
    identify: Identify

    @property
    def you(self) -> str: ...

    @property
    def role(self) -> Role: ...

    @property
    def is_host(self) -> bool: ...

    @property
    def host(self) -> str: ...

    def view_only(self, what: str) -> None: ...

    def ask_line(self, line: str) -> None: ...

    def request(self, act: messages.Act) -> None: ...

    def note(
        self,
        event_type: NoteType,
        position: float,
        *,
        before: float | None = None,
        after: float | None = None,
    ) -> None: ...

    def resync(self) -> None: ...

    def report_soon(self) -> None: ...

    def slept(self, missed: float) -> None: ...

    def notice(self, message: str) -> None: ...

    def say_error(
        self, code: str, message: str, remedy: str = "", *, field: str = "", fatal: bool = False
    ) -> None: ...

    def fail(self, code: str, message: str, remedy: str = "") -> None: ...

    def leave(self) -> None: ...
