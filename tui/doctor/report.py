"""What a check of this machine has found."""

from __future__ import annotations

from typing import Literal, NamedTuple

Grade = Literal["ok", "warn", "fail"]


class Check(NamedTuple):
    """One check."""

    subject: str
    grade: Grade
    text: str
    remedy: str = ""
