"""A member's life: ties the link, the clock, the player and the people's wishes together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from player.driver import HasPlayer, NoPlayer
from player.gauges import Gauges
from player.happenings import event_view, host_name, members_view, waiting_view
from player.host import HostControls
from player.ids import new_id
from player.keys import keep_host_key
from player.link import Down, Link
from player.pulse import Pulse
from player.reactions import Reactions
from player.screening import Identify, Resolve, Screening
from player.views import (
    AnyView,
    ChatLine,
    ErrorLine,
    Joined,
    Left,
    Notice,
    Ready,
    Reconnecting,
    Recovered,
    ViewOnly,
)
from player.wishes import Wishes
from protocol import client_events, messages
from protocol.client import ClientProtocol
from protocol.exceptions import DecodeError, MatineeError
from protocol.invite import Invite

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.config import SeatConfig
    from player.driver import News, PlayerDriver
    from player.surroundings import NoteType
    from protocol.messages import Media

log = logging.getLogger(__name__)

BURST_TAKES: Final = 0.8
PASSING: Final = frozenset(("rate_limited", "storage_full", "try_again", "internal"))
"""Refusals of a connection that trying again may change."""
FIRST_CONTACT: Final = 10.0
"""Seconds after which a server that was never reached is given up."""

PLAYER_START: Final = 5.0
"""Seconds that a new party waits for its host's player."""


class Session:
    """One seat in one stream, over as many connections and films as it takes."""

    def __init__(
        self,
        config: SeatConfig,
        *,
        token: str,
        create: messages.CreateStream | None,
        driver: PlayerDriver,
        resolve: Resolve,
        identify: Identify,
        emit: Callable[[AnyView], None],
        finish: Callable[[str], None],
    ) -> None:
        self.config = config
        self.driver = driver
        self.gauges = Gauges()
        self.protocol = ClientProtocol(
            name=config.name,
            instance_id=config.instance_id,
            create=create,
            take_over=config.take_over,
            yields=config.yields,
        )
        self.link = Link(
            self.protocol,
            server=config.server,
            stream_id=config.stream_id,
            token=token,
            on_events=self._take_events,
            on_down=self._link_down,
        )
        self._reactions = Reactions(self)
        self.screening = Screening(
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
        self.controls = HostControls(driver.hold)
        self.wishes = Wishes(self)
        self.is_ready = False
        """The face knows that the seat has joined."""
        self._failed = False
        self._creates = create is not None
        self._player_told = asyncio.Event()
        self._down_since: float | None = None
        self._pulse = Pulse(self)
        self._tasks: set[asyncio.Task[None]] = set()

    # Life -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until `close`."""
        self.driver.start()
        beat = asyncio.create_task(self._pulse.run())
        try:
            if self._creates:
                # A mistake in an option of the player's must not leave a party behind.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PLAYER_START):
                        await self._player_told.wait()
            if not self._failed:
                await self.link.run()
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    def player_news(self, news: News) -> None:
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

    # What the server says ---------------------------------------------------------------

    def _take_events(self) -> None:
        for event in self.protocol.events_received():
            self._server_event(event)

    def _server_event(self, event: client_events.ClientEvent) -> None:
        now = time.monotonic()
        match event:
            case client_events.Joined(welcome=welcome, again=again):
                self._joined(welcome)
                if again:
                    # A start may be waiting to hear of this seat.
                    self.report_soon()
            case client_events.Recovered(events=count, by_snapshot=by_snapshot):
                self._recovered(count, by_snapshot=by_snapshot)
            case client_events.RoleChanged(role=role, host=name):
                self.wishes.people.role_changed(role, name)
            case client_events.InvitedWith(invited=invited):
                self.wishes.people.invited(invited)
            case client_events.StateChanged():
                self._state_changed()
            case client_events.Logged(event=logged):
                self._logged(logged)
            case client_events.MembersChanged() as changed:
                self._members_changed(changed)
            case client_events.WaitsFor(members=members, until=until):
                self._waits_for(members, until)
            case client_events.Said(chat=chat):
                self._said(chat)
            case client_events.RefusedBy(refusal=refusal, act=act):
                self._refused(refusal, act)
            case client_events.ClockMoved(estimate=estimate):
                self.gauges.take_clock(now, estimate)
                self.driver.set_clock(estimate.offset)
            case client_events.ClockLost():
                self.driver.set_clock(None)
            case client_events.Dropped(commands=count):
                self.driver.release()
                self.notice(f"{count} commands were dropped: somebody else has hosted since")
            case client_events.Unanswered():
                task = asyncio.create_task(self.link.drop())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case client_events.Ended(bye=bye):
                if not bye.reconnect:
                    self.fail(bye.code, bye.message)

    def _joined(self, welcome: messages.Welcome) -> None:
        self.link.stream_id = welcome.stream_id
        if welcome.created is None:
            return
        self.link.token = welcome.created.host_key
        if self.config.host_key_file:
            try:
                keep_host_key(Path(self.config.host_key_file), welcome.created.host_key)
            except MatineeError as error:
                self.say_error("host_key", error.message, error.remedy)

    def _recovered(self, count: int, *, by_snapshot: bool) -> None:
        away = time.monotonic() - self._down_since if self._down_since is not None else 0.0
        self._down_since = None
        self.emit(
            Recovered(events=count, by="snapshot" if by_snapshot else "events", away=round(away, 1))
        )

    def _state_changed(self) -> None:
        state = self.protocol.state
        if state is None:
            return
        if not self.is_ready:
            self._send_ready(state.stream_id)
        self._show(state.media)
        self.driver.set_tolerance(state.sync_tolerance)
        self.driver.set_sync_enabled(state.sync_enabled)
        self.driver.follow(state.timeline)

    def _send_ready(self, stream_id: str) -> None:
        self.is_ready = True
        welcome = self.protocol.welcome
        invite = None
        if welcome and self.is_host:
            token = welcome.created.invite_token if welcome.created else welcome.invite_token
            if token:
                invite = str(Invite(self.config.public or self.config.server, stream_id, token))
        self.emit(
            Ready(
                role=self.role,
                stream_id=stream_id,
                member_id=self.you,
                name=self.config.name,
                host=self.host,
                server=self.config.server,
                invite=invite,
            )
        )

    def _show(self, media: Media | None) -> None:
        before = self.screening.media
        if media is not None and (before is None or before.media_id != media.media_id):
            self.gauges.seeks_film = True
            self.report_soon()
        self.screening.queue_left = self.wishes.queue_left
        self.screening.show(media, self.wishes.own_copy(media))

    def _logged(self, event: messages.Event) -> None:
        state = self.protocol.state
        if state is None:
            return
        is_description = event.event_type == "media" and (
            self.screening.media is not None
            and event.media is not None
            and event.media.media_id == self.screening.media.media_id
        )
        if not is_description:
            self.emit(event_view(event, state, self.you))

    def _members_changed(self, changed: client_events.MembersChanged) -> None:
        state = self.protocol.state
        if state is None:
            return
        for name in changed.came:
            self.emit(Joined(name=name))
        for name in changed.left:
            self.emit(Left(name=name))
        for name in changed.removed:
            self.emit(Left(name=name, removed=True))
        self.emit(members_view(state, self.you))

    def _waits_for(self, members: tuple[str, ...], until: float) -> None:
        """A start waits for members until an instant of the server's, or no longer."""
        state, now = self.protocol.state, time.monotonic()
        clock = self.protocol.clock(now)
        if state is None or not (members or self.controls.waits):
            return
        self.controls.waits = bool(members)
        left = until - now - clock.offset if members and clock else 0.0
        self.emit(waiting_view(members, left, state))

    def _said(self, chat: messages.Chat) -> None:
        self.emit(
            ChatLine(
                name=chat.name,
                you=chat.member_id == self.you,
                text=chat.text,
                timestamp_ms=chat.timestamp_ms,
            )
        )

    def _refused(self, refusal: messages.Refusal, act: messages.Act | None) -> None:
        if act is not None:
            self.driver.release()
        if refusal.code not in PASSING and act is None and not self.protocol.joined:
            self.fail(refusal.code, refusal.message)
        else:
            self.say_error(refusal.code, refusal.message, field=refusal.field)

    def _link_down(self, down: Down) -> None:
        now = time.monotonic()
        self._waits_for((), now)
        if self._down_since is None:
            self._down_since = now
        never = self.protocol.welcome is None and not self.config.returning
        if never and now - self._down_since > FIRST_CONTACT:
            remedy = "check the address, and whether the host is still there"
            self.fail("unreachable", f"{self.config.server}: {down.reason}", remedy)
            return
        self.emit(
            Reconnecting(reason=down.reason, attempt=down.attempt, retry_in=round(down.retry_in, 2))
        )

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
