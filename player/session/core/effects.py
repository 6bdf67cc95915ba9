"""Effects: what the session's core wants done; its rim does it and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from player.api.views import AnyView, ErrorLine, Notice
from player.backend.base import Adjustment, Source, Subtitle, TrackKind
from player.media.messages import AnyLoaderRequest
from protocol.timeline import Timeline

if TYPE_CHECKING:
    from protocol.exceptions import RemedyCode


class Effect(msgspec.Struct, frozen=True):
    """Something that is to be done outside of the core."""


# For the face ----------------------------------------------------------------------------


class Emit(Effect, frozen=True):
    """A line for the face."""

    view: AnyView


class Finish(Effect, frozen=True):
    """The seat ends."""

    failure: str | None = None
    """What is said of why it must; None when a person asked for it."""


# For the link ----------------------------------------------------------------------------


class Flush(Effect, frozen=True):
    """There may be something to send."""


class RetryNow(Effect, frozen=True):
    """Do not wait for the next attempt to connect."""


class Reconnect(Effect, frozen=True):
    """Close the connection and make a new one."""


class SetCredentials(Effect, frozen=True):
    """What the next connection asks for; ``token`` None leaves the one there is."""

    stream_id: str
    token: str | None


class StoreHostKey(Effect, frozen=True):
    """Keep the host key in a file of this user's only."""

    path: str
    key: str


# For the player's thread -----------------------------------------------------------------


class SetClock(Effect, frozen=True):
    """Server's clock minus the local one; None while it is unknown."""

    offset: float | None


class SetTolerance(Effect, frozen=True):
    """Drift in seconds that a glide may mend."""

    tolerance: float


class SetSyncEnabled(Effect, frozen=True):
    """Whether the stream wants drifts to be mended."""

    enabled: bool


class FollowTimeline(Effect, frozen=True):
    """Keep to this timeline from now on."""

    timeline: Timeline


class ReleasePlayer(Effect, frozen=True):
    """Give up a hold: back to the timeline."""


class JumpToTimeline(Effect, frozen=True):
    """Go where the timeline is, now."""


class HoldPlayer(Effect, frozen=True):
    """Stop at once; the thread tells where."""


class LoadSource(Effect, frozen=True):
    """Open it where the timeline is."""

    source: Source


class SetLiveOrigin(Effect, frozen=True):
    """Positions of the live stream are reckoned from this timestamp, in seconds."""

    origin: float


class UnloadMedia(Effect, frozen=True):
    """Close the film."""


class ShowText(Effect, frozen=True):
    """Words over the pictures."""

    text: str


class AdjustPlayer(Effect, frozen=True):
    """The seat's own sound and subtitles; ``value`` as `Player.adjust` takes it."""

    what: Adjustment
    value: float


class SelectTrack(Effect, frozen=True):
    """Show or play that track, None for none."""

    kind: TrackKind
    track_id: int | None


class AddSubtitle(Effect, frozen=True):
    """Add a file to the film that is open."""

    subtitle: Subtitle


class ResizePicture(Effect, frozen=True):
    """How many pixels the face draws."""

    width: int
    height: int


PlayerEffect = (
    SetClock
    | SetTolerance
    | SetSyncEnabled
    | FollowTimeline
    | ReleasePlayer
    | JumpToTimeline
    | HoldPlayer
    | LoadSource
    | SetLiveOrigin
    | UnloadMedia
    | ShowText
    | AdjustPlayer
    | SelectTrack
    | AddSubtitle
    | ResizePicture
)
LinkEffect = Flush | RetryNow | Reconnect | SetCredentials
AnyEffect = Emit | Finish | StoreHostKey | LinkEffect | PlayerEffect | AnyLoaderRequest


class Outbox:
    """Effects in the order in which they are wanted, until the rim takes them."""

    def __init__(self) -> None:
        self._effects: list[AnyEffect] = []
        self.has_failed = False
        """The seat has said what is wrong, and ends."""

    def take(self) -> list[AnyEffect]:
        """What is to be done now, once."""
        effects, self._effects = self._effects, []
        return effects

    def add(self, *effects: AnyEffect) -> None:
        """Want something done."""
        self._effects += effects

    def emit(self, view: AnyView) -> None:
        """A line for the face."""
        self.add(Emit(view))

    def notice(self, message: str, remedy_code: RemedyCode | None = None) -> None:
        """Something to know."""
        self.emit(Notice(message=message, remedy_code=remedy_code or UNSET))

    def error(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        remedy_code: RemedyCode | None = None,
        field: str = "",
        fatal: bool = False,
    ) -> None:
        """Something went wrong."""
        self.emit(
            ErrorLine(
                code=code,
                message=message,
                remedy=remedy,
                field=field,
                fatal=fatal,
                remedy_code=remedy_code or UNSET,
            )
        )

    def fail(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        remedy_code: RemedyCode | None = None,
        reason: str = "",
    ) -> None:
        """Say what is wrong, once, and end; ``reason`` is said then, "" for ``message``."""
        if not self.has_failed:
            self.has_failed = True
            self.error(code, message, remedy, remedy_code=remedy_code, fatal=True)
            self.add(Finish(reason or message))
