"""Intents: what a person asks of a seat, each with its word, its arguments and who may."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, get_args

import msgspec
from msgspec import Meta

from player.video.frame_buffer import MAX_HEIGHT, MAX_WIDTH
from protocol.text import CHAT_CELLS, clean_text
from protocol.timeline import MAX_POSITION
from protocol.wire.messages import (
    AnyEphemeralRequest,
    ChatText,
    Position,
    Rate,
    SendChat,
    SettingsAct,
    Url,
)
from protocol.wire.messages import Tolerance as ToleranceMs

if TYPE_CHECKING:
    from msgspec.structs import FieldInfo

    from player.api.config import SeatConfig


class Intent(msgspec.Struct, frozen=True, tag_field="intent"):
    """Something a person asks for: its tag is its word, its fields are the word's arguments.

    A field with a default may be left out; of several arguments the last takes the rest of
    the line.
    """

    spoken: ClassVar[int | None] = None
    """How many of the fields, from the last, words may fill; None for all."""
    has_words: ClassVar[bool] = True
    """People may type it; else it is an object only."""
    repeats: ClassVar[bool] = False
    """A key that is held down asks again and again."""
    names_file: ClassVar[bool] = False
    """Its words name a file, and such a name may be any bytes."""
    sent_again: ClassVar[bool] = False
    """A seat that was started again is told the last one."""

    @property
    def word(self) -> str:
        """The command word."""
        return word_of(type(self))

    def kept_in(self, config: SeatConfig) -> SeatConfig:
        """The configuration of the seat's next start, once this was asked for."""
        return config


class HostIntent(Intent, frozen=True):
    """An intent that only the host may have."""


Hours = Annotated[float, Meta(ge=0.1, le=168.0)]
Uses = Annotated[int, Meta(ge=1, le=10_000)]
MemberName = Annotated[str, Meta(min_length=1, max_length=64)]
FilePath = Annotated[str, Meta(max_length=4096)]
Offset = Annotated[float, Meta(ge=-MAX_POSITION, le=MAX_POSITION)]


class Play(HostIntent, frozen=True, tag="play"):
    """Host: start."""


class Pause(HostIntent, frozen=True, tag="pause"):
    """Host: stop."""


class Toggle(HostIntent, frozen=True, tag="toggle"):
    """Host: play or pause, whichever is not."""


class Seek(HostIntent, frozen=True, tag="seek"):
    """Host: go to a position in seconds."""

    position: Position


class SeekBy(HostIntent, frozen=True, tag="seek_by"):
    """Host: go forward, or back when negative, by seconds."""

    repeats: ClassVar[bool] = True
    offset: Offset


class SetRate(HostIntent, frozen=True, tag="rate"):
    """Host: media seconds per second."""

    rate: Rate


class RateBy(HostIntent, frozen=True, tag="rate_by"):
    """Host: multiply the rate."""

    factor: Annotated[float, Meta(ge=0.25, le=4.0)]


class ChapterBy(HostIntent, frozen=True, tag="chapter_by"):
    """Host: to a later or an earlier chapter."""

    step: Annotated[int, Meta(ge=-100, le=100)]


class LoadNext(HostIntent, frozen=True, tag="next"):
    """Host: the next film of those named at the start."""


class LoadMedia(HostIntent, frozen=True, tag="load"):
    """Host: watch something else, a path or an address."""

    names_file: ClassVar[bool] = True
    media: Url


class Cancel(Intent, frozen=True, tag="cancel"):
    """Stop looking for a film that was asked for and is not shown yet."""


class SettingIntent(HostIntent, frozen=True):
    """An intent that changes how the party keeps together."""

    @abstractmethod
    def act(self, position: float) -> SettingsAct:
        """What the server is asked, while the party is at ``position``, in seconds."""


class Wait(SettingIntent, frozen=True, tag="wait"):
    """Host: on stops the party for a member who stalls, off lets that member catch up."""

    on: bool

    def act(self, position: float) -> SettingsAct:
        """Wait, or do not."""
        return SettingsAct(wait=self.on)


class Sync(SettingIntent, frozen=True, tag="sync"):
    """Host: off leaves drift alone, so that members only follow play, pause and seek."""

    on: bool

    def act(self, position: float) -> SettingsAct:
        """Mend drift, or do not."""
        return SettingsAct(sync_enabled=self.on)


class Tolerance(SettingIntent, frozen=True, tag="tolerance"):
    """Host: the drift in milliseconds that is mended without a jump."""

    tolerance_ms: ToleranceMs

    def act(self, position: float) -> SettingsAct:
        """Up to there."""
        return SettingsAct(sync_tolerance_ms=self.tolerance_ms)


class Renew(HostIntent, frozen=True, tag="renew"):
    """Host: a new invite, and those before it open nothing any more; who is here stays."""

    spoken: ClassVar[int | None] = 1
    hours: Hours | None = None
    """How long it opens; None for the server's 24."""
    uses: Uses | None = None
    """How many people may come by it; None for any number."""


class Revoke(HostIntent, frozen=True, tag="revoke"):
    """Host: a new invite, and whoever came by an older one is out."""

    spoken: ClassVar[int | None] = 1
    hours: Hours | None = None
    uses: Uses | None = None


class Kick(HostIntent, frozen=True, tag="kick"):
    """Host: send a member away, by name or by number in ``members``."""

    member: MemberName


class Give(HostIntent, frozen=True, tag="give"):
    """Host: hand the remote to a member, by name or number, who hosts from then on."""

    member: MemberName


class Take(Intent, frozen=True, tag="take"):
    """Host again, by the host key of a party that was handed over."""


class Resync(Intent, frozen=True, tag="resync"):
    """Measure again and jump to where the timeline is, now."""


class EphemeralIntent(Intent, frozen=True):
    """An intent that the others hear of at once or never."""

    @abstractmethod
    def request(self) -> AnyEphemeralRequest | None:
        """What the server is asked; None when there is nothing to tell."""


class Say(EphemeralIntent, frozen=True, tag="say"):
    """Chat."""

    text: ChatText

    def request(self) -> SendChat | None:
        """The text as it may be shown."""
        text = clean_text(self.text, CHAT_CELLS)
        return SendChat(text) if text else None


class Volume(Intent, frozen=True, tag="volume"):
    """The seat's own volume, up or down by percent."""

    repeats: ClassVar[bool] = True
    step: Annotated[float, Meta(ge=-100, le=100)]


class Mute(Intent, frozen=True, tag="mute"):
    """The seat's own sound, off or on."""


class Subtitles(Intent, frozen=True, tag="subtitles"):
    """The seat's own next subtitle track, or none; with a path, those of a file of one's own."""

    file: FilePath = ""


class SubtitleDelay(Intent, frozen=True, tag="subtitle_delay"):
    """Show the seat's own subtitles of this film later, or earlier when negative, in ms."""

    repeats: ClassVar[bool] = True
    step_ms: Annotated[float, Meta(ge=-60_000, le=60_000)]


class SubtitleSize(Intent, frozen=True, tag="subtitle_size"):
    """The text of the seat's own subtitles larger, or smaller, by percent of its usual size."""

    repeats: ClassVar[bool] = True
    step: Annotated[float, Meta(ge=-100, le=100)]


class Audio(Intent, frozen=True, tag="audio"):
    """The seat's own next sound track."""


class Trim(Intent, frozen=True, tag="trim"):
    """Shift the seat's own sound, in milliseconds; for devices that are late."""

    repeats: ClassVar[bool] = True
    step_ms: Annotated[float, Meta(ge=-1000, le=1000)]


class OwnCopy(Intent, frozen=True, tag="copy"):
    """Watch the film that is on from a copy of one's own, a path or an address."""

    names_file: ClassVar[bool] = True
    media: Url

    def kept_in(self, config: SeatConfig) -> SeatConfig:
        """A viewer's own copy is still his after a restart."""
        if config.role != "viewer":
            return config
        return msgspec.structs.replace(config, media=(self.media,))


class Consent(Intent, frozen=True, tag="consent"):
    """Whether the film's site may be opened: once (this evening), always, or no."""

    answer: Literal["once", "always", "no"]


class PictureSize(Intent, frozen=True, tag="stage"):
    """The face can show this many pixels of the film; 0 x 0 for none."""

    has_words: ClassVar[bool] = False
    sent_again: ClassVar[bool] = True
    width: Annotated[int, Meta(ge=0, le=MAX_WIDTH)]
    height: Annotated[int, Meta(ge=0, le=MAX_HEIGHT)]


class Reopen(Intent, frozen=True, tag="reopen"):
    """Open the player again after its window was closed or it failed."""


class Quit(Intent, frozen=True, tag="quit"):
    """Leave."""


AnyIntent = (
    Play
    | Pause
    | Toggle
    | Seek
    | SeekBy
    | SetRate
    | RateBy
    | ChapterBy
    | LoadNext
    | LoadMedia
    | Cancel
    | Wait
    | Sync
    | Tolerance
    | Renew
    | Revoke
    | Kick
    | Give
    | Take
    | Resync
    | Say
    | Volume
    | Mute
    | Subtitles
    | SubtitleDelay
    | SubtitleSize
    | Audio
    | Trim
    | OwnCopy
    | Consent
    | PictureSize
    | Reopen
    | Quit
)


def word_of(kind: type[Intent]) -> str:
    """The command word of a kind of intent."""
    return str(kind.__struct_config__.tag)


def arguments_of(kind: type[Intent]) -> tuple[FieldInfo, ...]:
    """The fields that words fill, in order."""
    fields = msgspec.structs.fields(kind)
    return fields if kind.spoken is None else fields[len(fields) - kind.spoken :]


WORDS: Final[dict[str, type[Intent]]] = {
    word_of(kind): kind for kind in get_args(AnyIntent) if kind.has_words
}
"""Command word: what it asks for."""
