"""Intent handler: what a person asks of a seat, carried out or answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from player.api.intent_parser import parse_intent
from player.api.intents import (
    AnyIntent,
    Audio,
    Cancel,
    ChapterBy,
    Consent,
    EphemeralIntent,
    Give,
    HostIntent,
    Kick,
    LoadMedia,
    LoadNext,
    Mute,
    OwnCopy,
    Pause,
    PictureSize,
    Play,
    Quit,
    RateBy,
    Renew,
    Reopen,
    Resync,
    Revoke,
    Seek,
    SeekBy,
    SetRate,
    SettingIntent,
    SubtitleDelay,
    Subtitles,
    SubtitleSize,
    Take,
    Toggle,
    Trim,
    Volume,
)
from player.session.core.effects import AdjustPlayer, Finish, ResizePicture
from protocol.exceptions import DecodeError
from protocol.wire.messages import SeekAct

if TYPE_CHECKING:
    from player.session.core.current_media import CurrentMedia
    from player.session.core.effects import Outbox
    from player.session.core.handlers.host_commands import HostCommands, TimelineIntent
    from player.session.core.handlers.media_events import MediaEventHandler
    from player.session.core.handlers.moderation import Moderation
    from player.session.core.handlers.outage_events import OutageHandler
    from player.session.core.membership import Membership
    from player.session.core.resync import ResyncProcedure
    from player.session.core.telemetry import SeatTelemetry
    from protocol.wire.messages import AnyEphemeralRequest


class IntentHandler:
    """Answers every intent: does it, asks the server for it, or says why not."""

    def __init__(
        self,
        outbox: Outbox,
        membership: Membership,
        commands: HostCommands,
        moderation: Moderation,
        media: MediaEventHandler,
        current: CurrentMedia,
        telemetry: SeatTelemetry,
        resync: ResyncProcedure,
        outage: OutageHandler,
    ) -> None:
        self._outbox = outbox
        self._membership = membership
        self._commands = commands
        self._moderation = moderation
        self._media = media
        self._current = current
        self._telemetry = telemetry
        self._resync = resync
        self._outage = outage

    def take_line(self, line: str, now: float) -> None:
        """A line of text, from a face or a key in the player's window."""
        try:
            intent = parse_intent(line)
        except DecodeError as error:
            self._outbox.error(error.code, error.message, field=error.field)
        else:
            self.take(intent, now)

    def take(self, intent: AnyIntent, now: float) -> None:
        """Do what is asked, or say why not."""
        if isinstance(intent, HostIntent):
            if not self._membership.is_host:
                self._membership.view_only(intent.word)
                return
            if self._membership.state is None:
                self._outbox.notice("not in the stream yet")
                return
        match intent:
            case (
                Play()
                | Pause()
                | Toggle()
                | Seek()
                | SeekBy()
                | SetRate()
                | RateBy()
                | ChapterBy()
                | SettingIntent()
            ):
                self._move(intent, now)
            case Renew() | Revoke() | Kick() | Give():
                self._moderation.carry_out(intent)
            case Take():
                self._moderation.take()
            case LoadNext() | LoadMedia() | OwnCopy() | Cancel() | Consent() | Reopen():
                self._choose_film(intent)
            case Subtitles() | Audio():
                self._choose_track(intent)
            case Volume() | Mute() | SubtitleDelay() | SubtitleSize() | Trim() | PictureSize():
                self._adjust(intent)
            case Resync():
                self._resync.ask(now)
                if self._telemetry.failure is not None or self._telemetry.state == "ended":
                    # What has ended may have grown since: a recording, or what is still loaded.
                    self._media.reopen()
                self._outage.hurry(now)
            case EphemeralIntent():
                self._tell(intent.request())
            case Quit():
                self._outbox.add(Finish())
            case _:
                assert_never(intent)

    def _move(self, intent: TimelineIntent, now: float) -> None:
        state = self._membership.state
        if state is not None:
            position = self._membership.position(now)
            for act in self._commands.acts(intent, state, position, now):
                if isinstance(act, SeekAct) and (why_not := self._why_no_seek(act.position)):
                    self._outbox.notice(why_not)
                else:
                    self._membership.request(act, now)

    def _why_no_seek(self, position: float) -> str:
        """Why a live stream cannot go to ``position``; "" where it can."""
        if self._current.view is None or not self._current.view.is_live:
            return ""
        since, until = self._telemetry.buffered_since, self._telemetry.buffered_until
        if since is None or until is None:
            return "this live stream can only be watched as it comes"
        if since <= position <= until:
            return ""
        return f"of this live stream only the last {until - since:.0f} s can be gone to"

    def _choose_film(
        self, intent: LoadNext | LoadMedia | OwnCopy | Cancel | Consent | Reopen
    ) -> None:
        match intent:
            case LoadNext():
                self._media.load_next()
            case LoadMedia(media=own):
                self._media.load(own)
            case OwnCopy(media=own):
                self._media.copy(own)
            case Cancel():
                self._media.cancel()
            case Consent(answer=answer):
                self._media.answer_consent(answer)
            case Reopen():
                self._media.reopen()
            case _:
                assert_never(intent)

    def _choose_track(self, intent: Subtitles | Audio) -> None:
        match intent:
            case Subtitles(file=str(file)) if file:
                self._media.name_subtitles(file)
            case _ if self._current.view is None:
                self._outbox.notice("the film is not open yet")
            case Subtitles():
                if self._current.tracks("subtitle"):
                    self._media.next_track("subtitle")
                else:
                    self._outbox.notice("this film has no subtitles")
            case Audio():
                if self._current.tracks("audio") > 1:
                    self._media.next_track("audio")
                else:
                    self._outbox.notice("this film has no other sound track")
            case _:
                assert_never(intent)

    def _adjust(
        self, intent: Volume | Mute | SubtitleDelay | SubtitleSize | Trim | PictureSize
    ) -> None:
        """The seat's own things: sound, subtitles, the size of the picture."""
        match intent:
            case Volume(step=step):
                self._outbox.add(AdjustPlayer("volume", step))
            case Mute():
                self._outbox.add(AdjustPlayer("mute", 0))
            case SubtitleDelay(step_ms=step):
                self._outbox.add(AdjustPlayer("subtitle_delay", step / 1000))
            case SubtitleSize(step=step):
                self._outbox.add(AdjustPlayer("subtitle_scale", step / 100))
            case Trim(step_ms=step):
                self._outbox.add(AdjustPlayer("trim", step / 1000))
            case PictureSize(width=width, height=height):
                self._outbox.add(ResizePicture(width, height))
            case _:
                assert_never(intent)

    def _tell(self, request: AnyEphemeralRequest | None) -> None:
        if request is None:
            self._outbox.notice("nothing to say")
        elif not self._membership.tell(request):
            self._outbox.notice("the server is out of reach; nobody would read this now")
