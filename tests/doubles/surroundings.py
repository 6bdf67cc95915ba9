"""A seat's surroundings on real parts: nothing is connected, and the player's clock is by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from player.api.config import SeatConfig
from player.backend.base import Source
from player.backend.fake import FakePlayer
from player.media.loader import MediaLoader
from player.session.core.host_commands import HostCommands
from player.session.core.sync_inputs import SyncInputs
from player.session.core.telemetry import SeatTelemetry
from player.session.link import ServerLink
from player.sync.follower import Follower
from player.sync.thread import PlayerThread
from protocol.client.protocol import ClientProtocol
from protocol.client.stream_state import StreamState
from protocol.exceptions import MatineeError
from protocol.timeline import Timeline
from protocol.wire.messages import Cursor, Media, Member

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.views import AnyView
    from player.media.loader import Identify
    from player.session.context import NoteType
    from player.sync.messages import PlayerNews
    from protocol.wire.messages import Act, Role

FILM = Media("film-0001", "file", title="The Film")


class SeatAround:
    """See `player.session.context.SessionContext`; what is asked of it is kept."""

    def __init__(self, role: Role = "host", *media: str, returning: bool = False) -> None:
        self.config = SeatConfig(
            role=role,
            name="Ana",
            instance_id="instance-of-ana",
            server="http://127.0.0.1:1",
            media=media,
            returning=returning,
            trusted=("media.example",),
        )
        self.hosts = role == "host"
        self.now = 1000.0
        self.news: list[PlayerNews] = []
        self.player: FakePlayer | None = None
        self.driver = PlayerThread(
            self._make_player, Follower(), self.news.append, lambda: self.now
        )
        self.protocol = ClientProtocol(name="Ana", instance_id="instance-of-ana")
        self.protocol.state = StreamState(
            "stream-01", Cursor(1, 1), Timeline(), "member-a", media=FILM
        )
        self.gauges = SeatTelemetry()
        self.sync_inputs = SyncInputs(self.protocol, self.driver)
        self.views: list[AnyView] = []
        self.emit: Callable[[AnyView], None] = self.views.append
        self.identify: Identify = self._identify
        self.found: dict[str, Source | MatineeError] = {}
        self.named_by_person = False
        self.resolved: list[str] = []
        self.is_slow = False
        """Nothing is ever found."""
        self.opened: list[Media] = []
        self.unopened: list[MatineeError] = []
        self.screening = MediaLoader(
            self.config,
            self.driver,
            resolve=self.resolve,
            identify=self.identify,
            emit=self.emit,
            opened=self.opened.append,
            failed=self.unopened.append,
        )
        self.link = ServerLink(
            self.protocol,
            server=self.config.server,
            stream_id="stream-01",
            token="",
            on_events=lambda: None,
            on_down=lambda _: None,
        )
        self.holds = 0
        self.controls = HostCommands(self._hold)
        self.is_ready = True
        self.acts: list[Act] = []
        self.notes: list[tuple[NoteType, float, float | None, float | None]] = []
        self.said: list[str] = []
        """Notices, errors and refusals, by their message."""
        self.refused: list[str] = []
        self.lines: list[str] = []
        self.resyncs = self.reports = self.departures = 0
        self.fatal: str | None = None

    @property
    def you(self) -> str:
        return "member-a"

    @property
    def role(self) -> Role:
        return self.config.role

    @property
    def is_host(self) -> bool:
        return self.hosts

    @property
    def host(self) -> str:
        return "Ana"

    def at(self, timeline: Timeline) -> None:
        """The stream's timeline is this one."""
        self.protocol.state = StreamState(
            "stream-01", Cursor(1, 2), timeline, "member-a", media=FILM, members=_MEMBERS
        )

    def step(self, seconds: float = 0.0) -> None:
        """Let the player's thread do what is posted."""
        self.now += seconds
        if self.player is not None:
            self.player.tick()
        self.driver.step()

    def view_only(self, what: str) -> None:
        self.refused.append(what)

    def ask_line(self, line: str) -> None:
        self.lines.append(line)

    def request(self, act: Act) -> None:
        self.acts.append(act)

    def note(
        self,
        event_type: NoteType,
        position: float,
        *,
        before: float | None = None,
        after: float | None = None,
    ) -> None:
        self.notes.append((event_type, position, before, after))

    def resync(self) -> None:
        self.resyncs += 1

    def report_soon(self) -> None:
        self.reports += 1

    def slept(self, missed: float) -> None:
        self.said.append(f"slept {missed:.0f} s")

    def notice(self, message: str) -> None:
        self.said.append(message)

    def say_error(
        self, code: str, message: str, remedy: str = "", *, field: str = "", fatal: bool = False
    ) -> None:
        self.said.append(f"{message}; {remedy}")

    def fail(self, code: str, message: str, remedy: str = "") -> None:
        self.fatal = message

    def leave(self) -> None:
        self.departures += 1

    async def resolve(self, own: str, progress: Callable[[str], None], named: bool) -> Source:
        """From `found`, or a film of that name."""
        self.named_by_person = named
        self.resolved.append(own)
        progress("looking")
        if self.is_slow:
            await asyncio.Event().wait()
        found = self.found.get(own, Source(url=own))
        if isinstance(found, MatineeError):
            raise found
        return found

    async def _identify(self, own: str) -> Media:
        """A file of that name and no other likeness."""
        found = self.found.get(own)
        if isinstance(found, MatineeError):
            raise found
        return Media("film-0009", "file", title=own, file_name=own, size=1_000_000)

    def _hold(self) -> None:
        self.holds += 1

    def _make_player(self, report: Callable[..., None]) -> FakePlayer:
        self.player = FakePlayer(report, lambda: self.now)
        return self.player


_MEMBERS = {"member-a": Member("member-a", "Ana", "host")}
