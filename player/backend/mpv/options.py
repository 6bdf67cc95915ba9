"""Options that a core is started with, and those that belong to one item only."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from player.request_headers import USER_AGENT
from player.trust_store import trusted_file
from player.video.display import has_display
from protocol.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from player.backend.base import Video


FIXED: Final = {
    # Nobody's configuration, scripts or remembered positions may move a party's player.
    "config": "no",
    "load-scripts": "no",
    "resume-playback": "no",
    "save-position-on-quit": "no",
    "terminal": "no",
    "idle": "yes",
    "pause": "yes",
    # The last frame stays, and the pause flag is moved by us and by people only.
    "keep-open": "always",
    "keep-open-pause": "no",
    "hr-seek": "yes",
    # Only our own keys work, in a window as well.
    "input-default-bindings": "no",
    "input-vo-keyboard": "yes",
    # What a stranger's media may not do on this machine.
    "load-unsafe-playlists": "no",
    "tls-verify": "yes",
}
"""What the seat relies on; a person may not set these."""

BASE: Final = {
    # Not autoload-files=no, which would leave separate sound unselected as well.
    "audio-file-auto": "no",
    "sub-auto": "no",
    "cover-art-auto": "no",
    "audio-fallback-to-null": "yes",
    "audio-client-name": "matinee",
    "demuxer-max-bytes": "150MiB",
    "demuxer-max-back-bytes": "75MiB",
    "network-timeout": "20",
    "user-agent": USER_AGENT,
    "input-media-keys": "no",
    "title": "${media-title} - matinee",
    "osd-playing-msg": "",
}

OPTIONAL: Final = {
    # Parts of mpv that a build without Lua, or another version, does not have.
    "ytdl": "no",
    "osc": "no",
    "load-stats-overlay": "no",
    "load-osd-console": "no",
    "load-console": "no",
    "load-auto-profiles": "no",
    "load-select": "no",
    "load-positioning": "no",
    "load-commands": "no",
    "load-context-menu": "no",
    "input-builtin-bindings": "no",
    "media-controls": "no",
}

RECONNECT: Final = {
    "reconnect": "1",
    "reconnect_on_network_error": "1",
    "reconnect_on_http_error": "5xx",
    "reconnect_delay_max": "3",
}
"""How libavformat bridges a short outage: tries 0, 1 and 3 s apart, at the byte it had come to.

What it holds of the film stays, which opening anew would lose. Longer waits between tries would
outlast the outage. What has no byte ranges is left out: it would begin anew in the middle.
"""

NETWORK_PROTOCOLS: Final = "http,https,tcp,tls,crypto,data,httpproxy"
"""What libavformat may open in the name of a network source; no file among it."""


def chosen_options(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A person's ``KEY=VALUE`` pairs by mpv's spelling of the key.

    Raises:
        SettingsError: the option is one that matinee itself relies on.
    """
    chosen: dict[str, str] = {}
    for key, value in pairs:
        name = key.lstrip("-").replace("_", "-")
        if name in FIXED and FIXED[name] != value:
            raise SettingsError(f"mpv {name}", "matinee needs its own value of this option")
        chosen[name] = value
    return chosen


def video_options(
    video: Video, chosen: Mapping[str, str], *, draws: bool
) -> tuple[dict[str, str], str]:
    """Options for where the pictures go, and a notice where only a terminal can draw them."""
    if draws:
        return {"vo": "libmpv", "force-window": "no"}, ""
    if video != "window":
        return {"vo": "null", "force-window": "no"}, ""
    if "vo" in chosen:
        return {"force-window": "yes"}, ""
    if not has_display():
        # mpv would find SDL's dummy driver, or take the console over.
        notice = "no display: the pictures are not shown"
        return {"vo": "null", "force-window": "no"}, notice
    return {"force-window": "yes"}, ""


def window_options(video: Video, wanted: Mapping[str, str]) -> dict[str, str]:
    """Which drivers may open the window, where mpv's own order would take odd ones."""
    if video != "window" or "vo" in wanted or sys.platform in ("darwin", "win32"):
        return {}
    return {
        # Without a list a broken display ends in SDL's dummy driver, which shows nothing. With
        # its context named, mpv no longer turns down OpenGL in software, which costs thrice.
        "vo": ("gpu,gpu-next," if _has_gpu() else "") + "x11,wlshm,null",
        # Left to itself mpv 0.35 tries the console next, fails, and closes file 0 by mistake:
        # our standard input.
        "gpu-context": "wayland" if os.environ.get("WAYLAND_DISPLAY") else "x11egl",
    }


def _has_gpu() -> bool:
    return os.path.isdir("/dev/dri") or os.path.exists("/dev/nvidia0")


def trust_options() -> dict[str, str]:
    """Which certificates are trusted, as everywhere in a seat."""
    file = trusted_file()
    return {"tls-ca-file": file} if file else {}
