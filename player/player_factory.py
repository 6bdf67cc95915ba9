"""Player factory: the real player and the real resolver for one seat's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.api.local_path import path_of
from player.video.frame_buffer import FrameBuffer

if TYPE_CHECKING:
    from player.api.config import SeatConfig
    from player.backend.base import EventSink, Player


def make_player(config: SeatConfig, report: EventSink) -> Player:
    """Start libmpv as the configuration asks.

    Raises:
        PlayerUnavailable: there is no usable libmpv.
        SettingsError: an option of the user's makes no sense.
    """
    from player.backend.mpv import MpvPlayer

    frame_buffer = FrameBuffer(path_of(config.stage_file)) if config.stage_file else None
    player = MpvPlayer.create(
        report,
        video=config.video,
        options=config.mpv,
        keys=config.keys,
        frame_buffer=frame_buffer,
    )
    if config.trim_ms:
        player.adjust("trim", config.trim_ms / 1000)
    return player
