"""The inputs that are kept: for each target a file with one JSON string a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER: Final = Path(__file__).with_name("corpus")
MAX_BYTES: Final = 4096
"""Of one input: larger ones take no branch that a smaller one does not."""


def read_corpus(target: str) -> list[str]:
    """The inputs of ``target``."""
    lines = (FOLDER / f"{target}.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=str) for line in lines]


def write_corpus(target: str, inputs: Iterable[str]) -> int:
    """Keep these instead, the short ones first; returns how many there are."""
    kept = sorted(set(inputs), key=lambda text: (len(text), text))
    lines = [msgspec.json.encode(text).decode() for text in kept]
    (FOLDER / f"{target}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(kept)


def text_of(data: bytes) -> str:
    """Any bytes as the text of a frame; a websocket lets nothing pass that is not UTF-8."""
    return data.decode("utf-8", "replace")
