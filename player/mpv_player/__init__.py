"""A `player.port.Player` on libmpv; its ``core`` is the only importer of python-mpv."""

from player.mpv_player.player import MpvPlayer, Video

__all__ = ["MpvPlayer", "Video"]
