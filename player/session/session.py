"""A member's life: ties the link, the clock, the player and the people's wishes together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Final

from player.api.views import AnyView, ErrorLine, Notice, ViewOnly
from player.ids import new_id
from player.media.loader import Identify, MediaLoader, Resolve
from player.session.core.host_commands import HostCommands
from player.session.core.presenters import host_name
from player.session.core.sync_inputs import SyncInputs
from player.session.core.telemetry import SeatTelemetry
from player.session.intent_handler import IntentHandler
from player.session.link import ServerLink
from player.session.periodic import PeriodicTasks
from player.session.player_events import PlayerEventHandler
from player.session.server_events import ServerEventHandler
from player.sync.messages import HasPlayer, NoPlayer
from protocol.client.protocol import ClientProtocol
from protocol.exceptions import DecodeError
from protocol.wire import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.config import SeatConfig
    from player.session.context import NoteType
    from player.sync.messages import PlayerNews
    from player.sync.thread import PlayerThread

log = logging.getLogger(__name__)

BURST_TAKES: Final = 0.8
PLAYER_START: Final = 5.0
"""Seconds that a seat waits for its player before it joins."""


class Session:
    """One seat in one stream, over as many connections and films as it takes."""

    def __init__(
        self,
        config: SeatConfig,
        *,
        token: str,
        create: messages.CreateStream | None,
        driver: PlayerThread,
        resolve: Resolve,
        identify: Identify,
        emit: Callable[[AnyView], None],
        finish: Callable[[str], None],
    ) -> None:
        self.config = config
        self.driver = driver
        self.gauges = SeatTelemetry()
        self.protocol = ClientProtocol(
            name=config.name,
            instance_id=config.instance_id,
            create=create,
            take_over=config.take_over,
            yields=config.yields,
        )
        self.sync_inputs = SyncInputs(self.protocol, driver)
        self.wishes = IntentHandler(self)
        self._relay = ServerEventHandler(self, self.wishes)
        self.link = ServerLink(
            self.protocol,
            server=config.server,
            stream_id=config.stream_id,
            token=token,
            on_events=self._take_events,
            on_down=self._relay.link_down,
        )
        self._reactions = PlayerEventHandler(self)
        self.screening = MediaLoader(
            config,
            driver,
            resolve=resolve,
            identify=identify,
            emit=emit,
            opened=self._reactions.film_opened,
            failed=self._reactions.film_failed,
        )
        self.emit = emit
        self.identify = identify
        self._finish = finish
        self.controls = HostCommands(driver.hold)
        self.is_ready = False
        """The face knows that the seat has joined."""
        self._failed = False
        self._player_told = asyncio.Event()
        self._pulse = PeriodicTasks(self)

    # Life -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until `close`."""
        self.driver.start()
        beat = asyncio.create_task(self._pulse.run())
        try:
            # A mistake in an option of the player's leaves no party behind, and disturbs none.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PLAYER_START):
                    await self._player_told.wait()
            if not self._failed:
                await self.link.run()
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    def player_news(self, news: PlayerNews) -> None:
        """Take what the player's thread tells."""
        self._reactions.take(news)
        if isinstance(news, HasPlayer | NoPlayer):
            self._player_told.set()

    def leave(self) -> None:
        """A person wants to go."""
        self._finish("")

    async def close(self) -> None:
        """Leave for good."""
        self.screening.close()
        self.protocol.leave()
        await self.link.stop()
        self._player_told.set()

    @property
    def you(self) -> str:
        """This member's id; "" before the first welcome."""
        return self.protocol.welcome.member_id if self.protocol.welcome else ""

    @property
    def role(self) -> messages.Role:
        """What this seat is now; before the first welcome, what it is to be."""
        return self.protocol.role or self.config.role

    @property
    def is_host(self) -> bool:
        """Whether this seat may move the timeline."""
        return self.role == "host"

    @property
    def host(self) -> str:
        """Name of who hosts; "" while there is nobody."""
        return host_name(self.protocol.state) if self.protocol.state else ""

    def request(self, act: messages.Act) -> None:
        """Ask the server to move the timeline."""
        if not self.protocol.request(act, new_id(), time.monotonic()):
            self.say_error("queue_full", "too much waits for the server already", "wait for it")
        elif not self.protocol.joined:
            self.notice("the server is out of reach; this goes out when it is back")
        self.link.flush()

    def note(
        self,
        event_type: NoteType,
        position: float,
        *,
        before: float | None = None,
        after: float | None = None,
    ) -> None:
        """Something for the log; positions and drifts in seconds."""
        self.protocol.note(
            messages.Note(
                event_id=new_id(),
                event_type=event_type,
                position=max(0.0, position),
                before_ms=None if before is None else round(before * 1000, 1),
                after_ms=None if after is None else round(after * 1000, 1),
            )
        )
        self.link.flush()

    def report_soon(self) -> None:
        """Something changed that a person would want to see at once."""
        self._pulse.soon()

    def view_only(self, what: str) -> None:
        """A viewer may not; say who may."""
        message = f"View Only: {self.host} is hosting" if self.host else "View Only: no host now"
        self.emit(
            ViewOnly(name=self.config.name, you=True, intent=what, host=self.host, message=message)
        )
        self.driver.with_player(lambda player: player.show_text(message))

    def resync(self) -> None:
        """Measure the clock anew, then jump to where the timeline is."""
        self._reactions.resync_asked()
        self.protocol.measure_clock(time.monotonic())
        self.link.flush()
        self.link.retry_now()
        self._later(BURST_TAKES, self.driver.jump)

    def notice(self, message: str) -> None:
        """Something to know."""
        self.emit(Notice(message=message))

    def say_error(
        self, code: str, message: str, remedy: str = "", *, field: str = "", fatal: bool = False
    ) -> None:
        """Something went wrong."""
        self.emit(ErrorLine(code=code, message=message, remedy=remedy, field=field, fatal=fatal))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, act)

    def slept(self, missed: float) -> None:
        """Nothing was noticed for ``missed`` seconds: measure anew, the player follows."""
        self.notice(f"{missed:.0f} s went by unnoticed (sleep?): measuring anew")
        self.protocol.measure_clock(time.monotonic(), forget=True)
        self.link.flush()

    def _take_events(self) -> None:
        for event in self.protocol.events_received():
            self._relay.take(event)

    def fail(self, code: str, message: str, remedy: str = "") -> None:
        """Say what is wrong, once, and end."""
        if self._failed:
            return
        self._failed = True
        self.say_error(code, message, remedy, fatal=True)
        self._finish(message)

    def ask_line(self, line: str) -> None:
        """A wish as a line of text, from a face or a key in the player's window."""
        try:
            self.wishes.ask(line)
        except DecodeError as error:
            self.say_error(error.code, error.message, field=error.field)
