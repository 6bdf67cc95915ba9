"""What a seat does about what the server says."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from player.api.views import ChatLine, Joined, Left, Ready, Reconnecting, Recovered
from player.session.core.presenters import event_view, members_view, waiting_view
from player.session.host_key import keep_host_key
from protocol.client import events as client_events
from protocol.exceptions import MatineeError
from protocol.wire.invite import Invite

if TYPE_CHECKING:
    from player.session.context import SessionContext
    from player.session.intent_handler import IntentHandler
    from player.session.link import LinkDown
    from protocol.wire import messages
    from protocol.wire.messages import Media

PASSING: Final = frozenset(("rate_limited", "storage_full", "try_again", "internal"))
"""Refusals of a connection that trying again may change."""
FIRST_CONTACT: Final = 10.0
"""Seconds after which a server that was never reached is given up."""


class ServerEventHandler:
    """Takes the server's news, on the event loop."""

    def __init__(self, seat: SessionContext, wishes: IntentHandler) -> None:
        self._seat = seat
        self._wishes = wishes
        self._down_since: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, event: client_events.ClientEvent) -> None:
        """Do what a piece of the server's news asks for."""
        now = time.monotonic()
        match event:
            case client_events.SessionStarted(welcome=welcome, again=again):
                self._joined(welcome)
                if again:
                    # A start may be waiting to hear of this seat.
                    self._seat.report_soon()
            case client_events.SessionResumed(events=count, by_snapshot=by_snapshot):
                self._recovered(count, by_snapshot=by_snapshot)
            case client_events.RoleChanged(role=role, host=name):
                self._wishes.people.role_changed(role, name)
            case client_events.InviteChanged(invited=invited):
                self._wishes.people.invited(invited)
            case client_events.StateChanged():
                self._state_changed()
            case client_events.EventApplied(event=logged):
                self._logged(logged)
            case client_events.MembersChanged() as changed:
                self._members_changed(changed)
            case client_events.StartWaiting(members=members, until=until):
                self._waits_for(members, until)
            case client_events.ChatReceived(chat=chat):
                self._said(chat)
            case client_events.RequestRefused(refusal=refusal, act=act):
                self._refused(refusal, act)
            case client_events.ClockUpdated(estimate=estimate):
                self._seat.gauges.take_clock(now, estimate)
                self._seat.sync_inputs.update(now)
            case client_events.ClockLost():
                self._seat.sync_inputs.clock_lost()
            case client_events.CommandsDropped(commands=count):
                self._seat.driver.release()
                self._seat.notice(f"{count} commands were dropped: somebody else has hosted since")
            case client_events.ServerTimedOut():
                task = asyncio.create_task(self._seat.link.drop())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case client_events.ServerClosing(bye=bye):
                if not bye.reconnect:
                    self._seat.fail(bye.code, bye.message)

    def _joined(self, welcome: messages.Welcome) -> None:
        self._seat.link.stream_id = welcome.stream_id
        if welcome.created is None:
            return
        self._seat.link.token = welcome.created.host_key
        if self._seat.config.host_key_file:
            try:
                keep_host_key(Path(self._seat.config.host_key_file), welcome.created.host_key)
            except MatineeError as error:
                self._seat.say_error("host_key", error.message, error.remedy)

    def _recovered(self, count: int, *, by_snapshot: bool) -> None:
        away = time.monotonic() - self._down_since if self._down_since is not None else 0.0
        self._down_since = None
        self._seat.emit(
            Recovered(events=count, by="snapshot" if by_snapshot else "events", away=round(away, 1))
        )

    def _state_changed(self) -> None:
        state = self._seat.protocol.state
        if state is None:
            return
        if not self._seat.is_ready:
            self._send_ready(state.stream_id)
        self._show(state.media)
        self._seat.sync_inputs.update(time.monotonic())
        self._seat.driver.set_sync_enabled(state.sync_enabled)
        self._seat.driver.follow(state.timeline)

    def _send_ready(self, stream_id: str) -> None:
        seat = self._seat
        seat.is_ready = True
        config, welcome = seat.config, seat.protocol.welcome
        invite = None
        if welcome and seat.is_host:
            token = welcome.created.invite_token if welcome.created else welcome.invite_token
            if token:
                invite = str(Invite(config.public or config.server, stream_id, token))
        seat.emit(
            Ready(
                role=seat.role,
                stream_id=stream_id,
                member_id=seat.you,
                name=config.name,
                host=seat.host,
                server=config.server,
                invite=invite,
            )
        )

    def _show(self, media: Media | None) -> None:
        before = self._seat.screening.media
        if media is not None and (before is None or before.media_id != media.media_id):
            self._seat.gauges.seeks_film = True
            self._seat.report_soon()
        self._seat.screening.queue_left = self._wishes.queue_left
        self._seat.screening.show(media, self._wishes.own_copy(media))

    def _logged(self, event: messages.Event) -> None:
        state = self._seat.protocol.state
        if state is None:
            return
        is_description = event.event_type == "media" and (
            self._seat.screening.media is not None
            and event.media is not None
            and event.media.media_id == self._seat.screening.media.media_id
        )
        view = None if is_description else event_view(event, state, self._seat.you)
        if view is not None:
            self._seat.emit(view)

    def _members_changed(self, changed: client_events.MembersChanged) -> None:
        state = self._seat.protocol.state
        if state is None:
            return
        for name in changed.came:
            self._seat.emit(Joined(name=name))
        for name in changed.left:
            self._seat.emit(Left(name=name))
        for name in changed.removed:
            self._seat.emit(Left(name=name, removed=True))
        self._seat.emit(members_view(state, self._seat.you))

    def _waits_for(self, members: tuple[str, ...], until: float) -> None:
        """A start waits for members until an instant of the server's, or no longer."""
        state, now = self._seat.protocol.state, time.monotonic()
        clock = self._seat.protocol.clock(now)
        if state is None or not (members or self._seat.controls.waits):
            return
        self._seat.controls.waits = bool(members)
        left = until - now - clock.offset if members and clock else 0.0
        self._seat.emit(waiting_view(members, left, state))

    def _said(self, chat: messages.Chat) -> None:
        self._seat.emit(
            ChatLine(
                name=chat.name,
                you=chat.member_id == self._seat.you,
                text=chat.text,
                timestamp_ms=chat.timestamp_ms,
            )
        )

    def _refused(self, refusal: messages.Refusal, act: messages.Act | None) -> None:
        if act is not None:
            self._seat.driver.release()
        if refusal.code not in PASSING and act is None and not self._seat.protocol.joined:
            self._seat.fail(refusal.code, refusal.message)
        else:
            self._seat.say_error(refusal.code, refusal.message, field=refusal.field)

    def link_down(self, down: LinkDown) -> None:
        """There is no connection; the link tries again."""
        now = time.monotonic()
        self._waits_for((), now)
        if self._down_since is None:
            self._down_since = now
        never = self._seat.protocol.welcome is None and not self._seat.config.returning
        if never and now - self._down_since > FIRST_CONTACT:
            remedy = "check the address, and whether the host is still there"
            self._seat.fail("unreachable", f"{self._seat.config.server}: {down.reason}", remedy)
            return
        self._seat.emit(
            Reconnecting(reason=down.reason, attempt=down.attempt, retry_in=round(down.retry_in, 2))
        )
