"""External subtitles: adds files to the open media, so that none of them delays the film."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, cast

import msgspec

from player.backend.base import Subtitle

if TYPE_CHECKING:
    from collections.abc import Callable

    from player.backend.mpv.binding.libmpv import MpvCore

_MEMORY: Final = "memory://"


class SubtitleAsked(msgspec.Struct, frozen=True):
    """A person named one while the media is open."""

    subtitle: Subtitle


class SubtitleAnswered(msgspec.Struct, frozen=True):
    """The core has added a file, or could not read it."""

    generation: int
    subtitle: Subtitle
    accepted: bool


class ExternalSubtitles:
    """Subtitle files of one item after the other, each read by a thread of mpv's.

    Args:
        answer: takes what came of each; called on mpv's event thread.
    """

    def __init__(self, answer: Callable[[SubtitleAnswered], None]) -> None:
        self._answer = answer
        self._generation = 0
        self._awaited = 0

    @property
    def is_complete(self) -> bool:
        """Nothing is on its way."""
        return self._awaited == 0

    def begin(self, generation: int) -> None:
        """Another item: mpv has given up whatever it still read for the last one."""
        self._generation, self._awaited = generation, 0

    def unread(self, core: MpvCore, track_list: object) -> list[str]:
        """Names of files that an option of mpv's names and that mpv could not read."""
        named = core.get("options/sub-files")
        names = [os.path.basename(str(file)) for file in cast("list[object]", named or [])]
        entries = cast("list[dict[str, object]]", track_list or [])
        read = {os.path.basename(str(entry.get("external-filename"))) for entry in entries}
        return [name for name in names if name not in read]

    def add(self, core: MpvCore, subtitle: Subtitle) -> None:
        """Have a file added, and not shown before somebody chooses it."""
        generation = self._generation
        self._awaited += 1
        core.command_later(
            lambda accepted: self._answer(SubtitleAnswered(generation, subtitle, accepted)),
            *("sub-add", _place(subtitle), "auto", subtitle.title, subtitle.language),
        )

    def take(self, answered: SubtitleAnswered) -> bool:
        """Count an answer; False when it is about an earlier item."""
        if answered.generation != self._generation:
            return False
        self._awaited -= 1
        return True


def _place(subtitle: Subtitle) -> str | bytes:
    if subtitle.text:
        return _MEMORY + subtitle.text
    is_address = subtitle.url.startswith(("http://", "https://"))
    # An absolute path cannot be read as a protocol of mpv's, and a name may be any bytes.
    return subtitle.url if is_address else os.fsencode(os.path.abspath(subtitle.url))
