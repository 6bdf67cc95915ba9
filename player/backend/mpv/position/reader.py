"""Position reader: where a core is now, by its sound, or else by its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.backend.base import Sample
from player.backend.mpv.position.picture_clock import PictureClock
from player.backend.mpv.position.sampling import picture_sample, resting_sample, sound_sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.backend.mpv.binding.libmpv import MpvCore
    from player.backend.mpv.position.seams import Seams
    from player.backend.mpv.shared_state import PlaybackState


class PositionReader:
    """Reader of one core's position; owned by the thread that calls the player.

    Args:
        core: the core that is asked.
        playback: what was asked of it.
        seams: where timestamps have begun anew.
        cross_seam: called when they have.
    """

    def __init__(
        self,
        core: MpvCore,
        playback: PlaybackState,
        seams: Seams,
        cross_seam: Callable[[], None],
    ) -> None:
        self._core = core
        self._playback = playback
        self._seams = seams
        self._cross_seam = cross_seam
        self._picture_clock = PictureClock()
        self._seen_jumps = -1
        self._rate = 1.0

    def set_rate(self, rate: float) -> None:
        """The core plays at ``rate`` from now on."""
        self._rate = rate
        self._picture_clock.reset(rate)

    def leap(self) -> None:
        """The core is sent elsewhere."""
        self._seams.leap()

    def sample(self) -> Sample | None:
        """Where the core is; None while that is not known."""
        if not self._playback.settled:
            return None
        if self._core.get("pause") is True:
            return self.rest()
        sample = sound_sample(self._core) or self._picture_sample()
        if sample is None:
            return None
        sample = self._over_seams(sample)
        # A seek that began meanwhile makes the read worthless.
        return sample if self._playback.settled else None

    def rest(self) -> Sample | None:
        """Where a paused core resumes from."""
        self._picture_clock.reset(self._rate)
        if not self._playback.settled:
            return None
        sample = resting_sample(self._core, self._playback.landed)
        return _moved(sample, self._seams.shift) if sample else None

    def _picture_sample(self) -> Sample | None:
        sample = picture_sample(self._core)
        if sample is None:
            return None
        if self._seen_jumps != self._playback.jumps:
            self._seen_jumps = self._playback.jumps
            self._picture_clock.reset(self._rate)
        at = self._picture_clock.position_at(sample.instant, sample.position)
        return None if at is None else Sample(sample.before, sample.after, max(0.0, at))

    def _over_seams(self, sample: Sample) -> Sample | None:
        seams = self._seams
        before = seams.shift
        position = seams.position(sample.instant, sample.position, self._rate)
        if position is None:
            return None
        if seams.shift != before:
            self._cross_seam()
        return sample if position == sample.position else _moved(sample, seams.shift)


def _moved(sample: Sample, shift: float) -> Sample:
    return Sample(sample.before, sample.after, sample.position + shift) if shift else sample
