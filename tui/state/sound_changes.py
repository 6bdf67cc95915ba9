"""What of a person's own sound and text has changed, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from player.api import views
    from player.backend.base import Track
    from tui.state.party_state import PartyState

_KINDS: Final = {"audio": "sound", "subtitle": "subtitles"}


def own_changes(before: PartyState, after: PartyState) -> list[str]:
    """``volume 90 %``, ``subtitles: English`` and so on; [] when nothing of it has changed."""
    said: list[str] = []
    if before.own is not None and after.own is not None:
        said += _sound(before.own, after.own)
    was, now = before.media, after.media
    if before.is_open and was is not None and now is not None and was.title == now.title:
        said += _tracks(was, now)
    return said


def _sound(before: views.Status, after: views.Status) -> list[str]:
    said: list[str] = []
    if before.muted != after.muted:
        said.append("sound off" if after.muted else f"sound on, volume {after.volume:.0f} %")
    elif round(before.volume) != round(after.volume):
        silence = ", sound still off" if after.muted else ""
        said.append(f"volume {after.volume:.0f} %{silence}")
    if round(before.trim_ms) != round(after.trim_ms):
        said.append(trim_text(after.trim_ms))
    if round(before.subtitle_delay_ms) != round(after.subtitle_delay_ms):
        said.append(delay_text(after.subtitle_delay_ms))
    if round(before.subtitle_scale, 2) != round(after.subtitle_scale, 2):
        said.append(f"subtitles {after.subtitle_scale * 100:.0f} %")
    return said


def delay_text(delay_ms: float) -> str:
    """``subtitles 100 ms later``."""
    if round(delay_ms) == 0:
        return "subtitles not shifted"
    return f"subtitles {abs(delay_ms):.0f} ms {'later' if delay_ms > 0 else 'earlier'}"


def trim_text(trim_ms: float) -> str:
    """``sound 10 ms later``."""
    if round(trim_ms) == 0:
        return "sound not shifted"
    return f"sound {abs(trim_ms):.0f} ms {'later' if trim_ms > 0 else 'earlier'}"


def _tracks(before: views.MediaView, after: views.MediaView) -> list[str]:
    said: list[str] = []
    for kind, word in _KINDS.items():
        was, now = _chosen(before.tracks, kind), _chosen(after.tracks, kind)
        if was != now:
            said.append(f"{word}: {_name(now) if now else 'off'}")
    return said


def _chosen(tracks: tuple[Track, ...], kind: str) -> Track | None:
    return next((track for track in tracks if track.kind == kind and track.selected), None)


def _name(track: Track) -> str:
    return track.title or track.language or f"track {track.track_id}"
