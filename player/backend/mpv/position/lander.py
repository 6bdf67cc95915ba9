"""Lander: has mpv seek again until it rests where a load or seek was to lead."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, assert_never

from player.backend.mpv.binding.libmpv import CoreError
from player.backend.mpv.position.landing import (
    FillPictures,
    Landed,
    Landing,
    SeekEarlier,
    SoundFirst,
)
from player.backend.mpv.shared_state import PicturesAway

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.backend.base import Source
    from player.backend.mpv.binding.libmpv import MpvCore
    from player.backend.mpv.shared_state import PlaybackState

_LEAD: Final = "hr-seek-demuxer-offset"
_FILL: Final = "@matinee-fill"


class Lander:
    """Lander of one core's loads and seeks; owned by the thread that translates events."""

    def __init__(self, playback: PlaybackState) -> None:
        self._playback = playback
        self._landing = Landing()

    def begin_item(self) -> None:
        """Another item: nothing of the last one's landings holds."""
        self._landing = Landing()
        self._playback.pictures = None

    def begin_seek(self) -> None:
        """A seek was asked for."""
        self._landing.begin()

    @property
    def fills(self) -> bool:
        """Whether pictures are repeated to where the next one is."""
        return self._landing.fills

    def tries_again(
        self,
        core: MpvCore,
        source: Source,
        told: float | None,
        ticket: int,
        answer: Callable[[], None],
    ) -> bool:
        """Whether another seek is on its way; else the state tells where the player has landed.

        Args:
            core: the core that says that it is there.
            source: what it plays.
            told: its own position in seconds; None when it has none.
            ticket: of the load or seek that is done.
            answer: called among the core's events when another seek is in its queue: what it
                seeks before that is its own affair, such as for a new filter.
        """
        playback = self._playback
        step = Landed(0.0) if told is None else self._step(core, source, told)
        if not isinstance(step, Landed):
            return self._carry_out(core, step, ticket, answer)
        rests = told is not None and core.get("pause") is True
        playback.landed = max(0.0, step.position) if rests else None
        return False

    def _step(
        self, core: MpvCore, source: Source, told: float
    ) -> Landed | SeekEarlier | FillPictures | SoundFirst:
        plays_sound = core.get("current-tracks/audio/id") is not None
        return self._landing.step(
            self._playback.target,
            told,
            has_sound=plays_sound and core.get("eof-reached") is not True,
            frame_rate=_frame_rate(core),
            is_exact=not source.is_live and core.get("seekable") is not False,
        )

    def _carry_out(
        self,
        core: MpvCore,
        step: SeekEarlier | FillPictures | SoundFirst,
        ticket: int,
        answer: Callable[[], None],
    ) -> bool:
        playback = self._playback
        with playback.lock:
            if playback.asked != ticket:
                return True  # another place is asked for by now
            match step:
                case SeekEarlier():
                    pass
                case FillPictures(rate):
                    with contextlib.suppress(CoreError):  # an mpv without libavfilter
                        core.command("vf", "add", f"{_FILL}:lavfi=[fps=fps={rate:.6f}]")
                case SoundFirst(pictures_from):
                    _remove_fill(core)
                    track = core.number("current-tracks/video/id") or 1
                    playback.pictures = PicturesAway(int(track), pictures_from)
                    core.set("vid", "no")
                case _:
                    assert_never(step)
            core.set(_LEAD, self._landing.lead)
            target = f"{max(0.0, playback.target):.6f}"
            core.command_later(lambda _: answer(), "seek", target, "absolute+exact")
            return True


def forget_landings(core: MpvCore) -> None:
    """Undo what helped the last item's landings."""
    core.set(_LEAD, 0.0)
    _remove_fill(core)


def _remove_fill(core: MpvCore) -> None:
    with contextlib.suppress(CoreError):  # there is none
        core.command("vf", "remove", _FILL)


def _frame_rate(core: MpvCore) -> float | None:
    """Pictures per second as the container names them, 0 if it does not; None without any."""
    if core.get("current-tracks/video/id") is None:
        return None
    if core.get("current-tracks/video/albumart") is True:
        return None
    return core.number("container-fps") or 0.0
