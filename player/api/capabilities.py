"""Capabilities: what this machine has of what a seat needs: a libmpv, a display."""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.video.display import has_display

if TYPE_CHECKING:
    from player.backend.mpv.binding.events import CoreEvent

__all__ = ["has_display", "mpv_version"]


def mpv_version() -> str:
    """What libmpv calls itself.

    Raises:
        PlayerUnavailable: there is no usable libmpv.
    """
    from player.backend.mpv.binding.libmpv import MpvCore

    def ignore(_: CoreEvent) -> None:
        """Nothing is played."""

    core = MpvCore.start({"vo": "null", "ao": "null", "config": "no"}, {}, {}, ignore)
    try:
        return str(core.get("mpv-version") or "of unknown version")
    finally:
        core.end()
