"""Notices: what a person should know of a film that plays, but not all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.backend.mpv.error_text import ONLY_FORWARD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from player.backend.base import Source, Track, Video
    from player.backend.mpv.binding.libmpv import MpvCore
    from protocol.exceptions import RemedyCode


class Notices:
    """Notices for one player; those about its start are given once."""

    def __init__(self, video: Video, chosen: Mapping[str, str], at_start: str) -> None:
        self._window = video == "window" and chosen.get("vo") != "null"
        self._sound = chosen.get("ao") != "null"
        self._at_start = at_start

    def __call__(
        self, core: MpvCore, source: Source, tracks: Iterable[Track]
    ) -> tuple[str, RemedyCode | None]:
        """What is missing of ``source``, and what can be done about the last part of that."""
        kinds = {track.kind for track in tracks}
        has_audio, has_video = "audio" in kinds, "video" in kinds
        notices = [source.notice] if source.notice else []
        blind = has_video and core.get("current-vo") in (None, "null")
        if self._window and blind and not self._at_start:
            notices.append("no window can be opened: the pictures are not shown")
        if self._sound and has_audio and core.get("current-ao") in (None, "null"):
            notices.append("no sound device: nothing is heard")
        if source.is_network and not source.is_live and core.get("seekable") is False:
            notices.append(ONLY_FORWARD)
        if not self._at_start:
            return "; ".join(notices), None
        notices.append(self._at_start)
        self._at_start, self._window = "", False
        return "; ".join(notices), "draw_in_terminal"
