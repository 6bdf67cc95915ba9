"""Which film, or which subtitles? A path, typed or dropped, or an address of a film."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from player.api.local_path import is_address, local_path, path_text
from protocol.exceptions import MediaError
from protocol.text import UNKNOWN, readable

if TYPE_CHECKING:
    from textual.app import ComposeResult


class WantedFile(NamedTuple):
    """What a person is to name."""

    example: str
    advice: str
    missing: str
    """Said when nothing was typed."""
    folder: str
    """Said when a folder was."""
    takes_address: bool = True


FILM: Final = WantedFile(
    "~/Videos/film.mkv or https://…",
    "A path or an address, or drop the file here; Tab completes, Esc closes",
    "type the path of a film, or its address",
    "that is a folder: name the film in it",
)
SUBTITLES: Final = WantedFile(
    "~/Videos/film.srt",
    "The path of a file, or drop it here; Tab completes, Esc closes",
    "type the path of a subtitle file",
    "that is a folder: name the subtitle file in it",
    takes_address=False,
)


class OpenMediaScreen(ModalScreen[str | None]):
    """Asks for a path until there is a file, or until escape; an address is taken as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Without"),
        Binding("tab", "complete", "Complete", priority=True),
    ]

    def __init__(self, question: str, wanted: WantedFile = FILM) -> None:
        super().__init__()
        self._question = question
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        """Title, input, and a line that explains or complains."""
        with Vertical(classes="dialog wide"):
            yield Static(self._question, classes="title", markup=False)
            yield Input(
                placeholder=self._wanted.example,
                max_length=8192,
                compact=True,
                suggester=PathSuggester(),
            )
            yield Static(self._wanted.advice, id="advice", markup=False)

    def action_complete(self) -> None:
        """Take what is suggested."""
        self.query_one(Input).action_cursor_right()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the path, or say what is wrong with it."""
        try:
            self.dismiss(parse_path(event.value, self._wanted))
        except ValueError as error:
            advice = self.query_one("#advice", Static)
            advice.update(str(error))
            advice.add_class("wrong")


class PathSuggester(Suggester):
    """Completes the last name of a path from what is in its folder."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first name that fits, with a slash when it is a folder."""
        return await asyncio.to_thread(completed, value)


def completed(value: str) -> str | None:
    """The first path that ``value`` begins, with a slash when it is a folder."""
    folder, slash, begun = value.rpartition("/")
    if not slash:
        return None
    with contextlib.suppress(OSError, RuntimeError):
        for found in sorted(Path(folder + slash).expanduser().iterdir()):
            hidden = found.name.startswith(".") and not begun.startswith(".")
            if found.name.startswith(begun) and not hidden:
                return f"{folder}/{readable(found.name)}{'/' if found.is_dir() else ''}"
    return None


def parse_path(text: str, wanted: WantedFile = FILM) -> str:
    """The file a person means, as terminals write one that is dropped on them; or an address.

    Raises:
        ValueError: in words for the person.
    """
    text = text.strip()
    if not text:
        raise ValueError(wanted.missing)
    if is_address(text) and wanted.takes_address:
        return text
    candidates = [text]
    with contextlib.suppress(ValueError):
        candidates.append(" ".join(shlex.split(text)))
    failed = ""
    for candidate in candidates:
        try:
            return path_text(local_path(_as_it_is(candidate)))
        except MediaError as error:
            failed = str(error)
    raise ValueError(wanted.folder if _is_folder(candidates[-1]) else failed)


def _as_it_is(text: str) -> str:
    """The file whose name a terminal cannot show, by the name that it shows."""
    if UNKNOWN not in text:
        return text
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        shown = Path(text).expanduser()
        for found in shown.absolute().parent.iterdir():
            if readable(found.name) == shown.name:
                return path_text(found)
    return text


def _is_folder(text: str) -> bool:
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        return Path(text).expanduser().is_dir()
    return False
