"""Port to the player's thread: carries out the core's effects on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from player.session.core.effects import (
    AddSubtitle,
    AdjustPlayer,
    FollowTimeline,
    HoldPlayer,
    JumpToTimeline,
    LoadSource,
    PlayerEffect,
    ReleasePlayer,
    ResizePicture,
    SelectTrack,
    SetClock,
    SetLiveOrigin,
    SetSyncEnabled,
    SetTolerance,
    ShowText,
    UnloadMedia,
)

if TYPE_CHECKING:
    from player.sync.thread import PlayerThread


def perform_on_player(effect: PlayerEffect, thread: PlayerThread) -> None:
    """Post one effect to the player's thread."""
    match effect:
        case SetClock(offset=offset):
            thread.set_clock(offset)
        case SetTolerance(tolerance=tolerance):
            thread.set_tolerance(tolerance)
        case SetSyncEnabled(enabled=enabled):
            thread.set_sync_enabled(enabled)
        case FollowTimeline(timeline=timeline):
            thread.follow(timeline)
        case ReleasePlayer():
            thread.release()
        case JumpToTimeline():
            thread.jump()
        case HoldPlayer():
            thread.hold()
        case LoadSource(source=source):
            thread.load(source)
        case SetLiveOrigin(origin=origin):
            thread.set_origin(origin)
        case UnloadMedia():
            thread.unload()
        case ShowText(text=text):
            thread.with_player(lambda player: player.show_text(text))
        case AdjustPlayer(what=what, value=value):
            thread.with_player(lambda player: player.adjust(what, value))
        case SelectTrack(kind=kind, track_id=track_id):
            thread.with_player(lambda player: player.select_track(kind, track_id))
        case AddSubtitle(subtitle=subtitle):
            thread.with_player(lambda player: player.add_subtitle(subtitle))
        case ResizePicture(width=width, height=height):
            thread.with_player(lambda player: player.resize_picture(width, height))
        case _:
            assert_never(effect)
