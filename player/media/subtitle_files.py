"""Subtitle files: finds those that belong to a local film, and reads what a person has named."""

from __future__ import annotations

import codecs
import os
import re
import shlex
import stat
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from player.api.local_path import local_path, name_of, path_of
from player.backend.base import Subtitle
from player.languages import is_language, language_tag
from protocol.exceptions import MediaError, ResolveError
from protocol.text import TITLE_CELLS, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_TEXT_BYTES: Final = 16 * 1024 * 1024
"""mpv reads a file of text as a whole; more than this takes it many seconds."""
MAX_PICTURE_BYTES: Final = 512 * 1024 * 1024
MAX_FOUND: Final = 20
_MAX_NAMES: Final = 20_000
"""Names of a folder that are looked at."""

_TEXTS: Final = frozenset((".srt", ".ass", ".ssa", ".vtt", ".smi", ".sami", ".txt", ".mpl", ".sub"))
_FOUND_TEXTS: Final = _TEXTS - {".txt"}
_PICTURES: Final = frozenset((".idx", ".sup"))
_FILMS: Final = frozenset(
    (".mkv", ".mp4", ".m4v", ".avi", ".mov", ".webm", ".ts", ".m2ts", ".mts", ".wmv", ".flv")
)
_FOLDERS: Final = frozenset(("subs", "sub", "subtitles", "subtitle"))
_FLAGS: Final = frozenset(("forced", "sdh", "cc", "hi", "default", "full", "foreign", "signs"))
_HEAD_BYTES: Final = 4096
_LISTS: Final = (b"#EXTM3U", b"ffconcat", b"<MPD", b"# mpv EDL")
_WORDS: Final = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_CODE_PAGES: Final = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk"), "cp1251"),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "hr", "sl", "ro", "bs"), "cp1250"),
    **{"el": "cp1253", "tr": "cp1254", "he": "cp1255", "ar": "cp1256", "vi": "cp1258"},
    **{"ja": "cp932", "ko": "cp949", "zh": "gb18030", "th": "cp874"},
}
"""What a file is written in that is no UTF-8, by the language that its name tells."""


class FoundSubtitles(NamedTuple):
    """What belongs to a film, and which of it had to be left out and why."""

    subtitles: tuple[Subtitle, ...]
    notices: tuple[str, ...]


class _Candidate(NamedTuple):
    file: Path
    language: str
    title: str
    is_forced: bool


def find_subtitles(film: Path, languages: Sequence[str] = ()) -> FoundSubtitles:
    """The subtitles beside ``film`` and in its folder for such, those of ``languages`` first.

    A name belongs to the film when it is the film's, with a language or a few words behind it;
    in a folder such as ``Subs`` that serves one film alone, any name does.
    """
    names = _names_in(film.parent)
    others = [_plain(Path(n).stem) for n in names if _ending(n) in _FILMS and n != film.name]
    found = list(_beside(film, film.parent, names, others))
    for name in names:
        if name.lower() in _FOLDERS:
            found += _in_folder(film, film.parent / name, others)
    ranked = sorted(found, key=lambda candidate: _rank(candidate, languages))
    subtitles: list[Subtitle] = []
    notices: list[str] = []
    for candidate in ranked[:MAX_FOUND]:
        try:
            subtitles.append(_read(candidate))
        except ResolveError as error:
            notices.append(f"{name_of(candidate.file)} {error.message}")
    return FoundSubtitles(tuple(subtitles), tuple(notices))


def read_subtitle(named: str) -> Subtitle:
    """A file that a person named: a path as typed, in quotes or with ``~`` as well.

    Raises:
        ResolveError: it cannot be read, or is no subtitle file.
    """
    file = _named_file(named)
    shown = name_of(file) or clean_text(named, TITLE_CELLS)
    language, _, is_forced = _told_by(_end_of(file.stem))
    try:
        return _read(_Candidate(file, language, shown, is_forced))
    except ResolveError as error:
        raise ResolveError(f"{shown} {error.message}", error.remedy) from error


def _named_file(named: str) -> Path:
    typed = [named]
    with suppress(ValueError):
        typed.append(" ".join(shlex.split(named)))
    for text in typed:
        with suppress(MediaError):
            return local_path(text)
    # Whatever is wrong with it is told by reading it.
    return path_of(named).absolute()


# What belongs to a film ------------------------------------------------------------------


def _names_in(folder: Path) -> list[str]:
    names: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            names.append(entry.name)
            if len(names) == _MAX_NAMES:
                break
    return sorted(names)


def _beside(
    film: Path, folder: Path, names: Iterable[str], others: Sequence[str]
) -> Iterable[_Candidate]:
    """Files that are called as the film is."""
    stem, known = _plain(film.stem), set(names)
    for name in sorted(known):
        if not _is_subtitle(name, known):
            continue
        own = Path(name).stem
        plain = _plain(own)
        if not plain.startswith(stem) or any(
            len(other) > len(stem) and plain.startswith(other) for other in others
        ):
            continue
        rest = unicodedata.normalize("NFC", own)[len(unicodedata.normalize("NFC", film.stem)) :]
        if rest and not rest.startswith(".") and not _is_told(rest):
            continue
        yield _candidate(folder / name, rest)


def _in_folder(film: Path, folder: Path, others: Sequence[str]) -> Iterable[_Candidate]:
    names = _names_in(folder)
    own = [name for name in names if _plain(name) == _plain(film.stem)]
    for name in own:
        yield from _any(folder / name)
    called = list(_beside(film, folder, names, others))
    yield from called
    if not others and not called and not own:
        yield from _any(folder)


def _any(folder: Path) -> Iterable[_Candidate]:
    known = set(_names_in(folder))
    for name in sorted(known):
        if _is_subtitle(name, known):
            yield _candidate(folder / name, Path(name).stem)


def _is_subtitle(name: str, known: set[str]) -> bool:
    ending = _ending(name)
    # A pair of .idx and .sub is opened by its .idx.
    has_index = ending == ".sub" and any(
        f"{Path(name).stem}{index}" in known for index in (".idx", ".IDX", ".Idx")
    )
    return ending in _FOUND_TEXTS | _PICTURES and not has_index


def _candidate(file: Path, rest: str) -> _Candidate:
    language, words, is_forced = _told_by(rest)
    title = " ".join([*words, *(["forced"] if is_forced else [])])
    return _Candidate(file, language, clean_text(title, TITLE_CELLS), is_forced)


def _told_by(rest: str) -> tuple[str, list[str], bool]:
    """Language, other words, and whether it is forced, as the end of a name tells."""
    language, words, is_forced = "", list[str](), False
    for word in reversed(_WORDS.findall(rest)):
        if word.lower() in ("forced", "foreign"):
            is_forced = True
        elif not language and is_language(word):
            language = language_tag(word)
        elif not word.isdigit():
            words.insert(0, word)
    return language, words, is_forced


def _end_of(stem: str) -> str:
    """The last part of a name, and the one before where the last is a flag."""
    *begin, last = stem.split(".")
    return f"{begin[-1]}.{last}" if begin and last.lower() in _FLAGS else last if begin else ""


def _is_told(rest: str) -> bool:
    """Whether all of it is a language or a flag, and no part of another title."""
    words = _WORDS.findall(rest)
    return all(is_language(word) or word.lower() in _FLAGS for word in words)


def _rank(candidate: _Candidate, languages: Sequence[str]) -> tuple[int, bool, str]:
    if candidate.language in languages:
        place = languages.index(candidate.language)
    else:
        place = len(languages) + bool(candidate.language)
    return place, candidate.is_forced, candidate.file.name


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()


# What is in a file -----------------------------------------------------------------------


def _read(candidate: _Candidate) -> Subtitle:
    file = candidate.file
    ending = _ending(file.name)
    try:
        size = _size_of(file)
        if ending in _PICTURES:
            pictures = file.with_suffix(".sub") if ending == ".idx" else file
            _check_size(_size_of(pictures), MAX_PICTURE_BYTES)
            text = ""
        else:
            _check_size(size, MAX_TEXT_BYTES)
            text = _text_of(file, candidate.language)
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise ResolveError("is not there", "check the path") from error
        why = error.strerror or type(error).__name__
        raise ResolveError(f"cannot be read ({why})", "check the path") from error
    except ValueError as error:
        raise ResolveError("is no path", "check the path") from error
    title = candidate.title or name_of(file)
    return Subtitle(str(file), candidate.language, title, text)


def _size_of(file: Path) -> int:
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ResolveError("is not a file", "name a subtitle file")
    return status.st_size


def _check_size(size: int, most: int) -> None:
    if size == 0:
        raise ResolveError("is empty", "name another file")
    if size > most:
        raise ResolveError(
            f"is left out: {size / 1e6:.0f} MB is too much for subtitles", "name another file"
        )


def _text_of(file: Path, language: str) -> str:
    """What mpv is to be given instead of the file; "" when it reads the file itself."""
    with file.open("rb") as stream:
        content = stream.read(MAX_TEXT_BYTES)
    head = content[:_HEAD_BYTES]
    if (wide := _wide_encoding(head)) is not None:
        content = content.decode(wide, "replace").encode()
        head = content[:_HEAD_BYTES]
    if b"\0" in head or head.lstrip(codecs.BOM_UTF8 + b" \r\n").startswith(_LISTS):
        raise ResolveError("is no subtitle file", "name another file")
    if wide is not None:
        return content.decode().lstrip("\ufeff").replace("\0", "")
    try:
        content.decode()
    except UnicodeDecodeError:
        page = _CODE_PAGES.get(language)
        return content.decode(page, "replace").replace("\0", "") if page else ""
    return ""


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32, by its mark or by where its zeros lie."""
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return encoding
    even, odd = head[::2], head[1::2]
    for empty, other, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        # A text has digits and line ends, whatever its language.
        if len(head) > 8 and empty.count(0) * 4 > len(empty) and not other.count(0):
            return encoding
    return None
