"""Keys in mpv's window: each sends a line that ``player.api.intents`` reads, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from player.backend.mpv.event_translator import CLOSED_MESSAGE, KEY_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOSE_COMMAND: Final = f"script-message {CLOSED_MESSAGE}; quit"
"""mpv's own binding of the window's close button is gone with its other default keys."""

_SPELLED_OUT: Final = {"#": "SHARP", " ": "SPACE"}
_WHILE_HELD: Final = ("seek_by", "volume", "trim")
"""Intents that a key held down repeats."""


def section(keys: Mapping[str, str]) -> str:
    """The keys as lines of an input section."""
    return "\n".join(_binding(key, intent) for key, intent in keys.items())


def _binding(key: str, intent: str) -> str:
    words = intent.split()
    held = "repeatable " if words and words[0] in _WHILE_HELD else ""
    quoted = intent.replace("\\", "\\\\").replace('"', '\\"')
    return f'{_SPELLED_OUT.get(key, key)} {held}script-message {KEY_MESSAGE} "{quoted}"'
