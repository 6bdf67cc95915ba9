"""Display detection: whether this machine can show a window."""

from __future__ import annotations

import os
import sys


def has_display() -> bool:
    """Whether a window can be opened; on X11 and Wayland that takes a variable."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
