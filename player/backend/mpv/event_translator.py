"""Event translator: translator from a core's events to the port's, on a thread that may ask the
core back.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, assert_never

from player.backend import base
from player.backend.mpv import error_text, track_list
from player.backend.mpv.binding import events as ev
from player.backend.mpv.binding.libmpv import CoreError, CoreGone, MpvCore
from player.backend.mpv.end_of_stream.duration import ends_like
from player.backend.mpv.end_of_stream.verdict import is_ordinary
from player.backend.mpv.end_of_stream.watch import EndWatch
from player.backend.mpv.external_subtitles import (
    ExternalSubtitles,
    SubtitleAnswered,
    SubtitleAsked,
)
from player.backend.mpv.failures import FailureClassifier
from player.backend.mpv.item_loader import broken_end, end_at_gap, is_drained, reaches
from player.backend.mpv.position.lander import Lander
from player.backend.mpv.position.sampling import resting_sample, sound_sample
from player.backend.mpv.position.seams import Seams
from player.backend.mpv.translator_inputs import (
    RetryAnswered,
    SeekAnswered,
    Stop,
    TracksAsked,
    TranslatorInput,
)
from protocol.log_line import log_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.backend.mpv.shared_state import LoadRecord, PlaybackState
    from protocol.exceptions import RemedyCode

logger = logging.getLogger(__name__)

KEY_MESSAGE: Final = "matinee-intent"
CLOSED_MESSAGE: Final = "matinee-window-closed"
_LOG_DELAY: Final = 0.05
"""mpv hands out log lines last, after the events that they explain."""
_STRAY: Final = 2.0


class EventTranslator:
    """Translator of one core's events: reads them in order and reports what they mean.

    mpv's own event thread only puts into ``inbox``; asking the core back from there can
    deadlock.
    """

    def __init__(
        self,
        report: base.EventSink,
        playback: PlaybackState,
        notice_of: Callable[
            [MpvCore, base.Source, tuple[base.Track, ...]], tuple[str, RemedyCode | None]
        ],
    ) -> None:
        self.inbox: SimpleQueue[TranslatorInput] = SimpleQueue()
        self._report = report
        self._playback = playback
        self._notice_of = notice_of
        self._log: deque[ev.LogLine] = deque(maxlen=40)
        self._load: LoadRecord | None = None
        self._opened = False
        self._failed = False
        self._answered = 0
        self._seek_to_come = False
        self._seek_when_open = False
        self._is_retrying = False
        self._paused = True
        self._stalled = False
        self._window_closed = False
        self._end = EndWatch(self.tell, self._break_off)
        self._verdict: Callable[[], None] | None = None
        """What is told once the log is complete."""
        self._tracks: base.TracksChanged | None = None
        self._lander = Lander(playback)
        self.seams: Final = Seams()
        """Where timestamps have begun anew since the last load or seek."""
        self._failures = FailureClassifier()
        self._subtitles = ExternalSubtitles(self.inbox.put)
        self._silent = threading.Event()

    def start(self, core: MpvCore, before_end: Callable[[], bool]) -> threading.Thread:
        """Begin to tell; ``before_end`` lets go of what must not outlive the core.

        When it cannot (False), the core is left alone, since ending it would crash.
        """
        thread = threading.Thread(
            target=self._run, args=(core, before_end), name="mpv-events", daemon=True
        )
        thread.start()
        return thread

    def silence(self) -> None:
        """Tell nothing from now on, and end the core."""
        self._silent.set()
        self.inbox.put(Stop())

    def tell(self, event: base.PlayerEvent) -> None:
        """Report, unless the player is closed."""
        if not self._silent.is_set():
            self._report(event)

    def _run(self, core: MpvCore, before_end: Callable[[], bool]) -> None:
        while not isinstance(event := self._next(), Stop):
            if self._silent.is_set():
                continue
            try:
                if event is None:
                    self._look(core)
                else:
                    self._handle(core, event)
            except CoreGone:
                continue  # ShutDown is on its way and says why
            except CoreError as error:
                self._fail(f"mpv refused a question ({error})")
            except Exception:  # the rim: a player that tells nothing more would freeze its seat
                logger.exception(log_line("event_lost", of="mpv", lost=str(event)))
        if before_end():
            core.end()

    def _next(self) -> TranslatorInput | None:
        """The next event, or None when a look at the player is due.

        A verdict is pronounced when its log is complete.
        """
        while self._verdict is not None:
            try:
                event = self.inbox.get(timeout=_LOG_DELAY)
            except Empty:
                event = None
            if isinstance(event, ev.LogLine | ev.PropertyChanged):
                return event
            verdict, self._verdict = self._verdict, None
            verdict()
            if event is not None:
                return event
        look_at = self._end.next_look
        if look_at is None:
            return self.inbox.get()
        with contextlib.suppress(Empty):
            return self.inbox.get(timeout=max(0.0, look_at - time.monotonic()))
        return None

    def _handle(self, core: MpvCore, event: TranslatorInput) -> None:
        match event:
            case ev.LogLine():
                self._log.append(event)
                if (seam := error_text.seam_in(event)) is not None:
                    self.seams.tell(*seam, time.monotonic())
                self._end.take_log(event)
                if error_text.is_end_of_reading(event) and error_text.wants_ranges(self._log):
                    # mpv does not call it an end where nothing could be read at all.
                    self._fail(error_text.NO_RANGES)
                elif error_text.is_gap(event) and error_text.is_transient(self._log):
                    end_at_gap(core)
            case ev.FileStarted(entry):
                self._begin(core, entry)
            case ev.FileEnded():
                self._end_file(event)
            case SeekAnswered(ticket, accepted):
                self._answer_seek(core, ticket, accepted)
            case RetryAnswered(generation):
                if generation == self._generation:
                    self._is_retrying, self._seek_to_come = False, True
            case ev.SeekBegun():
                self._playback.seeking = True
                self._seek_to_come = False
            case ev.PlaybackRestarted(instant):
                self._restart(core, instant)
            case ev.PropertyChanged():
                self._property(core, event)
            case TracksAsked():
                self._tell_tracks(core, always=True)
            case SubtitleAsked(subtitle):
                if self._opened:
                    self._subtitles.add(core, subtitle)
            case SubtitleAnswered():
                self._added(core, event)
            case ev.MessageCame(words):
                self._message(words)
            case ev.ShutDown():
                why = "its window was closed" if self._window_closed else "mpv has ended"
                self._failed = False
                self._fail(why, lost=True)
            case Stop():
                pass
            case _:
                assert_never(event)

    # Loads ------------------------------------------------------------------------------

    def _begin(self, core: MpvCore, entry: int) -> None:
        with self._playback.lock:
            load = self._playback.loads.pop(entry, None)
            for older in [number for number in self._playback.loads if number < entry]:
                del self._playback.loads[older]
        if load is None:
            # Nobody asked for this entry: the media was a playlist, and mpv follows it.
            core.command("stop")
            self._fail("it is a playlist, not a film")
            return
        self._load = load
        # A seek asked after this load, but answered before it began, went to the old item.
        self._seek_when_open = self._answered > load.ticket
        self._answered = max(self._answered, load.ticket)
        self._opened = self._failed = self._seek_to_come = False
        self._stalled = self._is_retrying = False
        self._lander.begin_item()
        self._end.begin(load.source, load.generation)
        self._log.clear()
        self._subtitles.begin(load.generation)

    def _end_file(self, ended: ev.FileEnded) -> None:
        self._playback.seeking = self._opened = False
        self._end.close()
        if self._load is None or self._failed:
            return
        source = self._load.source
        if ended.reason == ev.END_ERROR:
            self._verdict = lambda: self._fail(
                error_text.reason_for_end(ended.error, tuple(self._log), source)
            )
        elif ended.reason == ev.END_EOF:
            # With ``keep-open`` mpv leaves no item at its end, but for one without anything.
            self._verdict = self._judge_nothing

    def _open(self, core: MpvCore, load: LoadRecord) -> None:
        self._opened = True
        self._end.opened(core, time.monotonic())
        listed = core.get("track-list")
        tracks = track_list.tracks_of(listed)
        has_audio = any(track.kind == "audio" and track.selected for track in tracks)
        has_video = any(track.kind == "video" and track.selected for track in tracks)
        # A track that mpv could not show or play has lost its selection.
        notice, remedy_code = self._notice_of(core, load.source, tracks)
        self.tell(
            base.MediaOpened(
                generation=load.generation,
                title=track_list.title_of(load.source, core.get("metadata")),
                duration=self._end.duration,
                tracks=tracks,
                chapters=load.source.chapters or track_list.chapters_of(core.get("chapter-list")),
                has_audio=has_audio,
                has_video=has_video,
                audio_device=track_list.device_of(core.get("audio-device"), core.get("current-ao")),
                pixels=track_list.pixels_of(listed),
                notice=notice,
                remedy_code=remedy_code,
                is_seekable=core.get("seekable") is not False,
                is_live=load.source.is_live,
                first_timestamp=(
                    core.number("time-pos") if load.source.has_shared_timestamps else None
                ),
            )
        )
        for name in self._subtitles.unread(core, listed):
            self.tell(base.SubtitlesFailed(load.generation, name))
        for subtitle in load.source.subtitles:
            self._subtitles.add(core, subtitle)
        self._tell_tracks(core, always=True)

    def _added(self, core: MpvCore, answered: SubtitleAnswered) -> None:
        if not self._subtitles.take(answered):
            return
        if not answered.accepted:
            self.tell(base.SubtitlesFailed(answered.generation, answered.subtitle.title))
        self._tell_tracks(core, always=True)

    # Seeks ------------------------------------------------------------------------------

    def _answer_seek(self, core: MpvCore, ticket: int, accepted: bool) -> None:
        self._answered = ticket
        self._is_retrying = False
        self._lander.begin_seek()
        # Not when the seek begins: what the demuxer then complains of may be told before.
        self._log.clear()
        if not accepted:
            # mpv refuses to seek in what is not open yet: it is done when it is.
            self._seek_when_open = self._load is not None and not self._opened
            return
        if self._opened and not reaches(core, self._playback.target):
            # No event follows a seek that mpv cannot make.
            self._restart(core, time.monotonic())
        else:
            self._seek_to_come = True

    def _restart(self, core: MpvCore, instant: float) -> None:
        playback = self._playback
        playback.seeking = False
        playback.jumps += 1
        if self._load is not None and self._seek_when_open:
            self._seek_when_open, self._seek_to_come = False, True
            core.command("seek", f"{max(0.0, playback.target):.6f}", "absolute+exact")
            return
        is_on_its_way = self._seek_to_come or self._is_retrying
        if self._load is None or is_on_its_way or self._answered != playback.asked:
            return  # a later load or seek is on its way: this is not what was asked for
        if playback.done == self._answered:
            # Nobody asked: mpv has switched a track, or it could read nothing where it was
            # sent and shows the last picture instead.
            position, duration = core.number("time-pos"), self._end.duration
            if position is not None and duration and ends_like(position, duration):
                self._end.has_strayed = self._strays(position)
            return
        if not self._opened:
            if self._failed or is_drained(core):
                # Nothing could be read; the log will say why.
                playback.done = self._answered
                self._verdict = self._judge_nothing
                return
            self._open(core, self._load)
        self._land(core, self._load, instant)

    def _land(self, core: MpvCore, load: LoadRecord, instant: float) -> None:
        """Tell where a load or seek has led, unless another try leads nearer."""
        playback = self._playback
        shown = core.number("time-pos")
        if shown is not None and not self._lander.fills:
            self._end.has_strayed = self._strays(shown)
        answer = partial(self.inbox.put, RetryAnswered(load.generation))
        if self._lander.tries_again(core, load.source, shown, self._answered, answer):
            self._is_retrying = True
            return
        playback.done = self._answered
        sample = sound_sample(core) if playback.landed is None else None
        sample = sample or resting_sample(core, playback.landed)
        if sample is not None:
            self.tell(base.Restarted(self._generation, sample.position, instant))
        self._end.moved(time.monotonic(), by_play=core.get("pause") is False)

    def _strays(self, position: float) -> bool:
        """Whether a seek in network media went so far past its target that data is missing."""
        is_network = self._load is not None and self._load.source.is_network
        return is_network and position - self._playback.target > _STRAY

    # What changes meanwhile -------------------------------------------------------------

    def _property(self, core: MpvCore, changed: ev.PropertyChanged) -> None:
        match changed.name, changed.value:
            case "pause", bool(paused):
                if paused != self._paused:
                    self._paused = paused
                    if not paused:
                        self._end.moved(changed.instant, by_play=True)
                    self.tell(base.PauseChanged(self._generation, paused, changed.instant))
            case "paused-for-cache", bool(stalled):
                if stalled != self._stalled and self._opened:
                    self._stalled = stalled
                    self._change_stall(core, changed.instant)
            case "eof-reached", True:
                self._reach_end(core, changed.instant)
            case "volume" | "mute" | "audio-delay" | "aid" | "sid" | "sub-delay" | "sub-scale", _:
                self._tell_tracks(core, always=False)
            case _:
                pass  # a value that is not available now, or not yet

    def _look(self, core: MpvCore) -> None:
        """What mpv tells by no event."""
        now = time.monotonic()
        if self._end.look(core, now):
            self._reach_end(core, now)

    def _reach_end(self, core: MpvCore, instant: float) -> None:
        is_settled = self._answered == self._playback.asked == self._playback.done
        if not self._opened or self._failed or self._end.is_at_end or not is_settled:
            return  # after a seek that is on its way, it is looked for anew
        arrival = self._end.arrive(core, self._playback.target, instant)
        if is_ordinary(arrival):
            self._end.judge(arrival, ())
        else:
            self._verdict = lambda: self._end.judge(arrival, tuple(self._log))

    def _change_stall(self, core: MpvCore, instant: float) -> None:
        told = base.StallChanged(self._generation, self._stalled, instant)
        end = None if self._stalled else broken_end(core)
        if end is None:
            self.tell(told)
        else:
            self._verdict = lambda: self._judge_stall(told, *end)

    def _judge_stall(self, told: base.StallChanged, end: float, duration: float) -> None:
        """mpv waits no longer: since there is data, or since it has given the rest up."""
        log = tuple(self._log)
        if error_text.is_transient(log):
            self._fail(error_text.reason_for_break(end, duration, log))
        else:
            self.tell(told)

    def _judge_nothing(self) -> None:
        log = tuple(self._log)
        known = error_text.known_cause(log) or "nothing in it can be played"
        self._fail(error_text.NO_RANGES if error_text.wants_ranges(log) else known)

    def _tell_tracks(self, core: MpvCore, *, always: bool) -> None:
        tracks = base.TracksChanged(
            generation=self._generation,
            tracks=track_list.tracks_of(core.get("track-list")),
            volume=core.number("volume") or 0.0,
            muted=core.get("mute") is True,
            audio_trim=core.number("audio-delay") or 0.0,
            subtitle_delay=core.number("sub-delay") or 0.0,
            subtitle_scale=core.number("sub-scale") or 1.0,
            is_complete=self._subtitles.is_complete,
        )
        if always or (self._opened and tracks != self._tracks):
            self.tell(tracks)
        self._tracks = tracks

    def _message(self, words: tuple[str, ...]) -> None:
        match words:
            case (name, intent) if name == KEY_MESSAGE:
                self.tell(base.KeyPressed(intent))
            case (name,) if name == CLOSED_MESSAGE:
                self._window_closed = True
            case _:
                pass  # another client's: anybody may send mpv a message

    def _break_off(self, reason: str, position: float) -> None:
        self._fail(reason, position=position)

    def _fail(self, reason: str, *, lost: bool = False, position: float | None = None) -> None:
        if self._failed:
            return
        self._failed = True
        self._end.close()
        self.tell(self._failures.failed(self._load, reason, self._log, position, lost=lost))

    @property
    def _generation(self) -> int:
        return self._load.generation if self._load else 0
