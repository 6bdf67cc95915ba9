"""The player on the real libmpv: what it tells, where it is, and how it fails."""

from __future__ import annotations

import socket
import statistics
import subprocess
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from player.backend.base import (
    EndReached,
    Failed,
    KeyBinding,
    KeyPressed,
    MediaOpened,
    PauseChanged,
    PlayerEvent,
    Restarted,
    Sample,
    Source,
    StallChanged,
    Subtitle,
    TracksChanged,
)
from player.backend.mpv import MpvPlayer
from protocol.exceptions import SettingsError
from tests.films import Chapter, Films, serve
from tests.integration.players import PATIENCE, display, holding_server, near, watched_player

if TYPE_CHECKING:
    from pathlib import Path

FRAME = 1 / 25


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    return films.counter_film(60, chapters=[Chapter(0, "One"), Chapter(20, "Two")])


@pytest.fixture(scope="module")
def silent(films: Films) -> Path:
    return films.counter_film(60, audio=False)


# Loading ---------------------------------------------------------------------------------


def test_a_load_opens_once_paused_at_its_position(film: Path) -> None:
    with watched_player() as it:
        opened = it.load(film, 12.0)
        assert near(opened.duration, 60.0, 0.1)
        assert (opened.title, opened.has_audio, opened.has_video) == (
            "A Film That Counts",
            True,
            True,
        )
        assert [(chapter.start, chapter.title) for chapter in opened.chapters] == [
            (0.0, "One"),
            (20.0, "Two"),
        ]
        assert [track.kind for track in opened.tracks] == ["video", "audio"]
        assert opened.audio_device == "null"
        assert opened.notice == ""
        assert [type(event) for event in it.told].count(MediaOpened) == 1
        assert near(it.player.resting_position(), 12.0, FRAME)
        assert it.player.buffered_until() == opened.duration


def test_the_sources_title_and_chapters_go_before_the_files(film: Path) -> None:
    with watched_player() as it:
        opened = it.load(Source(url=str(film), title="Named", notice="no deno"))
        assert opened.title == "Named"
        assert opened.notice == "no deno"


def test_only_the_last_of_two_loads_opens(film: Path, silent: Path) -> None:
    with watched_player() as it:
        it.ask_to_load(film)
        opened = it.load(silent)
        assert opened.generation == 2
        assert not any(
            isinstance(event, MediaOpened) and event.generation == 1 for event in it.told
        )


def test_a_seek_that_comes_before_the_film_is_open_is_done_when_it_is(film: Path) -> None:
    with watched_player() as it:
        it.ask_to_load(film, 5.0)
        it.player.seek(30.0)
        assert near(it.wait(Restarted).position, 30.0, FRAME)
        it.seek(10.0)
        assert [type(event) for event in it.told].count(Restarted) == 2


def test_a_seek_goes_to_the_film_that_was_asked_for_before_it(film: Path, silent: Path) -> None:
    with watched_player() as it:
        it.load(film)
        for position in (11.0, 22.0, 33.0):
            it.ask_to_load(silent)
            it.player.seek(position)
            restarted = it.wait(Restarted)
            assert near(restarted.position, position, FRAME)
        assert restarted.generation == 4


def test_nothing_of_an_item_is_left_for_the_next(film: Path, tmp_path: Path) -> None:
    subtitles = tmp_path / "film.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:59,000\nHello\n")
    with serve(film.parent) as server, watched_player() as it:
        url = server.url(film)
        headers = {"Authorization": "secret", "User-Agent": "Test/1", "Bad": "a\r\nInjected: b"}
        first = it.load(
            Source(url=url, headers=headers, subtitles=(Subtitle(str(subtitles)),), is_network=True)
        )
        it.player.set_rate(1.5)
        asked = server.requests[-1].headers
        assert (asked["Authorization"], asked["User-Agent"]) == ("secret", "Test/1")
        assert "Injected" not in asked
        assert [track.kind for track in first.tracks] == ["video", "audio"]
        told = it.wait(TracksChanged, where=lambda told: told.is_complete)
        assert [track.kind for track in told.tracks].count("subtitle") == 1
        second = it.load(url)
        asked = server.requests[-1].headers
        assert "Authorization" not in asked
        assert asked["User-Agent"] != "Test/1"
        assert [track.kind for track in second.tracks] == ["video", "audio"]
        it.player.set_paused(False)
        assert near(_rate(it.samples(1.0)), 1.0, 0.02)


@pytest.mark.parametrize("kind", ["hls", "dash"])
def test_manifests_play(films: Films, film: Path, kind: str) -> None:
    manifest = films.hls(film) if kind == "hls" else films.dash(film)
    with serve(films.directory) as server, watched_player() as it:
        opened = it.load(server.url(manifest), 30.0)
        assert near(opened.duration, 60.0, 0.5)
        assert opened.has_audio
        it.play_past(30.5)


def test_separate_sound_plays_with_the_pictures(films: Films, film: Path, silent: Path) -> None:
    with serve(films.directory) as server, watched_player() as it:
        source = Source(url=server.url(silent), audio_url=server.url(film), is_network=True)
        assert it.load(source).has_audio
        it.play_past(0.5)
        assert it.load(server.url(silent)).has_audio is False


def test_an_index_at_the_end_on_a_server_without_byte_ranges_fails_with_a_remedy(
    films: Films, film: Path
) -> None:
    with serve(films.directory, ranges=False) as server, watched_player() as it:
        it.ask_to_load(server.url(films.index_last(film)))
        reason = it.wait(Failed).reason
        assert "no byte ranges" in reason
        assert "-movflags +faststart" in reason
        assert not any(isinstance(event, MediaOpened) for event in it.told)
        it.load(server.url(film))


def test_without_byte_ranges_a_film_plays_and_seeks_reach_what_is_loaded(film: Path) -> None:
    small = (("demuxer-max-bytes", "200KiB"), ("demuxer-max-back-bytes", "200KiB"))
    with serve(film.parent, ranges=False) as server, watched_player(*small) as it:
        opened = it.load(server.url(film))
        assert not opened.is_seekable
        assert "host: use a server with byte ranges" in opened.notice
        it.play_past(3.0)
        it.player.set_paused(True)
        assert near(it.seek(2.0).position, 2.0, FRAME)
        assert near(it.seek(50.0).position, 2.0, FRAME)


def test_with_byte_ranges_an_index_at_the_end_is_no_trouble(films: Films, film: Path) -> None:
    with serve(films.directory) as server, watched_player() as it:
        opened = it.load(server.url(films.index_last(film)), 30.0)
        assert opened.is_seekable
        assert opened.notice == ""
        assert near(it.seek(50.0).position, 50.0, FRAME)


# Where it is -----------------------------------------------------------------------------


def test_a_seek_lands_on_the_first_frame_at_or_after_its_target(film: Path) -> None:
    with watched_player() as it:
        it.load(film)
        for target in (7.0, 33.33, 0.0):
            restarted = it.seek(target)
            assert -0.001 <= restarted.position - target <= FRAME + 0.001
            assert near(it.player.resting_position(), restarted.position, 0.001)


def test_a_negative_position_is_the_beginning(film: Path) -> None:
    with watched_player() as it:
        it.load(film, -5.0)
        assert near(it.player.resting_position(), 0.0, FRAME)
        assert near(it.seek(-3.0).position, 0.0, FRAME)


def test_a_position_is_never_that_of_before_a_seek_and_the_last_one_is_told(film: Path) -> None:
    with watched_player() as it:
        it.load(film)
        for target in (5.0, 40.0, 20.0):
            it.player.seek(target)
            sample, rest = it.player.sample(), it.player.resting_position()
            assert sample is None or near(sample.position, target, FRAME)
            assert rest is None or near(rest, target, FRAME)
        it.wait(Restarted, where=lambda event: near(event.position, 20.0, FRAME))
        it.samples(0.2)
        assert not [event for event in it.drain() if isinstance(event, Restarted)]


def test_a_paused_seek_resumes_from_where_it_says(film: Path) -> None:
    with watched_player() as it:
        it.load(film)
        it.player.set_paused(False)
        it.samples(0.3)
        it.player.set_paused(True)
        it.seek(25.0)
        rest = it.player.resting_position()
        assert rest is not None
        at = time.monotonic()
        it.player.set_paused(False)
        late = [s.position - rest - (s.instant - at) for s in it.samples(0.8)[10:]]
        # What the sound's clock would have said is too low by more than 100 ms.
        assert near(statistics.median(late), 0.0, 0.03)


@pytest.mark.parametrize("sound", [True, False])
def test_the_position_runs_on_a_straight_line(film: Path, silent: Path, sound: bool) -> None:
    with watched_player() as it:
        it.load(film if sound else silent)
        it.player.set_paused(False)
        it.samples(0.7)
        offsets = [sample.position - sample.instant for sample in it.samples(1.0)]
        middle = statistics.median(offsets)
        off = sorted(abs(offset - middle) for offset in offsets)
        # A frame is 40 ms; a busy machine may spoil a few reads.
        assert off[len(off) * 8 // 10] < (0.002 if sound else 0.010)


def test_with_and_without_sound_the_position_is_the_same(film: Path, silent: Path) -> None:
    def start_latency(path: Path) -> float:
        with watched_player() as it:
            it.load(path, 10.0)
            at = time.monotonic()
            it.player.set_paused(False)
            offsets = [s.position - 10.0 - (s.instant - at) for s in it.samples(1.5)[30:]]
            return statistics.median(offsets)

    # time-pos itself would be half a frame, 20 ms, ahead on average.
    assert near(start_latency(silent), start_latency(film), 0.012)


def test_how_the_sound_is_set_is_told_with_the_film(film: Path) -> None:
    with watched_player(("mute", "yes"), ("volume", "80")) as it:
        it.load(film)
        told = next(event for event in it.told if isinstance(event, TracksChanged))
        assert (told.muted, told.volume) == (True, 80.0)


def test_a_trim_moves_the_sound_and_leaves_the_picture_where_it_is(film: Path) -> None:
    with watched_player() as it:
        it.load(film)
        it.player.adjust("trim", 0.2)
        assert near(it.wait(TracksChanged).audio_trim, 0.2, 0.001)
        rest = it.seek(20.0).position
        at = time.monotonic()
        it.player.set_paused(False)
        late = [s.position - rest - (s.instant - at) for s in it.samples(1.0)[20:]]
        # The sound alone would be 200 ms behind.
        assert near(statistics.median(late), 0.0, 0.03)


def test_the_rate_is_what_was_set(film: Path) -> None:
    with watched_player() as it:
        it.load(film)
        it.player.set_paused(False)
        it.player.set_rate(1.5)
        it.samples(0.8)
        assert near(_rate(it.samples(0.8)), 1.5, 0.02)


# What it tells ---------------------------------------------------------------------------


def test_pausing_is_told_by_whomever(film: Path) -> None:
    with watched_player(keys=[KeyBinding("p", "toggle")]) as it:
        it.load(film)
        it.player.set_paused(False)
        assert it.wait(PauseChanged).paused is False
        it.player.set_paused(True)
        assert it.wait(PauseChanged).paused is True


def test_the_end_is_told_and_leaves_the_pause_flag_alone(film: Path) -> None:
    with watched_player() as it:
        it.load(film, 59.0)
        it.player.set_paused(False)
        it.wait(EndReached)
        assert [e.paused for e in it.told + it.drain() if isinstance(e, PauseChanged)] == [False]
        it.seek(10.0)
        it.play_past(10.2)


def test_the_seats_own_tracks_change_and_are_told(films: Films, tmp_path: Path) -> None:
    film = films.counter_film(60)
    both = tmp_path / "both.mkv"
    maps = ("-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", "-t", "20")
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(film), *maps, str(both)], check=True)
    with watched_player() as it:
        it.load(both)

        def sound(told: TracksChanged) -> list[int]:
            return [t.track_id for t in told.tracks if t.kind == "audio" and t.selected]

        for track in (2, 1):
            it.player.select_track("audio", track)
            it.wait(TracksChanged, where=lambda told, track=track: sound(told) == [track])
        for step, volume in ((-30, 70.0), (500, 130.0)):
            it.player.adjust("volume", step)
            it.wait(TracksChanged, where=lambda told, volume=volume: told.volume == volume)
        it.player.adjust("mute", 0)
        it.wait(TracksChanged, where=lambda told: told.muted)
        it.drain()
        it.player.select_track("audio", 2)
        it.wait(TracksChanged, where=lambda told: sound(told) == [2])
        it.player.adjust("subtitle_delay", 0.5)
        it.player.adjust("subtitle_scale", 0.2)
        told = it.wait(TracksChanged, where=lambda told: told.subtitle_scale > 1)
        assert (told.subtitle_delay, round(told.subtitle_scale, 2)) == (0.5, 1.2)
        other = it.load(film)
        told = [event for event in it.told if isinstance(event, TracksChanged)][-1]
        assert (told.subtitle_delay, round(told.subtitle_scale, 2)) == (0.0, 1.2)
        assert [t.track_id for t in other.tracks if t.kind == "audio" and t.selected] == [1]


# Failing ---------------------------------------------------------------------------------


def test_what_is_no_film_has_a_reason_and_the_next_load_works(film: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.mkv"
    text.write_text("This is not a film.\n" * 1000)
    empty = tmp_path / "playlist.m3u"
    empty.write_text(f"{film}\n")
    with watched_player() as it:
        for path, reason in (
            (tmp_path / "missing.mp4", "there is no such file"),
            (text, "that is not a film or sound that this mpv can read"),
            (tmp_path, "it is a directory"),
            (empty, "it is a playlist, not a film"),
        ):
            generation = it.ask_to_load(path)
            failed = it.wait(Failed)
            assert (failed.generation, failed.reason, failed.lost) == (generation, reason, False)
            assert it.player.sample() is None
        it.load(film)


def test_a_film_that_was_cut_off_breaks_with_a_reason(film: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    content = film.read_bytes()
    cut.write_bytes(content[: len(content) // 3])
    with watched_player() as it:
        opened = it.load(cut)
        assert near(opened.duration, 60.0, 0.5)
        it.seek(15.0)
        it.player.set_rate(4.0)
        it.player.set_paused(False)
        assert "breaks off at 0:" in it.wait(Failed).reason


def test_refused_addresses_say_what_the_server_answered(film: Path) -> None:
    with serve(film.parent) as server, watched_player() as it:
        it.ask_to_load(server.url(film) + ".gone")
        failed = it.wait(Failed)
        assert failed.http_status == 404
        assert failed.reason == "the address answered 404: there is nothing at this address"
    with watched_player() as it:
        it.ask_to_load("http://127.0.0.1:1/film.mp4")
        assert it.wait(Failed).reason == "its server refuses the connection"


def test_a_refusal_in_the_middle_is_a_failure_with_its_status(film: Path) -> None:
    with serve(film.parent) as server, watched_player(("demuxer-max-bytes", "64KiB")) as it:
        it.load(server.url(film), 50.0)
        server.status = HTTPStatus.FORBIDDEN
        # Back: what lies ahead may have been sent already.
        it.player.seek(20.0)
        it.player.set_paused(False)
        failed = it.wait(Failed)
        assert failed.http_status == 403
        assert failed.reason.startswith(
            "the film breaks off at 0:20 of 1:00: the address answered 403"
        )
        assert not failed.lost


def test_network_media_cannot_lead_to_files(film: Path, tmp_path: Path) -> None:
    lists = {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:60\n#EXTINF:60,\nfile://{film}\n#EXT-X-ENDLIST\n",
        "b.m3u": f"{film}\n",
        "c.edl": f"# mpv EDL v0\n{film}\n",
    }
    with serve(tmp_path) as server, watched_player() as it:
        for name, content in lists.items():
            (tmp_path / name).write_text(content)
            it.ask_to_load(server.url(tmp_path / name))
            it.wait(Failed)
        assert not [event for event in it.told if isinstance(event, MediaOpened)]


def test_options_that_make_no_sense_are_named() -> None:
    def nobody(event: PlayerEvent) -> None:
        raise AssertionError(event)

    for pair, message in (
        (("no-such-option", "1"), "mpv no-such-option: this mpv has no such option"),
        (("volume", "loud"), "mpv volume: mpv does not accept the value 'loud'"),
        (("keep_open", "no"), "mpv keep-open: matinee needs its own value"),
    ):
        with pytest.raises(SettingsError, match=message):
            MpvPlayer.create(nobody, video="none", options=(("ao", "null"), pair))
    assert not [thread for thread in threading.enumerate() if "MPV" in thread.name]


def test_a_stall_and_its_end_are_told(film: Path) -> None:
    with (
        holding_server(film, film.stat().st_size // 4) as (url, release),
        watched_player(("cache-pause-wait", "0.2")) as it,
    ):
        it.load(url)
        it.player.set_rate(4.0)
        it.player.set_paused(False)
        stalled = it.wait(StallChanged)
        assert stalled.stalled
        assert it.player.buffered_until() is not None
        release.set()
        assert it.wait(StallChanged).stalled is False


# Its window ------------------------------------------------------------------------------


def test_keys_in_the_window_are_intents_and_nothing_else_works(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"SPACE": "toggle", "#": "audio", "LEFT": "seek_by -5", "c": 'say "hi" \\ there'}
    bindings = [KeyBinding(key, line) for key, line in keys.items()]
    with display() as name:
        monkeypatch.setenv("DISPLAY", name)
        with watched_player(("vo", "x11"), video="window", keys=bindings) as it:
            it.load(film)
            _press(name, "space", "numbersign", "Left", "c")
            heard = [it.wait(KeyPressed).intent for _ in range(4)]
            assert heard == list(keys.values())
            _press(name, "p", "q", "Escape", "space")
            it.wait(KeyPressed)
            told = it.drain()
            assert not [e for e in told if isinstance(e, PauseChanged | Failed)]


def test_closing_the_window_is_told_as_a_loss(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with display() as name:
        monkeypatch.setenv("DISPLAY", name)
        with watched_player(("vo", "x11"), video="window") as it:
            it.load(film)
            _xdotool(name, "windowclose", _window(name))
            failed = it.wait(Failed)
            assert failed.lost
            assert it.player.sample() is None
            it.player.set_paused(False)
            it.player.seek(5.0)
            it.player.show_text("nobody sees this")
            it.ask_to_load(film)
            assert it.wait(Failed).lost


def test_without_a_display_the_seat_plays_on_and_says_so(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with watched_player(video="window") as it:
        opened = it.load(film)
        assert opened.notice.endswith("no display: the pictures are not shown")
        assert opened.remedy_code == "draw_in_terminal"
        it.play_past(0.3)
        assert it.load(film).notice == ""


def test_without_a_sound_device_the_seat_plays_on_and_says_so(film: Path) -> None:
    with watched_player(ao="alsa") as it:
        opened = it.load(film)
        if opened.audio_device != "null":
            pytest.skip("this machine has a sound device")
        assert "no sound device" in opened.notice
        it.player.set_paused(False)
        it.samples(0.7)
        assert near(_rate(it.samples(0.5)), 1.0, 0.02)


# Its end ---------------------------------------------------------------------------------


def test_closing_takes_no_time_and_nothing_is_told_after(film: Path) -> None:
    with watched_player() as it:
        it.load(film)
        it.player.set_paused(False)
        it.player.seek(30.0)
        began = time.monotonic()
        it.player.close()
        it.player.close()
        assert time.monotonic() - began < 2.0
        it.drain()
        it.player.seek(1.0)
        it.player.adjust("volume", 5)
        assert it.player.sample() is None
        assert it.drain() == []


def test_closing_while_a_server_keeps_silent_takes_no_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silence, watched_player() as it:
        it.ask_to_load(f"http://127.0.0.1:{silence.getsockname()[1]}/film.mp4")
        connection, _ = silence.accept()
        with connection:
            connection.recv(1)
            began = time.monotonic()
            it.player.close()
            assert time.monotonic() - began < 2.0


def _rate(samples: list[Sample]) -> float:
    first, last = samples[0], samples[-1]
    return (last.position - first.position) / (last.instant - first.instant)


def _window(name: str) -> str:
    return _xdotool(name, "search", "--sync", "--onlyvisible", "--class", "mpv").split()[-1]


def _press(name: str, *keys: str) -> None:
    window = _window(name)
    _xdotool(name, "windowfocus", "--sync", window)
    _xdotool(name, "key", "--window", window, *keys)


def _xdotool(name: str, *words: str) -> str:
    return subprocess.run(
        ["xdotool", *words],
        env={"DISPLAY": name},
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    ).stdout
