"""The parts of the mpv player that need no mpv."""

from __future__ import annotations

import pytest

from player.backend.base import Chapter, KeyBinding, Source
from player.backend.mpv import error_text, key_bindings, options, track_list
from player.backend.mpv.binding.events import LogLine
from player.backend.mpv.position.picture_clock import PictureClock
from protocol.exceptions import SettingsError

FILE = Source(url="/films/A Film.mkv")
ADDRESS = Source(url="https://example.com/A%20Film.mp4?x=1", is_network=True)
LOADING_FAILED, NOTHING_TO_PLAY, UNKNOWN_FORMAT = -13, -16, -17


def _log(*texts: str) -> tuple[LogLine, ...]:
    return tuple(LogLine("error", "ffmpeg", text) for text in texts)


# Seams -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seam"),
    [
        ("Invalid audio PTS: 10.026667 -> 0.000000", (10.026667, 0.0)),
        ("Invalid video timestamp: 40.000000 -> -0.040000", (40.0, -0.04)),
        ("Reset playback due to audio timestamp reset.", None),
    ],
)
def test_where_timestamps_do_not_fit_is_read_from_the_log(
    text: str, seam: tuple[float, float] | None
) -> None:
    assert error_text.seam_in(LogLine("warn", "ad", text)) == seam


# Reasons ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "log", "reason"),
    [
        (
            LOADING_FAILED,
            ("https: HTTP error 403 Forbidden",),
            "the address answered 403: access is refused",
        ),
        (
            LOADING_FAILED,
            ("http: HTTP error 418 Teapot", "Failed to open x"),
            "the address answered 418",
        ),
        (
            LOADING_FAILED,
            ("Cannot open file 'x': No such file or directory",),
            "there is no such file",
        ),
        (
            LOADING_FAILED,
            ("tls: The Certificate is not trusted",),
            "the certificate of its server is not trusted",
        ),
        (LOADING_FAILED, ("Failed to open x.",), "the file cannot be opened (Failed to open x)"),
        (LOADING_FAILED, (), "the file cannot be opened"),
        (UNKNOWN_FORMAT, (), "that is not a film or sound that this mpv can read"),
        (UNKNOWN_FORMAT, ("moov atom not found",), "the file is incomplete: its index is missing"),
        (
            NOTHING_TO_PLAY,
            ("Failed to initialize a decoder for codec 'av9'.",) * 2,
            "there are no pictures or sound that this mpv can decode (codec av9)",
        ),
        (-14, (), "the sound device cannot be opened"),
        (-15, (), "no window can be opened for the pictures"),
    ],
)
def test_an_error_is_one_clause_for_people(error: int, log: tuple[str, ...], reason: str) -> None:
    assert error_text.reason_for_end(error, _log(*log), FILE) == reason


def test_a_break_names_its_place_and_cause() -> None:
    assert error_text.reason_for_break(65, 3725, ()) == "the film breaks off at 1:05 of 1:02:05"
    assert error_text.reason_for_break(65, None, ()) == "the film breaks off at 1:05"
    assert error_text.reason_for_break(5, 10, _log("odd\n bytes.")).endswith("of 0:10: odd bytes")
    assert error_text.http_status_of(_log("HTTP error 500", "HTTP error 404 Not Found")) == 404
    assert error_text.http_status_of(()) is None


@pytest.mark.parametrize(
    ("log", "is_transient"),
    [
        (("http: Stream ends prematurely at 5, should be 9",), True),
        (("http: Will reconnect at 5 in 1 second(s), error=Input/output error.",), True),
        (("tcp: Failed to resolve hostname films.example: try again",), True),
        (("tcp: Connection to tcp://films.example:80 failed: Connection refused",), True),
        (("hls: Failed to open segment 3 of playlist 0",), True),
        (("http: HTTP error 503 Busy",), True),
        (("http: HTTP error 429 Too Many Requests",), True),
        (("http: HTTP error 404 Not Found", "hls: Failed to open segment 3 of playlist 0"), False),
        (("mov: stream 1, offset 0xe053: partial file",), False),
        ((), False),
    ],
)
def test_a_break_of_the_way_is_told_from_one_of_the_film(
    log: tuple[str, ...], is_transient: bool
) -> None:
    assert error_text.is_transient(_log(*log)) is is_transient


def test_a_part_that_is_missing_is_a_cause_where_there_is_no_better_one() -> None:
    gap = "hls: Failed to open segment 3 of playlist 0"
    assert error_text.known_cause(_log(gap)) == "a part of it could not be had"
    assert error_text.known_cause(_log("Connection refused", gap)).startswith("its server refuses")


# Media -----------------------------------------------------------------------------------


def test_tracks_leave_cover_art_out_and_survive_odd_values() -> None:
    tracks = track_list.tracks_of(
        [
            {"type": "video", "id": 1, "albumart": True, "selected": True},
            {"type": "audio", "id": 2, "lang": "de", "title": b"\xff", "selected": True},
            {"type": "sub", "id": 3},
            {"type": "data", "id": 4},
            "odd",
        ]
    )
    assert [(t.kind, t.track_id, t.language, t.selected) for t in tracks] == [
        ("audio", 2, "de", True),
        ("subtitle", 3, "", False),
    ]
    assert track_list.tracks_of(None) == ()


def test_pixels_are_those_of_the_pictures_that_are_shown() -> None:
    shown = {"type": "video", "selected": True, "demux-w": 640, "demux-h": 360}
    assert (
        track_list.pixels_of([shown, {**shown, "selected": False}, {"type": "audio"}]) == 640 * 360
    )
    assert track_list.pixels_of(None) == 0
    assert track_list.pixels_of([{"type": "video", "selected": True}]) == 0


def test_a_chapter_never_starts_before_the_beginning() -> None:
    assert track_list.chapters_of([{"title": "One", "time": -0.02}]) == (Chapter("One", 0.0),)


@pytest.mark.parametrize(
    ("source", "metadata", "title"),
    [
        (Source(url="/x.mkv", title="Given"), {"title": "Inside"}, "Given"),
        (FILE, {"TITLE": " Inside "}, "Inside"),
        (FILE, {"title": " "}, "A Film"),
        (FILE, None, "A Film"),
        (ADDRESS, {}, "A Film"),
    ],
)
def test_a_title_is_the_best_that_is_known(source: Source, metadata: object, title: str) -> None:
    assert track_list.title_of(source, metadata) == title


# Options and keys ------------------------------------------------------------------------


def test_options_are_spelled_as_mpv_does_and_ours_are_ours() -> None:
    chosen = options.chosen_options((("--hwdec", "auto"), ("osd_font_size", "30"), ("idle", "yes")))
    assert chosen == {"hwdec": "auto", "osd-font-size": "30", "idle": "yes"}
    with pytest.raises(SettingsError) as caught:
        options.chosen_options((("input_default_bindings", "yes"),))
    assert caught.value.field == "mpv input-default-bindings"


def test_pictures_go_where_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    wanted, notice = options.video_options("window", {}, draws=False)
    assert wanted["vo"] == "null"
    assert "no display" in notice
    assert options.window_options("window", wanted) == {}
    monkeypatch.setenv("DISPLAY", ":9")
    wanted, notice = options.video_options("window", {}, draws=False)
    assert (wanted, notice) == ({"force-window": "yes"}, "")
    assert options.window_options("window", wanted)["gpu-context"] == "x11egl"
    assert options.video_options("terminal", {}, draws=True)[0]["vo"] == "libmpv"
    assert options.video_options("terminal", {}, draws=False)[0]["vo"] == "null"


def test_a_key_sends_its_intent_whatever_is_in_it() -> None:
    assert key_bindings.section(
        [
            KeyBinding("SPACE", "toggle"),
            KeyBinding("#", "audio"),
            KeyBinding("LEFT", "seek_by -5", repeats=True),
        ]
    ).splitlines() == [
        'SPACE script-message matinee-intent "toggle"',
        'SHARP script-message matinee-intent "audio"',
        'LEFT repeatable script-message matinee-intent "seek_by -5"',
    ]
    assert key_bindings.section([KeyBinding("c", 'say "\\')]).endswith('"say \\"\\\\"')


# The position without sound --------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_the_picture_clock_is_the_line_below_the_stairs(rate: float) -> None:
    clock = PictureClock()
    clock.reset(rate)
    frame = 1 / 24
    for step in range(60):
        instant = 1000.0 + step * 0.0501
        truth = 20.0 + step * 0.0501 * rate
        shown = (int(truth / frame) + 1) * frame
        known = clock.position_at(instant, shown)
        assert known is not None
        assert known >= truth - 1e-9
        if step > 20:
            assert known - truth < 0.008


def test_a_picture_that_stays_tells_no_position_and_the_next_one_does() -> None:
    clock = PictureClock()
    told = [clock.position_at(step * 0.05, 60.0) for step in range(60)]
    assert told[0] == 60.0
    assert told[10:] == [None] * 50
    assert clock.position_at(3.0, 63.02) == 63.02


def test_a_picture_that_stays_for_ever_is_where_the_player_is() -> None:
    clock = PictureClock()
    clock.position_at(0.0, 60.0)
    assert clock.position_at(10.5, 60.0) == 60.0
