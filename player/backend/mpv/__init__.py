"""The player port on libmpv."""

from player.backend.mpv.player import MpvPlayer, Video

__all__ = ["MpvPlayer", "Video"]
