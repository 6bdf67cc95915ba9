"""Position samples of a core: the one rule for where a player is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from player.backend.base import Sample

if TYPE_CHECKING:
    from player.backend.mpv.binding.libmpv import MpvCore


def sound_sample(core: MpvCore) -> Sample | None:
    """Where the sound is; None when none plays.

    ``audio-delay`` is added: a trim moves what is heard and leaves the picture, which
    everybody shares, on the timeline.
    """
    delay = core.number("audio-delay") or 0.0
    before = time.monotonic()
    position = core.number("audio-pts")
    after = time.monotonic()
    return None if position is None else Sample(before, after, max(0.0, position + delay))


def picture_sample(core: MpvCore) -> Sample | None:
    """The last queued picture; while playing it is up to a frame ahead of what is seen."""
    before = time.monotonic()
    position = core.number("time-pos")
    after = time.monotonic()
    return None if position is None else Sample(before, after, max(0.0, position))


def resting_sample(core: MpvCore, landed: float | None) -> Sample | None:
    """Where a paused player resumes from; after a load or seek where that has ``landed``."""
    if landed is not None:
        now = time.monotonic()
        return Sample(now, now, landed)
    return sound_sample(core) or picture_sample(core)
