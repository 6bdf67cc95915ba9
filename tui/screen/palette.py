"""Finds actions by any word that people use for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from textual.command import Hit
from textual.content import Content
from textual.system_commands import SystemCommandsProvider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import SystemCommand
    from textual.command import Hits


class PaletteEntry(NamedTuple):
    """A command of the palette, and other words by which it is looked for."""

    command: SystemCommand
    aka: str = ""


class ActionsProvider(SystemCommandsProvider):
    """Every word that is typed begins a word of the title, of another name or of the help.

    Letters scattered over a title are no match: what was found is done with Enter.
    """

    async def search(self, query: str) -> Hits:
        """What matches, the title's own words first."""
        wanted = query.casefold().split()
        app: Any = self.app
        entries: Iterable[PaletteEntry] = app.palette_entries()
        for (title, help_text, callback, _), aka in entries:
            score = found(wanted, title, aka, help_text)
            if score:
                yield Hit(score, _marked(title, wanted), callback, text=title, help=help_text)


def found(wanted: list[str], title: str, aka: str, help_text: str) -> float:
    """How well: 0.0 not at all, 2.0 where the title begins so, and more for a shorter one."""
    if not wanted:
        return 0.0
    shorter = 1.0 / (100 + len(title))
    if title.casefold().startswith(" ".join(wanted)):
        return 2.0 + shorter
    texts = (title, f"{title} {aka}", f"{title} {aka} {help_text}")
    for score, text in zip((1.0, 0.6, 0.3), texts, strict=True):
        words = text.casefold().split()
        if all(any(_begins(word, part) for word in words) for part in wanted):
            return score + shorter
    return 0.0


def _begins(word: str, part: str) -> bool:
    return word.startswith(part) or word.strip("(:,").startswith(part)


def _marked(title: str, wanted: list[str]) -> Content:
    text = Content(title)
    at = 0
    for word in title.split():
        start = title.index(word, at)
        at = start + len(word)
        longest = max((len(p) for p in wanted if word.casefold().startswith(p)), default=0)
        if longest:
            text = text.stylize("bold $primary", start, start + longest)
    return text
