"""Landing: where a seek of mpv's comes to rest, and what brings it nearer to where it should be.

Pure. mpv shows the first picture at or after a place, and begins the sound with that picture.
So a picture that comes much later takes the sound before it away. There are three causes, each
with its remedy, tried in this order: the demuxer went to a whole picture behind the place
(`SeekEarlier`), the picture before the place lasts that long (`FillPictures`), or there are no
pictures yet (`SoundFirst`). Positions and lengths of time are seconds.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

MISS: Final = 0.25
"""A picture that is further behind the place than this is not where it was asked for."""
LEADS: Final = (2.0, 5.0, 12.0)
"""How much earlier the demuxer is sent: encoders put whole pictures up to 10 s apart."""
SOUND_LAG: Final = 0.6
"""Sound that rests is told as before the place by what the device has in its buffer."""
EXACT: Final = 0.010
SMOOTH_RATE: Final = 20.0
MAX_RATE: Final = 60.0


class Landed(NamedTuple):
    """The player rests, and goes on from ``position``."""

    position: float


class SeekEarlier(NamedTuple):
    """Seek again, the demuxer ``lead`` seconds before the place."""

    lead: float


class FillPictures(NamedTuple):
    """Repeat each picture until the next one, ``rate`` times a second, and seek again."""

    rate: float


class SoundFirst(NamedTuple):
    """Seek again without pictures, repeated ones too; they begin at ``pictures_from``."""

    pictures_from: float


Step = Landed | SeekEarlier | FillPictures | SoundFirst


class Landing:
    """Landings of one item: what helped once is kept for the seeks after it."""

    def __init__(self) -> None:
        self.lead = 0.0
        """How much earlier than the place the demuxer is sent."""
        self._known_lead = 0.0
        self.fills = False
        """Pictures are repeated."""
        self._picture: float | None = None
        """Where the pictures begin, while they are away."""

    def begin(self) -> None:
        """A seek was asked for; the pictures are there again."""
        self.lead = self._known_lead
        self._picture = None

    def step(
        self,
        target: float,
        told: float,
        *,
        has_sound: bool,
        frame_rate: float | None,
        is_exact: bool,
    ) -> Step:
        """What follows a landing that mpv tells as at ``told``.

        Args:
            target: where the seek was to go.
            told: mpv's own position.
            has_sound: a sound track is played, and its end is not reached.
            frame_rate: pictures per second as the container names them; None without pictures.
            is_exact: the demuxer can go to any place.
        """
        if not is_exact:
            return Landed(told)
        if frame_rate is not None and self._picture is None:
            # Without sound the pictures tell the position, and mpv queues them 50 ms ahead.
            slowest = 1 / MISS if has_sound else SMOOTH_RATE
            if 0.0 < frame_rate < slowest and not self.fills:
                return self._fill(frame_rate)
            if told - target > MISS:
                return self._come_nearer(target, told, has_sound=has_sound, rate=frame_rate)
            self._known_lead = self.lead
        # Without a picture at or after the place it is the sound that was sought, to the sample.
        is_sound = has_sound and EXACT < target - told < SOUND_LAG
        return Landed(target if is_sound else told)

    def _come_nearer(self, target: float, told: float, *, has_sound: bool, rate: float) -> Step:
        lead = next((lead for lead in LEADS if lead > self.lead), None)
        if lead is not None and self.lead < target:
            self.lead = lead
            return SeekEarlier(lead)
        self.lead = self._known_lead
        if not self.fills:
            return self._fill(rate)
        if has_sound:
            self.fills, self._picture = False, told
            return SoundFirst(told)
        return Landed(told)

    def _fill(self, rate: float) -> FillPictures:
        self.fills = True
        return FillPictures(smooth_rate(rate))


def smooth_rate(rate: float) -> float:
    """Pictures per second that repeat those of ``rate`` without moving them."""
    if rate <= 0.0:
        return SMOOTH_RATE
    return min(rate * max(1, math.ceil(SMOOTH_RATE / rate - 1e-6)), MAX_RATE)
