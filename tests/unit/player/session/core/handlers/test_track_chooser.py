"""Which sound and subtitles a person has, film after film."""

from __future__ import annotations

from typing import Any

import msgspec

from player.api.own_tracks import OwnTracks, TrackChoice
from player.api.views import ErrorLine, MediaView, Notice, TracksView
from player.backend.base import (
    Failed,
    MediaOpened,
    Source,
    Subtitle,
    SubtitlesFailed,
    Track,
    TracksChanged,
)
from player.media.messages import MediaReady, ReadSubtitles, SubtitlesRead, SubtitlesUnreadable
from player.session.core.effects import AddSubtitle, LoadSource, SelectTrack
from player.session.core.handlers.track_chooser import TrackChooser
from protocol.exceptions import ResolveError
from protocol.wire.messages import Media
from tests.doubles.core_seat import FILM, CoreSeat

NEXT = Media("film-0002", "file", title="The Next")
OWN = Subtitle("/films/mine.srt", title="mine.srt")


def sound(*languages: str) -> tuple[Track, ...]:
    return tuple(
        Track("audio", number, language=language, selected=number == 1)
        for number, language in enumerate(languages, 1)
    )


def text(*languages: str, external: bool = False) -> tuple[Track, ...]:
    return tuple(
        Track("subtitle", number, language=language, is_external=external)
        for number, language in enumerate(languages, 1)
    )


class Evening:
    """A viewer's seat that has a copy of each film, and a player that does as it is told."""

    def __init__(self, **configured: Any) -> None:
        self.seat = CoreSeat("viewer", "mine.mkv", **configured)
        self.tracks: tuple[Track, ...] = ()
        self._carried_out = 0

    def open(self, *tracks: Track, media: Media = FILM, source: Source | None = None) -> Source:
        """The film opens with these; answers what the player was given."""
        self.seat.watch(media)
        return self.reopen(*tracks, source=source)

    def reopen(self, *tracks: Track, source: Source | None = None) -> Source:
        self.seat.loader(MediaReady(source or Source("mine.mkv")))
        self.tracks = tracks
        self.seat.player(MediaOpened(1, "The Film", 600.0, tracks, (), True, True))
        self.told()
        return self.seat.wanted(LoadSource)[-1].source

    def told(self, *more: Track, delay: float = 0.0) -> None:
        """Carry out what the player was told, and tell of it."""
        self.tracks += more
        self.seat.player(self.news(delay))
        while self._carry_out():
            self.seat.player(self.news(delay))

    def news(self, delay: float = 0.0) -> TracksChanged:
        return TracksChanged(1, self.tracks, 80.0, False, 0.0, delay, 1.5)

    def ask(self, *lines: str) -> None:
        for line in lines:
            self.seat.ask(line)
            self.told()

    def _carry_out(self) -> bool:
        orders = self.seat.wanted(SelectTrack)[self._carried_out :]
        self._carried_out += len(orders)
        for order in orders:
            self.tracks = tuple(
                msgspec.structs.replace(track, selected=track.track_id == order.track_id)
                if track.kind == order.kind
                else track
                for track in self.tracks
            )
        return bool(orders)

    def chosen(self) -> tuple[str | None, str | None]:
        """Language of the sound and of the subtitles."""
        kinds = {track.kind: track.language for track in self.tracks if track.selected}
        return kinds.get("audio"), kinds.get("subtitle")

    @property
    def said(self) -> list[str]:
        return [notice.message for notice in self.seat.seen(Notice)]


def test_what_was_chosen_by_hand_holds_for_the_next_film_by_its_language() -> None:
    evening = Evening()
    evening.open(*sound("eng", "ger"), *text("eng", "ger"))
    assert evening.chosen() == ("eng", None), "as the film has it"
    evening.ask("audio", "subtitles", "subtitles")
    assert evening.chosen() == ("ger", "ger")
    opened = evening.open(*sound("fre", "eng", "deu"), *text("de", "fr"), media=NEXT)
    assert opened.wishes.audio_languages == ("de",)
    assert evening.chosen() == ("deu", "de")


def test_what_names_no_language_is_chosen_by_its_place() -> None:
    evening = Evening()
    evening.open(*sound("", ""), *text("", ""))
    evening.ask("audio", "subtitles", "subtitles")
    evening.open(*sound("", "", ""), *text("", ""), media=NEXT)
    assert [track.track_id for track in evening.tracks if track.selected] == [2, 2]


def test_no_subtitles_is_a_choice_too() -> None:
    evening = Evening()
    evening.open(*sound("eng"), *text("eng"))
    evening.ask("subtitles", "subtitles")
    assert evening.chosen() == ("eng", None)
    opened = evening.open(*sound("eng"), media=NEXT)
    assert opened.wishes.no_subtitles
    evening.told(*text("eng", external=True))
    assert evening.chosen() == ("eng", None), "nor those that come later"


def test_a_film_without_the_chosen_language_is_as_it_is_and_says_so_once() -> None:
    evening = Evening()
    evening.open(*sound("eng", "ger"), *text("eng"))
    evening.ask("audio", "subtitles")
    evening.open(*sound("fre", "ita"), *text("fre"), media=NEXT)
    evening.told()
    assert evening.chosen() == ("fre", None)
    assert evening.said == [
        "this film has no sound in 'de', which you chose",
        "this film has no subtitles in 'en', which you chose",
    ]
    evening.open(*sound("eng", "ger"), *text("eng"))
    assert evening.chosen() == ("ger", "eng"), "the choice stays for the film after"


def test_among_tracks_of_one_language_the_one_that_is_most_alike_is_taken() -> None:
    evening = Evening()
    full, forced = text("ger", "ger")
    forced = msgspec.structs.replace(forced, is_forced=True)
    evening.open(*sound("eng"), full, forced)
    evening.ask("subtitles", "subtitles")
    first = msgspec.structs.replace(forced, track_id=1, selected=False)
    second = msgspec.structs.replace(full, track_id=2)
    evening.open(*sound("eng"), first, second, media=NEXT)
    assert [t.is_forced for t in evening.tracks if t.kind == "subtitle" and t.selected] == [True]


def test_languages_of_the_settings_choose_until_a_person_does() -> None:
    evening = Evening(audio_languages="de,en", subtitle_languages="en")
    opened = evening.open(*sound("fre", "eng"), *text("ger", "eng"))
    assert opened.wishes.audio_languages == ("de", "en")
    assert opened.wishes.subtitle_languages == ("en",)
    assert evening.chosen() == ("eng", "eng")
    evening.ask("audio")
    evening.open(*sound("eng", "fre"), media=NEXT)
    assert evening.chosen()[0] == "fre"


def test_options_of_mpv_s_are_the_first_choice() -> None:
    evening = Evening(mpv=(("sid", "no"), ("aid", "2"), ("slang", "de")))
    evening.open(*sound("eng", "fre"), *text("ger"))
    assert evening.chosen() == ("fre", None)


def test_subtitles_of_a_file_beside_the_film_are_shown_and_full_ones_before_forced() -> None:
    evening = Evening()
    evening.open(*sound("eng"))
    forced, full = text("eng", "fre", external=True)
    evening.told(msgspec.structs.replace(forced, is_forced=True))
    assert evening.chosen() == ("eng", "eng")
    evening.told(full)
    assert evening.chosen() == ("eng", "fre")


def test_a_file_that_was_named_is_read_added_and_shown() -> None:
    evening = Evening()
    evening.open(*sound("eng"), *text("eng"))
    evening.seat.ask("subtitles /films/mine.srt")
    assert evening.seat.wanted(ReadSubtitles) == [ReadSubtitles(FILM.media_id, "/films/mine.srt")]
    evening.seat.loader(SubtitlesRead(FILM.media_id, OWN))
    assert evening.seat.wanted(AddSubtitle) == [AddSubtitle(OWN)]
    mine = Track("subtitle", 2, title=OWN.title, is_external=True)
    evening.told(mine)
    assert [t.title for t in evening.tracks if t.selected] == ["", "mine.srt"]
    reopened = evening.reopen(*sound("eng"), *text("eng"), mine)
    assert reopened.subtitles == (OWN,)
    assert [t.title for t in evening.tracks if t.selected] == ["", "mine.srt"]
    other = evening.open(*sound("eng"), *text("eng"), media=NEXT)
    assert other.subtitles == (), "it belongs to the one film"
    assert evening.chosen() == ("eng", None)


def test_a_file_that_was_named_before_the_film_is_open_comes_with_it() -> None:
    evening = Evening()
    evening.seat.watch()
    evening.seat.loader(SubtitlesRead(FILM.media_id, OWN))
    assert evening.open(*sound("eng")).subtitles == (OWN,)
    late = Subtitle("/films/late.de.srt", "de", "late.de.srt")
    evening.seat.loader(MediaReady(Source("mine.mkv")))
    evening.seat.loader(SubtitlesRead(FILM.media_id, late))
    evening.seat.player(MediaOpened(2, "The Film", 600.0, sound("eng"), (), True, True))
    assert evening.seat.wanted(AddSubtitle) == [AddSubtitle(late)]


def test_a_file_for_a_film_that_is_not_on_any_more_is_not_shown() -> None:
    evening = Evening()
    evening.open(*sound("eng"), media=NEXT)
    evening.seat.loader(SubtitlesRead(FILM.media_id, OWN))
    assert evening.seat.wanted(AddSubtitle) == []


def test_who_names_a_file_wants_subtitles_again_and_its_language() -> None:
    evening = Evening()
    evening.open(*sound("eng"), *text("eng"))
    evening.ask("subtitles", "subtitles")
    evening.seat.loader(SubtitlesRead(FILM.media_id, OWN))
    assert evening.seat.seen(TracksView)[-1].chosen.subtitles is None
    evening.seat.loader(SubtitlesRead(FILM.media_id, Subtitle("/films/x.srt", "de", "x.srt")))
    assert evening.seat.seen(TracksView)[-1].chosen.subtitles == TrackChoice(language="de")


def test_a_file_that_is_none_is_told_and_changes_nothing() -> None:
    evening = Evening()
    evening.open(*sound("eng"))
    evening.seat.loader(SubtitlesUnreadable(ResolveError("x.srt is empty", "name another file")))
    (error,) = evening.seat.seen(ErrorLine)
    assert (error.code, error.message, error.remedy) == (
        "subtitles",
        "x.srt is empty",
        "name another file",
    )
    evening.seat.player(SubtitlesFailed(1, "y.srt"))
    assert evening.said == ["subtitles that cannot be read are left out: y.srt"]


def test_a_delay_belongs_to_the_film_and_sound_to_the_evening() -> None:
    evening = Evening()
    evening.open(*sound("eng"))
    evening.told(delay=0.3)
    assert evening.reopen(*sound("eng")).wishes.subtitle_delay == 0.3
    evening.told(delay=0.3)
    evening.seat.player(Failed(1, "its window was closed", lost=True))
    wishes = evening.reopen(*sound("eng")).wishes
    assert (wishes.volume, wishes.muted, wishes.subtitle_scale) == (80.0, False, 1.5)
    wishes = evening.open(*sound("eng"), media=NEXT).wishes
    assert (wishes.subtitle_delay, wishes.volume) == (None, None)


def test_a_seat_that_was_started_again_knows_the_choices_of_before() -> None:
    own = OwnTracks(
        audio=TrackChoice("de", place=2),
        media_id=FILM.media_id,
        subtitle_files=("/films/mine.srt",),
        shows_file=True,
        subtitle_delay_ms=250.0,
    )
    evening = Evening(own_tracks=own)
    opened = evening.open(*sound("eng", "ger"))
    assert evening.seat.wanted(ReadSubtitles) == [ReadSubtitles(FILM.media_id, "/films/mine.srt")]
    assert opened.wishes.subtitle_delay == 0.25
    assert evening.chosen() == ("ger", None)
    other = Evening(own_tracks=own)
    assert other.open(*sound("eng"), media=NEXT).wishes.subtitle_delay is None
    assert other.seat.wanted(ReadSubtitles) == []


def test_files_named_at_the_start_are_for_the_film_that_is_on_first() -> None:
    evening = Evening(subtitle_files=("/films/mine.srt",))
    evening.open(*sound("eng"))
    evening.open(*sound("eng"), media=NEXT)
    assert evening.seat.wanted(ReadSubtitles) == [ReadSubtitles(FILM.media_id, "/films/mine.srt")]


def test_two_keys_at_once_are_two_steps() -> None:
    evening = Evening()
    evening.open(*sound("eng"), *text("eng", "ger", "fre"))
    evening.seat.ask("subtitles", "subtitles")
    evening.told()
    assert evening.chosen() == ("eng", "ger")


def test_the_face_is_told_what_was_chosen_once() -> None:
    evening = Evening()
    evening.open(*sound("eng", "ger"))
    evening.told()
    assert evening.seat.seen(TracksView) == []
    evening.ask("audio")
    (told,) = evening.seat.seen(TracksView)
    assert told.chosen.audio == TrackChoice("de", place=2)
    assert evening.seat.seen(MediaView)[-1].tracks[1].selected


def test_a_name_of_any_bytes_is_told_as_a_line_can_carry_it() -> None:
    chooser = TrackChooser(CoreSeat("viewer").config)
    chooser.show(FILM.media_id)
    chooser.add_file(FILM.media_id, Subtitle("/films/caf\udce9.srt", title="caf.srt"))
    assert chooser.own.subtitle_files == ("file:///films/caf%E9.srt",)
