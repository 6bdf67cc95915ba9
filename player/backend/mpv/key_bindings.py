"""Key bindings of mpv's window: each key sends an intent's line, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.backend.mpv.event_translator import CLOSED_MESSAGE, KEY_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from player.backend.base import KeyBinding

CLOSE_COMMAND: Final = f"script-message {CLOSED_MESSAGE}; quit"
"""mpv's own binding of the window's close button is gone with its other default keys."""

_SPELLED_OUT: Final = {"#": "SHARP", " ": "SPACE"}


def section(keys: Iterable[KeyBinding]) -> str:
    """The keys as lines of an input section."""
    return "\n".join(map(_binding, keys))


def _binding(binding: KeyBinding) -> str:
    key = _SPELLED_OUT.get(binding.key, binding.key)
    held = "repeatable " if binding.repeats else ""
    quoted = binding.line.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key} {held}script-message {KEY_MESSAGE} "{quoted}"'
