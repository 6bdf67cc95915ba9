"""What a host's intents mean for the timeline; pure but for the ids it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from player.api.intents import (
    ChapterBy,
    Pause,
    Play,
    RateBy,
    Seek,
    SeekBy,
    SetRate,
    SettingIntent,
    Toggle,
)
from protocol.timeline import MAX_RATE, MIN_RATE, clamp_position
from protocol.wire import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.backend.base import Chapter
    from protocol.client.stream_state import StreamState

REPEAT_WINDOW: Final = 1.0
"""Seconds in which a second step counts from where the first one goes."""
ELSEWHERE: Final = 1.0
"""Seconds by which a seek that was asked for is not in the timeline yet."""
CHAPTER_RESTART: Final = 2.0
"""Seconds into a chapter after which "previous" means its own beginning."""
END_MARGIN: Final = 0.3
RATES: Final = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)


TimelineIntent = (
    Play | Pause | Toggle | Seek | SeekBy | SetRate | RateBy | ChapterBy | SettingIntent
)
"""What a host asks of the timeline and of the party's settings."""


class HostCommands:
    """Turns intents into acts; remembers what is asked but not yet in the timeline."""

    def __init__(self, hold: Callable[[], None]) -> None:
        self._hold = hold
        self._asked_position: tuple[float, float] | None = None
        self._asked_rate: tuple[float, float] | None = None
        self._asked_playing: tuple[float, bool] | None = None
        self.waits = False
        """A start is agreed, and waits for somebody."""
        self._duration: float | None = None
        """As far as it is known; the film may go on behind it, or end before."""
        self._end: float | None = None
        """Where this seat's player has come to the end; None while it has not."""
        self._chapters: tuple[Chapter, ...] = ()

    def film_opened(self, duration: float | None, chapters: tuple[Chapter, ...]) -> None:
        """The film that is watched from now on; ``duration`` in seconds."""
        self._duration, self._chapters = duration, chapters
        self._end = None

    def duration_changed(self, duration: float | None) -> None:
        """So much is known of the film's length by now."""
        self._duration = duration

    def film_ended(self, position: float) -> None:
        """This seat's player has come to the end of the film."""
        self._end = position

    def start_waits(self, waits: bool) -> None:
        """Whether a start is agreed that waits for somebody."""
        self.waits = waits

    def acts(
        self, intent: TimelineIntent, state: StreamState, position: float, now: float
    ) -> list[messages.Act]:
        """What to ask of the server; ``position`` is where the timeline is at ``now``."""
        playing = self._is_playing(state, now)
        match intent:
            case Toggle():
                goes_on = self.waits and not self._was_asked(now)
                intent = Play() if goes_on or not playing else Pause()
                return self.acts(intent, state, position, now)
            case Play() if self.waits or not playing:
                self._asked_playing = (now, True)
                at_end = self._end is not None and position >= self._end - END_MARGIN
                start: list[messages.Act] = [messages.SeekAct(0.0)] if at_end else []
                return [*start, messages.PlayAct()]
            case Pause() if playing:
                self._asked_playing = (now, False)
                return self._pause(position, now)
            case Seek(target):
                return self._seek(target, now)
            case SeekBy(offset):
                return self._seek(self._from(position, now) + offset, now)
            case ChapterBy(step):
                return self._chapter(step, self._from(position, now), now)
            case SetRate(rate):
                self._asked_rate = (now, rate)
                return [messages.RateAct(rate)]
            case SettingIntent():
                return [intent.act(position)]
            case RateBy(factor):
                return self.acts(SetRate(self._rate(state, factor, now)), state, position, now)
            case Play() | Pause():
                return []
            case _:
                assert_never(intent)

    def _is_playing(self, state: StreamState, now: float) -> bool:
        """As it was last asked for: the answer to a quick second key is still on its way."""
        if self._asked_playing and self._was_asked(now):
            return self._asked_playing[1]
        return state.timeline.playing

    def _was_asked(self, now: float) -> bool:
        """Whether a start or a stop was asked for just now."""
        asked = self._asked_playing
        return asked is not None and now - asked[0] < REPEAT_WINDOW

    def _pause(self, position: float, now: float) -> list[messages.Act]:
        """Stop where the own player is, unless a seek is under way: then where that goes."""
        going_to = self._from(position, now)
        if abs(going_to - position) > ELSEWHERE:
            return [messages.PauseAct(going_to)]
        self._hold()
        return []

    def _seek(self, target: float, now: float) -> list[messages.Act]:
        target = clamp_position(target)
        if self._end is not None:
            target = min(target, max(0.0, self._end - END_MARGIN))
        self._asked_position = (now, target)
        return [messages.SeekAct(target)]

    def _from(self, position: float, now: float) -> float:
        """Where a step counts from: a quick second one from where the first one goes."""
        if self._asked_position and now - self._asked_position[0] < REPEAT_WINDOW:
            return self._asked_position[1]
        return position

    def _rate(self, state: StreamState, factor: float, now: float) -> float:
        """The next rate of the usual ones, up or down."""
        rate = state.timeline.rate
        if self._asked_rate and now - self._asked_rate[0] < REPEAT_WINDOW:
            rate = self._asked_rate[1]
        wanted = rate * factor
        steps = [r for r in RATES if (r > rate + 1e-6 if factor > 1 else r < rate - 1e-6)]
        nearest = min(steps, key=lambda r: abs(r - wanted), default=rate)
        return min(max(nearest, MIN_RATE), MAX_RATE)

    def _chapter(self, step: int, position: float, now: float) -> list[messages.Act]:
        end = float("inf") if self._duration is None else self._duration
        starts = [chapter.start for chapter in self._chapters if chapter.start < end]
        if not starts:
            return []
        here = max((i for i, start in enumerate(starts) if start <= position + 0.05), default=0)
        if step < 0 and position - starts[here] > CHAPTER_RESTART:
            step += 1
        there = here + step
        if there >= len(starts):
            return []
        return self._seek(starts[max(there, 0)], now)
