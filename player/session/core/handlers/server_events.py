"""Server events: what a seat does about what the server says, and about its absence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, assert_never, cast, get_args

from msgspec import UNSET

from player.api.views import Joined, Left, Ready, Reconnecting, Recovered
from player.session.core.effects import (
    FollowTimeline,
    Reconnect,
    ReleasePlayer,
    SetCredentials,
    SetSyncEnabled,
    StoreHostKey,
)
from player.session.core.presenters import ephemeral_view, event_view, members_view, waiting_view
from protocol.client import events as client_events
from protocol.exceptions import RemedyCode

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.api.views import LinkLossCode
    from player.session.core.current_media import CurrentMedia
    from player.session.core.effects import Outbox
    from player.session.core.handlers.host_commands import HostCommands
    from player.session.core.handlers.media_events import MediaEventHandler
    from player.session.core.handlers.moderation import Moderation
    from player.session.core.membership import Membership
    from player.session.core.schedule import Schedule
    from player.session.core.sync_inputs import SyncInputs
    from player.session.core.telemetry import SeatTelemetry
    from protocol.client.protocol import ClientProtocol
    from protocol.wire import messages

PASSING: Final = frozenset(("rate_limited", "storage_full", "try_again", "internal"))
"""Refusals of a connection that trying again may change."""
FIRST_CONTACT: Final = 10.0
"""Seconds after which a server that was never reached is given up."""


class LinkDown(NamedTuple):
    """There is no connection; the next attempt comes in ``retry_in`` seconds."""

    reason: str
    attempt: int
    retry_in: float
    code: LinkLossCode | None = None
    """Why, where the server has said it."""


class ServerEventHandler:
    """Takes the server's news."""

    def __init__(
        self,
        config: SeatConfig,
        protocol: ClientProtocol,
        outbox: Outbox,
        membership: Membership,
        moderation: Moderation,
        media: MediaEventHandler,
        current: CurrentMedia,
        commands: HostCommands,
        telemetry: SeatTelemetry,
        schedule: Schedule,
        sync_inputs: SyncInputs,
    ) -> None:
        self._config = config
        self._protocol = protocol
        self._outbox = outbox
        self._membership = membership
        self._moderation = moderation
        self._media = media
        self._current = current
        self._commands = commands
        self._telemetry = telemetry
        self._schedule = schedule
        self._sync_inputs = sync_inputs
        self._down_since: float | None = None
        self.is_ready = False
        """The face knows that the seat has joined."""

    def take(self, event: client_events.ClientEvent, now: float) -> None:
        """Do what a piece of the server's news asks for."""
        match event:
            case client_events.SessionStarted(welcome=welcome, again=again):
                self._joined(welcome)
                if again:
                    # A start may be waiting to hear of this seat.
                    self._schedule.soon()
            case client_events.SessionResumed(events=count, by_snapshot=by_snapshot):
                self._recovered(count, now, by_snapshot=by_snapshot)
            case client_events.RoleChanged(role=role, host=name):
                self._moderation.role_changed(role, name)
            case client_events.InviteChanged(invited=invited):
                self._moderation.invited(invited)
            case client_events.StateChanged():
                self._state_changed(now)
            case client_events.EventApplied(event=logged):
                self._logged(logged)
            case client_events.MembersChanged() as changed:
                self._members_changed(changed)
            case client_events.StartWaiting(members=members, until=until):
                self._waits_for(members, until, now)
            case client_events.EphemeralReceived(message=message):
                self._outbox.emit(ephemeral_view(message, self._membership.you))
            case client_events.RequestRefused(refusal=refusal, act=act):
                self._refused(refusal, act)
            case client_events.ClockUpdated(estimate=estimate):
                self._telemetry.take_clock(now, estimate)
                self._sync_inputs.update(now)
            case client_events.ClockLost():
                self._sync_inputs.clock_lost()
            case client_events.CommandsDropped(commands=count):
                self._outbox.add(ReleasePlayer())
                self._outbox.notice(
                    f"{count} commands were dropped: somebody else has hosted since"
                )
            case client_events.ServerTimedOut():
                self._outbox.add(Reconnect())
            case client_events.ServerClosing(bye=bye):
                if not bye.reconnect:
                    self._outbox.fail(bye.code, bye.message)
            case _:
                assert_never(event)

    def _joined(self, welcome: messages.Welcome) -> None:
        key = welcome.created.host_key if welcome.created else None
        self._outbox.add(SetCredentials(welcome.stream_id, key))
        if key is not None and self._config.host_key_file:
            self._outbox.add(StoreHostKey(self._config.host_key_file, key))

    def _recovered(self, count: int, now: float, *, by_snapshot: bool) -> None:
        away = now - self._down_since if self._down_since is not None else 0.0
        self._down_since = None
        self._outbox.emit(
            Recovered(events=count, by="snapshot" if by_snapshot else "events", away=round(away, 1))
        )

    def _state_changed(self, now: float) -> None:
        state = self._membership.state
        if state is None:
            return
        if not self.is_ready:
            self._send_ready(state.stream_id)
        self._media.show(state.media)
        self._media.moved(self._membership.position(now))
        self._sync_inputs.update(now)
        self._outbox.add(
            SetSyncEnabled(state.settings.sync_enabled), FollowTimeline(state.timeline)
        )

    def _send_ready(self, stream_id: str) -> None:
        self.is_ready = True
        member, welcome = self._membership, self._membership.welcome
        invite = None
        if welcome and member.is_host:
            token = welcome.created.invite_token if welcome.created else welcome.invite_token
            if token:
                invite = member.invite(stream_id, token)
        self._outbox.emit(
            Ready(
                role=member.role,
                stream_id=stream_id,
                member_id=member.you,
                name=member.name,
                host=member.host,
                server=self._config.server,
                invite=invite,
            )
        )

    def _logged(self, event: messages.Event) -> None:
        state, media = self._membership.state, self._current.media
        if state is None:
            return
        is_description = (
            event.event_type == "media"
            and media is not None
            and event.media is not None
            and event.media.media_id == media.media_id
        )
        view = None if is_description else event_view(event, state, self._membership.you)
        if view is not None:
            self._outbox.emit(view)

    def _members_changed(self, changed: client_events.MembersChanged) -> None:
        state = self._membership.state
        if state is None:
            return
        for name in changed.came:
            self._outbox.emit(Joined(name=name))
        for name in changed.left:
            self._outbox.emit(Left(name=name))
        for name in changed.removed:
            self._outbox.emit(Left(name=name, removed=True))
        self._outbox.emit(members_view(state, self._membership.you))

    def _waits_for(self, members: tuple[str, ...], until: float, now: float) -> None:
        """A start waits for members until an instant of the server's, or no longer."""
        state, clock = self._membership.state, self._protocol.clock(now)
        if state is None or not (members or self._commands.waits):
            return
        self._commands.start_waits(bool(members))
        left = until - now - clock.offset if members and clock else 0.0
        self._outbox.emit(waiting_view(members, left, state))

    def _refused(self, refusal: messages.Refusal, act: messages.Act | None) -> None:
        if act is not None:
            self._outbox.add(ReleasePlayer())
        code = _remedy_code_of(refusal)
        message = refusal.cause if code else refusal.message
        if refusal.code not in PASSING and act is None and not self._membership.is_joined:
            self._outbox.fail(refusal.code, message, remedy_code=code, reason=refusal.message)
        else:
            self._outbox.error(refusal.code, message, remedy_code=code, field=refusal.field)

    def link_down(self, down: LinkDown, now: float) -> None:
        """There is no connection; the link tries again."""
        self._waits_for((), now, now)
        if self._down_since is None:
            self._down_since = now
        never = self._membership.welcome is None and not self._config.returning
        if never and now - self._down_since > FIRST_CONTACT:
            remedy = "check the address, and whether the host is still there"
            self._outbox.fail("unreachable", f"{self._config.server}: {down.reason}", remedy)
            return
        self._outbox.emit(
            Reconnecting(
                reason=down.reason,
                attempt=down.attempt,
                retry_in=round(down.retry_in, 2),
                reason_code=down.code or UNSET,
            )
        )


def _remedy_code_of(refusal: messages.Refusal) -> RemedyCode | None:
    """What to do, where it has a code that is known here; else the message says it all."""
    known = refusal.cause and refusal.remedy_code in get_args(RemedyCode)
    return cast("RemedyCode", refusal.remedy_code) if known else None
