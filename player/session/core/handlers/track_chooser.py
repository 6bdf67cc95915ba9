"""Track chooser: which sound and subtitles this seat's person has, film after film."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from player.api.local_path import path_text
from player.api.own_tracks import OwnTracks, TrackChoice
from player.backend.base import TrackWishes
from player.languages import language_list, language_tag
from player.session.core.effects import AddSubtitle, AnyEffect, SelectTrack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from player.api.config import SeatConfig
    from player.backend.base import Source, Subtitle, Track, TrackKind, TracksChanged

_KINDS: Final[tuple[TrackKind, ...]] = ("audio", "subtitle")


class TrackChooser:
    """Chooser of one film's tracks after the other's.

    What was chosen by hand holds for the films that follow: by its language, or, where it names
    none, by its place. Files that were named and the delay of subtitles belong to one film.
    """

    def __init__(self, config: SeatConfig) -> None:
        options = dict(config.mpv)
        self._languages: dict[TrackKind, tuple[str, ...]] = {
            "audio": language_list(config.audio_languages or options.get("alang", "")),
            "subtitle": language_list(config.subtitle_languages or options.get("slang", "")),
        }
        own = config.own_tracks
        self._choices: dict[TrackKind, TrackChoice | None] = {
            "audio": own.audio or _option_choice(options.get("aid", "")),
            "subtitle": own.subtitles or _option_choice(options.get("sid", "")),
        }
        self._media_id = own.media_id
        self._files: list[Subtitle] = []
        self._to_read = list(own.subtitle_files or config.subtitle_files)
        self._is_restored = bool(own.media_id)
        self._shows_file = own.shows_file
        self._delay = own.subtitle_delay_ms / 1000
        self._sound = TrackWishes()
        self._is_other_player = False
        self._tracks: tuple[Track, ...] = ()
        self._asked: dict[TrackKind, int | None] = {}
        """What the player was last told to show, until another film opens."""
        self._known: dict[TrackKind, tuple[int, ...]] = {}
        self._sent: tuple[Subtitle, ...] = ()
        self._is_open = False
        self._missing_told: set[TrackKind] = set()

    @property
    def own(self) -> OwnTracks:
        """What has been chosen."""
        belongs_to_film = self._files or self._delay
        return OwnTracks(
            audio=self._choices["audio"],
            subtitles=self._choices["subtitle"],
            media_id=self._media_id if belongs_to_film else "",
            subtitle_files=tuple(path_text(Path(file.url)) for file in self._files),
            shows_file=self._shows_file,
            subtitle_delay_ms=round(self._delay * 1000),
        )

    # Films ------------------------------------------------------------------------------

    def show(self, media_id: str) -> tuple[str, ...]:
        """The stream watches this film; answers the files that are to be read for it."""
        files = tuple(self._to_read)
        if self._is_restored and media_id != self._media_id:
            files = ()  # they were named for a film that is not on any more
        self._to_read, self._is_restored = [], False
        if media_id != self._media_id:
            if self._media_id:
                self._files, self._shows_file, self._delay = [], False, 0.0
            self._media_id = media_id
        self._is_open = False
        return files

    def opening(self, source: Source) -> Source:
        """The source with what the person wants of it."""
        self._is_open = False
        self._sent = (*source.subtitles, *self._files)
        choice = self._choices["subtitle"]
        sound = self._sound if self._is_other_player else TrackWishes()
        self._is_other_player = False
        wishes = msgspec.structs.replace(
            sound,
            audio_languages=self._preferred("audio"),
            subtitle_languages=self._preferred("subtitle"),
            no_subtitles=choice is not None and choice.is_off and not self._shows_file,
            subtitle_delay=self._delay or None,
        )
        return msgspec.structs.replace(source, subtitles=self._sent, wishes=wishes)

    def opened(self, tracks: tuple[Track, ...]) -> list[AnyEffect]:
        """The film is open with these."""
        self._is_open = True
        self._asked, self._known, self._missing_told = {}, {}, set()
        late = [file for file in self._files if file not in self._sent]
        return [*map(AddSubtitle, late), *self._settle(tracks)]

    def player_lost(self) -> None:
        """The next film is opened by another player, which knows nothing of this one's sound."""
        self._is_other_player = True

    def changed(self, event: TracksChanged) -> list[AnyEffect]:
        """Tracks came, or one was chosen."""
        self._sound = TrackWishes(
            volume=event.volume,
            muted=event.muted,
            audio_trim=event.audio_trim,
            subtitle_scale=event.subtitle_scale,
        )
        if not self._is_open:
            return []
        self._delay = event.subtitle_delay
        return self._settle(event.tracks)

    def missing(self, event: TracksChanged) -> list[str]:
        """Once for each film: what it has not of what was chosen by its language."""
        said: list[str] = []
        for kind in _KINDS:
            choice = self._choices[kind]
            lacks = choice is not None and choice.language and event.is_complete
            if not (lacks and choice and self._is_open) or kind in self._missing_told:
                continue
            self._missing_told.add(kind)
            if self._match(kind, choice) is None and self._of(kind) and not self._shows(kind):
                what = "sound" if kind == "audio" else "subtitles"
                said.append(f"this film has no {what} in {choice.language!r}, which you chose")
        return said

    # What a person asks for -------------------------------------------------------------

    def next(self, kind: TrackKind) -> SelectTrack:
        """The next track of that kind; after the last subtitles, none."""
        tracks: list[Track | None] = [*self._of(kind)]
        if kind == "subtitle":
            tracks.append(None)
        now = self._asked.get(kind, self._selected(kind))
        ids = [track.track_id if track else None for track in tracks]
        at = ids.index(now) if now in ids else -1
        track = tracks[(at + 1) % len(tracks)]
        if kind == "subtitle":
            self._shows_file = False
        self._choices[kind] = (
            TrackChoice(is_off=True) if track is None else _choice_of(track, self._of(kind))
        )
        return self._select(kind, track.track_id if track else None)

    def add_file(self, media_id: str, subtitle: Subtitle) -> list[AnyEffect]:
        """A file that was named for a film has been read: it is shown there."""
        if media_id != self._media_id:
            return []
        self._files = [file for file in self._files if file.url != subtitle.url] + [subtitle]
        self._shows_file = True
        choice = self._choices["subtitle"]
        if subtitle.language:
            self._choices["subtitle"] = TrackChoice(language=subtitle.language)
        elif choice is not None and choice.is_off:
            self._choices["subtitle"] = None
        return [AddSubtitle(subtitle)] if self._is_open else []

    # How it is done ---------------------------------------------------------------------

    def _settle(self, tracks: tuple[Track, ...]) -> list[AnyEffect]:
        """Select anew where tracks have come; what a person did since is among the choices."""
        self._tracks = tracks
        effects: list[AnyEffect] = []
        for kind in _KINDS:
            ids = tuple(track.track_id for track in self._of(kind))
            if ids == self._known.get(kind):
                continue
            self._known[kind] = ids
            found, wanted = self._wanted(kind)
            if found and wanted != self._asked.get(kind, self._selected(kind)):
                effects.append(self._select(kind, wanted))
        return effects

    def _select(self, kind: TrackKind, track_id: int | None) -> SelectTrack:
        self._asked[kind] = track_id
        return SelectTrack(kind, track_id)

    def _wanted(self, kind: TrackKind) -> tuple[bool, int | None]:
        """Whether there is a wish, and the track that it means; None for none."""
        choice = self._choices[kind]
        if self._shows(kind) and (file := self._shown_file()) is not None:
            return True, file.track_id
        if choice is not None and choice.is_off and not self._shows(kind):
            return True, None
        track = self._match(kind, choice) if choice is not None else None
        track = track or self._by_language(kind)
        return track is not None, track.track_id if track else None

    def _shows(self, kind: TrackKind) -> bool:
        return kind == "subtitle" and self._shows_file

    def _shown_file(self) -> Track | None:
        title = self._files[-1].title if self._files else ""
        named = [t for t in self._of("subtitle") if t.is_external and t.title == title]
        return named[-1] if title and named else None

    def _match(self, kind: TrackKind, choice: TrackChoice) -> Track | None:
        tracks = self._of(kind)
        if choice.language:
            same = [t for t in tracks if language_tag(t.language) == choice.language]
            if same:
                return max(same, key=lambda t: _likeness(t, choice, tracks))
        elif choice.title:
            called = [track for track in tracks if track.title == choice.title]
            if called:
                return max(called, key=lambda t: _likeness(t, choice, tracks))
        if not 0 < choice.place <= len(tracks):
            return None
        there = tracks[choice.place - 1]
        return None if choice.language and language_tag(there.language) else there

    def _by_language(self, kind: TrackKind) -> Track | None:
        """The best of the person's languages, or else subtitles of a file of their own."""
        tracks = self._of(kind)
        for language in self._languages[kind]:
            same = [track for track in tracks if language_tag(track.language) == language]
            if same:
                return min(same, key=lambda t: (t.is_forced, not t.is_external))
        files = [track for track in tracks if track.is_external and kind == "subtitle"]
        return min(files, key=lambda t: t.is_forced) if files else None

    def _preferred(self, kind: TrackKind) -> tuple[str, ...] | None:
        choice = self._choices[kind]
        chosen = (choice.language,) if choice is not None and choice.language else ()
        return (*chosen, *self._languages[kind]) or None

    def _of(self, kind: TrackKind) -> list[Track]:
        return [track for track in self._tracks if track.kind == kind]

    def _selected(self, kind: TrackKind) -> int | None:
        return next((track.track_id for track in self._of(kind) if track.selected), None)


def _choice_of(track: Track, tracks: list[Track]) -> TrackChoice:
    return TrackChoice(
        language=language_tag(track.language),
        title=track.title,
        place=tracks.index(track) + 1,
        is_forced=track.is_forced,
    )


def _likeness(track: Track, choice: TrackChoice, tracks: Iterable[Track]) -> tuple[bool, ...]:
    """How much a track of the right language is like the one that was chosen."""
    place = list(tracks).index(track) + 1
    return (
        track.is_forced == choice.is_forced,
        bool(choice.title) and track.title == choice.title,
        place == choice.place,
    )


def _option_choice(value: str) -> TrackChoice | None:
    """What mpv's own option asks for at the start."""
    if value == "no":
        return TrackChoice(is_off=True)
    return TrackChoice(place=int(value)) if value.isascii() and value.isdigit() else None
