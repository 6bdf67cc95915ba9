"""Remedies that name a key or a command: what a person can do about what went wrong."""

from __future__ import annotations

from typing import Final

ASK_AGAIN: Final = "resync (r) asks again"
TRY_AGAIN: Final = "say resync (r) to try again"
REOPEN: Final = "say reopen (o) to open it again"
TRY_AGAIN_OR_LOAD: Final = f"{TRY_AGAIN}, or load (l) for another film"
NAME_COPY: Final = "name your copy (f, or copy FILE), or join again: matinee join INVITE FILE"


def next_film(left: int) -> str:
    """That ``left`` films more were named."""
    return f"{left} more to watch: n goes on to the next film"
