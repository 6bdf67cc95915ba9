"""Checkpoint of a seat: what one that is started again must know of the one that died."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from player.api import views

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.api.intents import Intent


class SeatCheckpoint:
    """Keeps it up to date by what the seat says and is asked for."""

    def __init__(self, config: SeatConfig) -> None:
        self.config = config
        """What the next start begins with, but for the sound."""
        self._intents: dict[str, Intent] = {}
        """By word: what the seat is told again."""
        self._sound: views.Status | None = None
        """How it was set when the seat last told."""
        self._is_open = False

    @property
    def intents(self) -> tuple[Intent, ...]:
        """What a seat that was started again is told once it is ready."""
        return tuple(self._intents.values())

    def asked(self, intent: Intent) -> None:
        """The seat is asked for this."""
        self.config = intent.kept_in(self.config)
        if intent.sent_again:
            self._intents[intent.word] = intent

    def heard(self, view: views.AnyView | None) -> None:
        """The seat says this: the same stream, and where in the queue it is."""
        match view:
            case views.Ready():
                self._joined(view)
            case views.RoleView(role=role) if self.config.role == "host":
                self.config = msgspec.structs.replace(self.config, yields=role == "viewer")
            case views.Status() if self._is_open:
                self._sound = view
            case views.TracksView(chosen=chosen):
                self.config = msgspec.structs.replace(
                    self.config, own_tracks=chosen, subtitle_files=()
                )
            case views.MediaView():
                self._is_open = True
                self._opened(view)
            case _:
                pass

    def restore(self) -> SeatConfig:
        """The configuration of a new start: as loud, as quiet and as late as it was."""
        if self._sound is not None:
            sound = {
                "volume": f"{self._sound.volume:g}",
                "mute": "yes" if self._sound.muted else "no",
                "sub-scale": f"{self._sound.subtitle_scale:g}",
            }
            options = {**dict(self.config.mpv), **sound}
            self.config = msgspec.structs.replace(
                self.config, mpv=tuple(options.items()), trim_ms=self._sound.trim_ms
            )
        self._is_open, self._sound = False, None
        return self.config

    def _joined(self, view: views.Ready) -> None:
        is_host = self.config.role == "host"
        self.config = msgspec.structs.replace(
            self.config,
            returning=True,
            take_over=False,
            yields=is_host and view.role == "viewer",
            play=self.config.play and not is_host,
            stream_id=view.stream_id if is_host else self.config.stream_id,
        )

    def _opened(self, view: views.MediaView) -> None:
        if self.config.role == "host":
            first = max(0, len(self.config.media) - 1 - view.queue_left)
            self.config = msgspec.structs.replace(
                self.config, media=self.config.media[first:], titles=self.config.titles[first:]
            )
