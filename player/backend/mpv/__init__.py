"""The player port on libmpv."""

from player.backend.mpv.player import MpvPlayer

__all__ = ["MpvPlayer"]
