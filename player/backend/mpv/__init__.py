"""A `player.backend.base.Player` on libmpv; its ``core`` is the only importer of python-mpv."""

from player.backend.mpv.player import MpvPlayer, Video

__all__ = ["MpvPlayer", "Video"]
