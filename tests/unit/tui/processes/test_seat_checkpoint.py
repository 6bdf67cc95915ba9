"""What a seat that is started again knows of the one that died."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from player.api import views
from player.api.config import SeatConfig
from player.api.intents import OwnCopy, PictureSize, Say
from player.api.own_tracks import OwnTracks, TrackChoice
from tui.processes.seat_checkpoint import SeatCheckpoint

if TYPE_CHECKING:
    from protocol.wire.messages import Role


def checkpoint(role: Role = "host", media: tuple[str, ...] = ()) -> SeatCheckpoint:
    return SeatCheckpoint(
        SeatConfig(
            role=role,
            name="Ana",
            instance_id="instance-0001",
            server="http://127.0.0.1:1",
            take_over=role == "host",
            play=True,
            media=media,
            mpv=(("volume", "80"), ("hwdec", "no")),
        )
    )


def ready(role: Role) -> views.Ready:
    return views.Ready(
        role=role,
        stream_id="stream-0001",
        member_id="member-a",
        name="Ana",
        host="Ana",
        server="http://127.0.0.1:1",
    )


@pytest.mark.parametrize("role", ["host", "viewer"])
def test_a_take_over_is_asked_for_once(role: Role) -> None:
    kept = checkpoint()
    kept.heard(ready(role))
    assert not kept.config.take_over
    assert kept.config.yields == (role == "viewer")


def test_a_host_comes_back_to_his_stream_and_starts_nothing_anew() -> None:
    kept = checkpoint()
    kept.heard(ready("host"))
    assert kept.config.returning
    assert kept.config.stream_id == "stream-0001"
    assert not kept.config.play


def test_who_handed_over_comes_back_as_a_viewer_until_he_hosts_again() -> None:
    kept = checkpoint()
    roles: tuple[Role, ...] = ("viewer", "host")
    for role in roles:
        kept.heard(views.RoleView(role, "Ben"))
        assert kept.config.yields == (role == "viewer")


def test_a_viewer_has_nothing_to_yield() -> None:
    kept = checkpoint("viewer")
    kept.heard(ready("viewer"))
    kept.heard(views.RoleView("viewer", "Ben"))
    assert not kept.config.yields


def test_a_hosts_queue_goes_on_where_it_was() -> None:
    kept = checkpoint(media=("/a", "/b", "/c"))
    kept.heard(media(queue_left=1))
    assert kept.config.media == ("/b", "/c")


def test_a_viewer_keeps_the_copy_that_he_named() -> None:
    kept = checkpoint("viewer")
    kept.asked(OwnCopy("/mine"))
    kept.heard(media(queue_left=0))
    assert kept.restore().media == ("/mine",)


def test_the_sound_is_as_it_was_once_a_film_was_open() -> None:
    kept = checkpoint()
    loud = views.Status(
        role="host",
        state="playing",
        position=1.0,
        target=1.0,
        drift_ms=0.0,
        rate=1.0,
        rtt_ms=None,
        jitter_ms=None,
        clock_error_ms=None,
        quality="good",
        members=1,
        volume=55.0,
        muted=True,
        trim_ms=-40.0,
    )
    kept.heard(loud)
    assert dict(kept.restore().mpv) == {"volume": "80", "hwdec": "no"}
    kept.heard(media(queue_left=0))
    kept.heard(loud)
    options = {"volume": "55", "hwdec": "no", "mute": "yes", "sub-scale": "1"}
    assert dict(kept.restore().mpv) == options
    assert kept.config.trim_ms == -40.0


def test_of_what_was_asked_the_last_of_a_kind_is_told_again() -> None:
    kept = checkpoint()
    for intent in (PictureSize(10, 10), Say("hi"), PictureSize(80, 46)):
        kept.asked(intent)
    assert kept.intents == (PictureSize(80, 46),)


def media(queue_left: int) -> views.MediaView:
    return views.MediaView(title="A film", kind="file", duration=60.0, queue_left=queue_left)


def test_what_was_chosen_of_sound_and_subtitles_is_known_again() -> None:
    kept = checkpoint()
    own = OwnTracks(audio=TrackChoice("de", place=2), subtitle_files=("/films/mine.srt",))
    kept.config = msgspec.structs.replace(kept.config, subtitle_files=("/films/first.srt",))
    kept.heard(views.TracksView(own))
    assert (kept.restore().own_tracks, kept.config.subtitle_files) == (own, ())
