"""The shift of the sound that somebody found right for a device, kept for the next party."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import msgspec

from player.api import views
from player.api.intents import Trim
from protocol.exceptions import SettingsError
from tui.storage.paths import prepared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_DEVICES: Final = ("", "null")
"""Outputs that nobody hears."""
_CLOSE: Final = 0.5
"""Milliseconds by which two trims are the same."""
_Trims = dict[str, float]


class AudioDelays:
    """Applies what is kept for the device in use, and keeps what is set by hand.

    Args:
        file: trims in milliseconds by device.
        send: asks the seat.
        apply: False leaves the trim as it was asked for at the start.
    """

    def __init__(self, file: Path, send: Callable[[Trim], None], *, apply: bool = True) -> None:
        self._file = file
        self._send = send
        self._apply = apply
        self._trims = _read(file)
        self._device = ""
        self._awaited: float | None = None
        """What the seat was asked for and has not shown yet."""
        self._now: float | None = None

    def observe(self, view: views.AnyView) -> None:
        """Take one line of the seat."""
        match view:
            case views.Ready():
                self._device, self._awaited, self._now = "", None, None
            case views.MediaView() if view.audio_device != self._device:
                self._device, self._now = view.audio_device, None
            case views.Status() if self._device not in NO_DEVICES:
                self._compare(view.trim_ms)
            case _:
                pass

    def _compare(self, trim: float) -> None:
        if self._now is None:
            self._now = trim
            kept = self._trims.get(self._device)
            if self._apply and kept is not None and abs(kept - trim) > _CLOSE:
                self._awaited = kept
                self._send(Trim(kept - trim))
        elif self._awaited is not None:
            if abs(self._awaited - trim) <= _CLOSE:
                self._now, self._awaited = trim, None
        elif abs(self._now - trim) > _CLOSE:
            self._now = trim
            self._apply = True
            self._trims[self._device] = trim
            # The party goes on without it.
            with contextlib.suppress(OSError, SettingsError):
                prepared(self._file.parent)
                self._file.write_bytes(msgspec.json.encode(self._trims))


def _read(file: Path) -> _Trims:
    with contextlib.suppress(OSError, ValueError, RecursionError, msgspec.DecodeError):
        return msgspec.json.decode(file.read_bytes(), type=_Trims)
    return {}
