"""Session core: a member's life as events and the time in, effects out.

Instants are seconds on the seat's own monotonic clock. Each verb is told what the clocks say, so
that nothing is judged by a server's clock that was measured before a sleep. After each the rim
takes `effects` and carries them out; when `next_deadline` has come it calls `tick`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.session.core.choices import Choices
from player.session.core.current_media import CurrentMedia
from player.session.core.effects import HoldPlayer, Outbox
from player.session.core.handlers.host_commands import HostCommands
from player.session.core.handlers.intent_handler import IntentHandler
from player.session.core.handlers.media_events import MediaEventHandler
from player.session.core.handlers.moderation import Moderation
from player.session.core.handlers.outage_events import OutageHandler
from player.session.core.handlers.player_events import PlayerEventHandler
from player.session.core.handlers.server_events import ServerEventHandler
from player.session.core.membership import Membership
from player.session.core.resync import ResyncProcedure
from player.session.core.schedule import Schedule
from player.session.core.sleep_detector import SleepDetector
from player.session.core.sync_inputs import SyncInputs
from player.session.core.telemetry import SeatTelemetry
from protocol.client.protocol import ClientProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.api.config import SeatConfig
    from player.api.intents import AnyIntent
    from player.media.messages import LoaderEvent
    from player.session.core.effects import AnyEffect
    from player.session.core.handlers.server_events import LinkDown
    from player.session.core.sleep_detector import LocalClocks
    from player.sync.messages import PlayerNews
    from protocol.client.events import ClientEvent
    from protocol.exceptions import MatineeError
    from protocol.wire.messages import CreateStream


class SessionCore:
    """One seat in one stream, over as many connections and films as it takes.

    Args:
        config: what the face has told.
        create: the stream that is to be founded, if any.
        new_id: makes ids for events and media.
    """

    def __init__(
        self, config: SeatConfig, create: CreateStream | None, new_id: Callable[[], str]
    ) -> None:
        self.protocol = ClientProtocol(
            name=config.name,
            instance_id=config.instance_id,
            create=create,
            take_over=config.take_over,
            yields=config.yields,
        )
        self.choices, self.telemetry = Choices(config), SeatTelemetry()
        outbox = self._outbox = Outbox()
        schedule = self._schedule = Schedule(config.status_interval)
        member = self._membership = Membership(config, self.protocol, outbox, new_id)
        resync = self._resync = ResyncProcedure(outbox, member, self.telemetry)
        sync_inputs = self._sync_inputs = SyncInputs(self.protocol, outbox)
        self._sleep = SleepDetector()
        current = CurrentMedia(config)
        outage = self._outage = OutageHandler(outbox, current, self.telemetry, schedule)
        commands = HostCommands(lambda: outbox.add(HoldPlayer()))
        moderation = Moderation(config, outbox, member, schedule)
        media = self._media = MediaEventHandler(
            config,
            outbox,
            member,
            current,
            self.choices,
            self.telemetry,
            commands,
            schedule,
            outage,
        )
        self._intents = IntentHandler(
            outbox, member, commands, moderation, media, current, self.telemetry, resync, outage
        )
        self._server = ServerEventHandler(
            config,
            self.protocol,
            outbox,
            member,
            moderation,
            media,
            current,
            commands,
            self.telemetry,
            schedule,
            sync_inputs,
        )
        self._player = PlayerEventHandler(
            outbox,
            member,
            media,
            self._intents,
            self.choices,
            self.telemetry,
            commands,
            schedule,
            resync,
            outage,
        )

    @property
    def has_failed(self) -> bool:
        """The seat has said what is wrong, and ends."""
        return self._outbox.has_failed

    def effects(self) -> list[AnyEffect]:
        """What is to be done now, once."""
        return self._outbox.take()

    # What happens -----------------------------------------------------------------------

    def server_event(self, event: ClientEvent, clocks: LocalClocks) -> None:
        """Take what the protocol tells."""
        self._server.take(event, self._time(clocks))

    def link_down(self, down: LinkDown, clocks: LocalClocks) -> None:
        """A connection is lost, or an attempt has failed; there will be another."""
        self._server.link_down(down, self._time(clocks))

    def player_event(self, news: PlayerNews, clocks: LocalClocks) -> None:
        """Take what the player's thread tells."""
        self._player.take(news, self._time(clocks))

    def loader_event(self, event: LoaderEvent, clocks: LocalClocks) -> None:
        """Take what the loader tells."""
        self._media.take(event, self._time(clocks))

    def intent(self, intent: AnyIntent, clocks: LocalClocks) -> None:
        """A person asks for something."""
        self._intents.take(intent, self._time(clocks))

    def line(self, line: str, clocks: LocalClocks) -> None:
        """A person asks for something by a line of text."""
        self._intents.take_line(line, self._time(clocks))

    def host_key_lost(self, error: MatineeError) -> None:
        """The host key could not be kept."""
        self._outbox.error("host_key", error.message, error.remedy, remedy_code=error.remedy_code)

    # What is due ------------------------------------------------------------------------

    def next_deadline(self) -> float:
        """When `tick` is due."""
        return min(
            self._schedule.next_deadline(),
            self._resync.next_deadline(),
            self._outage.next_deadline(),
        )

    def tick(self, clocks: LocalClocks) -> None:
        """Do what is due."""
        now = self._time(clocks)
        self._resync.tick(now)
        if now >= self._outage.next_deadline():
            self._media.try_again(now)
        if now < self._schedule.next_deadline():
            return
        self._schedule.beat(now)
        self._sync_inputs.update(now)
        if self._server.is_ready and self._schedule.is_status_due(now):
            self._outbox.emit(self.telemetry.status(self.protocol, self._membership.role, now))
        if self._schedule.is_report_due(now):
            self._membership.report(self.telemetry.report(self.protocol, now))

    def _time(self, clocks: LocalClocks) -> float:
        """Now, once it is seen to whether the server's clock is still the one that is known."""
        missed = self._sleep.missed(clocks)
        if missed.seconds:
            self._outbox.notice(
                f"{missed.seconds:.0f} s went by unnoticed (sleep?): measuring anew"
            )
            self._membership.measure_clock(clocks.now, forget=True)
        if missed.is_sleep:
            # After a mere stop the offset is as right as before; without a server it must last.
            self._sync_inputs.clock_lost()
        return clocks.now
