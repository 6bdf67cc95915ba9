"""Adapter: player on libmpv, as the port has it."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING, Final, TypeVar, assert_never

from player.backend import base
from player.backend.mpv.binding.libmpv import CoreError, CoreGone, MpvCore
from player.backend.mpv.binding.software_renderer import SoftwareRenderer
from player.backend.mpv.event_translator import EventTranslator
from player.backend.mpv.external_subtitles import SubtitleAsked
from player.backend.mpv.item_loader import ItemLoader, is_filling, loaded_range
from player.backend.mpv.key_bindings import CLOSE_COMMAND, section
from player.backend.mpv.notices import Notices
from player.backend.mpv.options import (
    BASE,
    FIXED,
    OPTIONAL,
    chosen_options,
    trust_options,
    video_options,
    window_options,
)
from player.backend.mpv.position.reader import PositionReader
from player.backend.mpv.shared_state import LoadRecord, PlaybackState
from player.backend.mpv.translator_inputs import OBSERVED, SeekAnswered, TracksAsked
from player.video.renderer import FrameRenderer
from protocol.log_line import log_line

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from player.video.frame_buffer import FrameBuffer

__all__ = ["MpvPlayer"]

_T = TypeVar("_T")
logger = logging.getLogger(__name__)

_CLOSE_TIMEOUT: Final = 2.0
_MAX_VOLUME: Final = 130.0
_MAX_TRIM: Final = 5.0
_MAX_DELAY: Final = 600.0
_LEAST_SCALE: Final = 0.3
_MOST_SCALE: Final = 3.0
_PLAIN_NUDGE: Final = 0.05


class MpvPlayer:
    """A `player.backend.base.Player` on a libmpv core of its own."""

    def __init__(self, core: MpvCore, translator: EventTranslator, playback: PlaybackState) -> None:
        self._core = core
        self._item = ItemLoader(core)
        self._translator = translator
        self._playback = playback
        self._thread: threading.Thread | None = None
        self._renderer: FrameRenderer | None = None
        self._latest = base.Sample(0.0, 0.0, 0.0)
        self._position = PositionReader(core, playback, translator.seams, self._cross_seam)
        self._rate = 1.0
        self._keeps_pitch: bool | None = None
        self._paused = True
        self._load: LoadRecord | None = None
        self._closed = False

    @classmethod
    def create(
        cls,
        report: base.EventSink,
        *,
        video: base.Video = "window",
        options: Iterable[tuple[str, str]] = (),
        keys: Iterable[base.KeyBinding] = (),
        frame_buffer: FrameBuffer | None = None,
    ) -> MpvPlayer:
        """Start mpv; takes about 20 ms.

        ``keys`` work in the window. Pictures for a terminal go to ``frame_buffer``; without one
        they are not drawn.

        Raises:
            PlayerUnavailable: there is no usable libmpv.
            SettingsError: an option of ``options`` makes no sense to this mpv.
        """
        chosen = chosen_options(options)
        draws = video == "terminal" and frame_buffer is not None
        wanted, notice = video_options(video, chosen, draws=draws)
        playback = PlaybackState()
        translator = EventTranslator(report, playback, Notices(video, chosen, notice))
        core = MpvCore.start(
            {**FIXED, **BASE, **trust_options(), **wanted},
            {**OPTIONAL, **window_options(video, wanted)},
            chosen,
            translator.inbox.put,
        )
        with contextlib.suppress(CoreError):
            core.command("define-section", "matinee", section(keys), "force")
            core.command("enable-section", "matinee")
            core.command("keybind", "CLOSE_WIN", CLOSE_COMMAND)
        for name in OBSERVED:
            core.observe(name, translator.inbox.put)
        player = cls(core, translator, playback)
        if frame_buffer is not None and draws:
            player._renderer = FrameRenderer(
                SoftwareRenderer(core), frame_buffer, player._latest_position
            )
            player._renderer.start()
        player._thread = translator.start(core, player._free_renderer)
        return player

    # Told what to do --------------------------------------------------------------------

    def load(self, source: base.Source, position: float, generation: int) -> None:
        """See `Player.load`."""
        playback = self._playback
        if not source.is_network and os.path.isdir(source.url):
            # mpv would make a playlist of what is in it.
            self._translator.tell(base.Failed(generation, "it is a directory"))
            return
        try:
            with playback.lock:
                self._item.prepare(source, position)
                load = LoadRecord(generation, source, playback.next_ticket(position))
                playback.loads[self._item.open(source)] = load
        except CoreGone:
            self._translator.tell(base.Failed(generation, "mpv has ended", lost=True))
            return
        except CoreError as error:
            self._translator.tell(base.Failed(generation, f"mpv refused it ({error})"))
            return
        self._load, self._rate, self._paused = load, 1.0, True
        self._expect(position)

    def stop(self) -> None:
        """See `Player.stop`."""
        self._load = None
        self._try(lambda: self._core.command("stop"))

    def set_paused(self, paused: bool) -> None:
        """See `Player.set_paused`."""
        self._try(lambda: self._core.set("pause", paused))
        self._paused = paused
        if not paused:
            self._playback.landed = None

    def seek(self, position: float) -> None:
        """See `Player.seek`."""
        self._expect(position)
        inbox = self._translator.inbox
        with self._playback.lock:
            ticket = self._playback.next_ticket(position)
            self._try(self._show_pictures)
            self._try(
                lambda: self._core.command_later(
                    lambda accepted: inbox.put(SeekAnswered(ticket, accepted)),
                    *("seek", f"{max(0.0, position):.6f}", "absolute+exact"),
                )
            )

    def set_rate(self, rate: float) -> None:
        """See `Player.set_rate`."""
        # The pitch filter comes and goes with the speed and moves the sound by 5 to 14 ms
        # each time; a nudge of a few percent is not heard without it.
        keep_pitch = abs(rate - 1.0) > _PLAIN_NUDGE
        if keep_pitch != self._keeps_pitch:
            self._keeps_pitch = keep_pitch
            self._try(lambda: self._core.set("audio-pitch-correction", keep_pitch))
        self._try(lambda: self._core.set("speed", rate))
        self._rate = rate
        self._position.set_rate(rate)

    def show_text(self, text: str, seconds: float = 2.0) -> None:
        """See `Player.show_text`."""
        self._try(lambda: self._core.command("show-text", text, int(seconds * 1000)))

    def adjust(self, what: base.Adjustment, value: float) -> None:
        """See `Player.adjust`."""
        match what:
            case "volume":
                self._try(lambda: self._shift("volume", value, 0.0, _MAX_VOLUME))
            case "mute":
                self._try(lambda: self._core.set("mute", self._core.get("mute") is not True))
            case "trim":
                self._try(lambda: self._shift("audio-delay", value, -_MAX_TRIM, _MAX_TRIM))
            case "subtitle_delay":
                self._try(lambda: self._shift("sub-delay", value, -_MAX_DELAY, _MAX_DELAY))
            case "subtitle_scale":
                self._try(lambda: self._shift("sub-scale", value, _LEAST_SCALE, _MOST_SCALE))
            case _:
                assert_never(what)
        self._translator.inbox.put(TracksAsked())

    def select_track(self, kind: base.TrackKind, track_id: int | None) -> None:
        """See `Player.select_track`."""
        name = "sid" if kind == "subtitle" else "aid"
        self._try(lambda: self._core.set(name, "no" if track_id is None else str(track_id)))
        self._translator.inbox.put(TracksAsked())

    def add_subtitle(self, subtitle: base.Subtitle) -> None:
        """See `Player.add_subtitle`."""
        self._translator.inbox.put(SubtitleAsked(subtitle))

    def close(self) -> None:
        """See `Player.close`; gives a core that does not end up after 2 s."""
        if not self._closed:
            self._closed = True
            self._translator.silence()
        if self._thread is not None:
            self._thread.join(_CLOSE_TIMEOUT)

    def resize_picture(self, width: int, height: int) -> None:
        """Draw the pictures at this size in pixels; 0 x 0 for none."""
        if self._renderer is not None:
            self._renderer.resize(width, height)

    # Asked ------------------------------------------------------------------------------

    def sample(self) -> base.Sample | None:
        """See `Player.sample`."""
        sample = self._ask(self._position.sample)
        self._latest = sample or self._latest
        away = self._playback.pictures
        if away is not None and sample is not None and sample.position >= away.begin:
            self._try(self._show_pictures)
        return sample

    def resting_position(self) -> float | None:
        """See `Player.resting_position`."""
        sample = self._ask(self._position.rest)
        return sample.position if sample else None

    def buffered_until(self) -> float | None:
        """See `Player.buffered_until`; all of a local file."""
        load = self._load
        return self._ask(lambda: self._item.buffered_until(load.source)) if load else None

    def loaded_range(self) -> tuple[float, float] | None:
        """See `Player.loaded_range`."""
        return self._ask(lambda: loaded_range(self._core))

    def is_filling(self) -> bool:
        """See `Player.is_filling`."""
        load = self._load
        if load is None or not load.source.is_network:
            return False
        return self._ask(lambda: is_filling(self._core)) is True

    def _show_pictures(self) -> None:
        """Switch pictures on again that were away for a place without any."""
        away, self._playback.pictures = self._playback.pictures, None
        if away is not None:
            self._core.set("vid", away.track_id)

    def _latest_position(self) -> float:
        """About where the player is, from the last sample: the renderer may not ask mpv."""
        sample = self._latest
        since = 0.0 if self._paused else time.monotonic() - sample.instant
        return sample.position + self._rate * since

    def _cross_seam(self) -> None:
        if self._load is not None:
            self._translator.tell(base.TimestampsRestarted(self._load.generation))

    def _expect(self, position: float) -> None:
        self._position.leap()
        now = time.monotonic()
        self._latest = base.Sample(now, now, position)

    def _free_renderer(self) -> bool:
        return self._renderer is None or self._renderer.close()

    def _shift(self, name: str, by: float, low: float, high: float) -> None:
        now = self._core.number(name) or 0.0
        self._core.set(name, min(max(now + by, low), high))

    def _try(self, act: Callable[[], object]) -> None:
        self._ask(act)

    def _ask(self, question: Callable[[], _T]) -> _T | None:
        if self._closed:
            return None
        try:
            return question()
        except CoreGone:
            return None  # told as `Failed` by the translator
        except CoreError as error:
            logger.debug(log_line("question_refused", by="mpv", cause=str(error)))
            return None
