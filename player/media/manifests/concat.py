"""Concatenation list: parts one after the other, as libavformat's concat demuxer reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def written_concat(parts: Iterable[tuple[str, float]], options: Mapping[str, str]) -> str:
    """A list of addresses with their seconds; ``options`` hold for each connection.

    Unlike an edit list it opens a part without a seek, which libavformat cannot make to the very
    beginning of every playlist, and only when it comes to it.
    """
    lines = ["ffconcat version 1.0"]
    for url, duration in parts:
        lines += (f"file {_quoted(url)}", f"duration {duration:.6f}")
        lines += (f"option {name} {_quoted(value)}" for name, value in options.items() if value)
    return "\n".join((*lines, ""))


def _quoted(text: str) -> str:
    """``text`` as one word; a control character would end its line."""
    plain = "".join(character for character in text if character >= " ")
    return "'" + plain.replace("'", "'\\''") + "'"
